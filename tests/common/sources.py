"""What reading a source does in every modality; each has a class of its own made of this one."""

from __future__ import annotations

import os
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from genai_demo.catalogue import LANGUAGES, sentences
from genai_demo.engine.data import sources, tables
from genai_demo.engine.data.sources import SourceKind
from genai_demo.errors import UserError
from tests.helpers.archives import damage_member, set_flag, write_zip

CSV = "file,split,kind\ndeep/three{suffix},validation,photo\none,train,photo\ntwo,train,drawing\nabsent,train,statue\n"


class SourceSuite:
    """Sources are read as they are meant; what is broken is left out and named, never silently."""

    module: str
    """where `KIND` is, and how many files are read without showing progress"""
    kind: SourceKind[Any]
    suffix: str
    """of the files that `content` makes"""
    nothing: str
    """key of the sentence about a source that holds nothing of use"""

    def content(self, seed: int = 0) -> bytes:
        """Return a good file, another one for each seed."""
        raise NotImplementedError

    def broken(self) -> dict[str, tuple[bytes, str]]:
        """Return files by their names that cannot be used, and the keys of the sentences that say so."""
        raise NotImplementedError

    def read(self, source: str, **options: Any) -> Any:
        """Return what was read: something with `names` and `left_out`."""
        raise NotImplementedError

    def data_hash(self, data: Any) -> str:
        raise NotImplementedError

    @pytest.fixture
    def archive(self, tmp_path: Path) -> Path:
        """A ZIP archive of three files, one of them in a folder, with its label table beside it."""
        members = {f"{name}{self.suffix}": self.content(seed) for seed, name in enumerate(("deep/three", "one", "two"))}
        (tmp_path / "set.csv").write_text(CSV.format(suffix=self.suffix), encoding="utf-8")
        return write_zip(tmp_path / "set_64.zip", members)

    def named(self, *names: str) -> tuple[str, ...]:
        return tuple(f"{name}{self.suffix}" for name in names)

    def refused(self, key: str, *parts: str, **arguments: Any) -> None:
        with pytest.raises(UserError) as refusal:
            self.read(**arguments)
        assert refusal.value.key == key.format(own=self.kind.sentences)
        for language in LANGUAGES:
            sentence = refusal.value.in_language(language)
            assert all(part in sentence for part in parts), sentence
            assert "\n" not in sentence

    def left_out(self, data: Any) -> dict[str, str]:
        return {name: error.key for name, error in data.left_out}

    def test_every_sentence_is_there(self) -> None:
        program = "".join(Path(module.__file__ or "").read_text(encoding="utf-8") for module in (sources, tables))
        names = set(re.findall(r"sentences}\.(\w+)", program))
        assert len(names) > 10
        for language in LANGUAGES:
            assert {f"{self.kind.sentences}.{name}" for name in names} <= sentences(language).keys()

    def test_folder_and_archive_are_the_same(self, archive: Path, tmp_path: Path) -> None:
        with zipfile.ZipFile(archive) as members:
            members.extractall(tmp_path / "set")
        (tmp_path / "set" / f".hidden{self.suffix}").write_bytes(b"of the system")
        packed, folder = self.read(str(archive)), self.read(str(tmp_path / "set"))
        assert packed.names == folder.names == self.named("deep/three", "one", "two")
        assert self.data_hash(packed) == self.data_hash(folder)
        (tmp_path / "set.csv").rename(tmp_path / "set" / "labels.csv")
        inside = self.read(str(tmp_path / "set"), where="kind=photo|drawing")
        assert self.data_hash(inside) == self.data_hash(folder) and not inside.left_out

    def test_members_stay_in_the_order_of_the_archive(self, tmp_path: Path) -> None:
        names = self.named("b", "c", "a")
        whole = write_zip(tmp_path / "a.zip", {name: self.content(seed) for seed, name in enumerate(names)})
        assert self.read(str(whole)).names == names

    def test_the_current_folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "here").mkdir()
        (tmp_path / "here" / f"one{self.suffix}").write_bytes(self.content())
        (tmp_path / "here.csv").write_text("file,split\none,mine\n", encoding="utf-8")
        monkeypatch.chdir(tmp_path / "here")
        assert self.read(".", split="mine").names == self.named("one")

    def test_labels_by_name_come_before_those_beside(self, archive: Path, tmp_path: Path) -> None:
        (tmp_path / "other.csv").write_text("file,split\none,mine\n", encoding="utf-8")
        assert self.read(str(archive), split="mine", labels=str(tmp_path / "other.csv")).names == self.named("one")
        self.refused("engine.no_file", "none.csv", source=str(archive), labels=str(tmp_path / "none.csv"))
        self.refused("{own}.hub_labels", "some/set", source="some/set", labels=str(tmp_path / "other.csv"))

    def test_splits_of_the_labels(self, archive: Path) -> None:
        assert self.read(str(archive), split="train").names == self.named("one", "two")
        assert self.read(str(archive), split="validation").names == self.named("deep/three")
        self.refused("data.no_split", "test", "train, validation", source=str(archive), split="test")

    def test_what_has_no_row_is_left_out_where_rows_are_chosen(self, archive: Path) -> None:
        with zipfile.ZipFile(archive, "a") as members:
            members.writestr(f"four{self.suffix}", self.content(4))
        assert len(self.read(str(archive))) == 4
        for data in (self.read(str(archive), split="train"), self.read(str(archive), where="kind=photo")):
            ((name, reason),) = data.left_out
            assert (name, reason.key) == (f"four{self.suffix}", f"{self.kind.sentences}.no_row")
            assert "set.csv" in str(reason)

    def test_a_damaged_line_of_the_labels_is_counted(self, archive: Path) -> None:
        labels = archive.with_name("set.csv")
        rows = labels.read_text(encoding="utf-8").splitlines()
        labels.write_text("\n".join(row + ",more,cells" * row.startswith("two") for row in rows), encoding="utf-8")
        for options, count in (({}, 3), ({"split": "train"}, 1)):
            data = self.read(str(archive), **options)
            ((_, reason),) = data.left_out
            assert (reason.key, len(data)) == (f"{self.kind.sentences}.csv_row", count)

    def test_rows_are_chosen(self, archive: Path) -> None:
        assert self.read(str(archive), where="kind=photo").names == self.named("deep/three", "one")
        assert self.read(str(archive), where="kind=photo,split=train", split="train").names == self.named("one")
        assert self.read(str(archive), where="kind=photo", split="validation").names == self.named("deep/three")
        self.refused("{own}.chose_nothing", "kind=vase", source=str(archive), where="kind=vase")
        self.refused(self.nothing, "set_64.zip", source=str(archive), where="kind=statue")
        self.refused(self.nothing, source=str(archive), where="kind=drawing", split="validation")

    def test_labels_that_do_not_fit(self, archive: Path, tmp_path: Path) -> None:
        (tmp_path / "set.csv").write_text("file,kind\nsomebody,photo\n", encoding="utf-8")
        self.refused("{own}.no_match", "set.csv", "set_64.zip", source=str(archive))
        (tmp_path / "set.csv").unlink()
        self.refused("{own}.where_without_labels", "kind=photo", source=str(archive), where="kind=photo")

    def test_files_are_held_out_by_their_names(self, tmp_path: Path) -> None:
        content = self.content()
        members = dict.fromkeys(self.named(*map(str, range(200))), content)
        whole = str(write_zip(tmp_path / "a.zip", members))
        held_out = self.read(whole, split="validation").names
        assert set(held_out) | set(self.read(whole, split="train").names) == set(members)
        assert not set(held_out) & set(self.read(whole, split="train").names)
        assert 4 <= len(held_out) <= 24
        # More files, another folder, another suffix: who was held out still is.
        more = {f"x/{number}.other": content for number in range(100, 300)}
        others = self.read(str(write_zip(tmp_path / "b.zip", more)), split="validation").names
        numbers = [{int(Path(name).stem) for name in names} for names in (held_out, others)]
        assert {number for number in numbers[0] if number >= 100} == {number for number in numbers[1] if number < 200}
        self.refused("data.no_split", "test", "train, validation", source=whole, split="test")

    @pytest.mark.parametrize("count", [2, 3, 8])
    def test_of_a_few_files_one_is_held_out(self, count: int, tmp_path: Path) -> None:
        members = {f"{number}{self.suffix}": self.content(number) for number in range(count)}
        file = str(write_zip(tmp_path / "a.zip", members))
        held_out = self.read(file, split="validation").names
        assert 1 <= len(held_out) < count
        assert sorted({*held_out, *self.read(file, split="train").names}) == sorted(members)

    def test_what_is_broken_is_left_out_and_named(self, tmp_path: Path, archive: Path) -> None:
        reasons = {name: key for name, (_, key) in self.broken().items()}
        reasons["more.zip"] = f"{self.kind.sentences}.nested_zip"
        members = {
            f"good{self.suffix}": self.content(),
            **{name: content for name, (content, _) in self.broken().items()},
            "more.zip": archive.read_bytes(),
            "table.CSV": b"file\nother",
            ".DS_Store": b"\0\0\0\1Bud1",
            "x/Thumbs.db": b"\xd0\xcf\x11\xe0",
            f"__MACOSX/._good{self.suffix}": b"\0\5\26\7",
        }
        folder = tmp_path / "folder"
        for name, content in members.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        for source in (write_zip(tmp_path / "b.zip", members, zipfile.ZIP_DEFLATED), folder):
            data = self.read(str(source))
            assert data.names == self.named("good")
            assert self.left_out(data) == reasons
        (folder / f"good{self.suffix}").unlink()
        self.refused(self.nothing, "folder", str(len(reasons)), source=str(folder))

    def test_archives_made_on_windows(self, archive: Path, tmp_path: Path) -> None:
        """Some programs write backslashes, in tables as well."""
        file = tmp_path / "windows" / "set_64.zip"
        file.parent.mkdir()
        with zipfile.ZipFile(archive) as members, zipfile.ZipFile(file, "w") as others:
            for member in members.infolist():
                entry = zipfile.ZipInfo("x")
                entry.filename = member.filename.replace("/", "\\")
                others.writestr(entry, members.read(member))
            folder = zipfile.ZipInfo("x")
            folder.filename = "deep\\"
            others.writestr(folder, b"")
        table = CSV.format(suffix=self.suffix).replace("/", "\\")
        (file.parent / "set.csv").write_text(table.replace(",", ";"), encoding="utf-16")
        data = self.read(str(file))
        assert data.names == self.named("deep/three", "one", "two") and not data.left_out
        assert self.data_hash(data) == self.data_hash(self.read(str(archive)))
        assert self.read(str(file), split="validation").names == self.named("deep/three")

    def test_of_one_file_nothing_can_be_held_out(self, tmp_path: Path) -> None:
        file = write_zip(tmp_path / "a.zip", {f"one{self.suffix}": self.content()})
        for split in ("train", "validation"):
            self.refused("{own}.two_needed", "a.zip", source=str(file), split=split)
        assert self.read(str(file)).names == self.named("one")
        with zipfile.ZipFile(file, "a") as members:
            members.writestr("read.me", b"words")
        self.refused("{own}.two_needed", "a.zip", source=str(file), split="train")

    def test_what_is_broken_is_not_all_that_is_held_out(self, tmp_path: Path) -> None:
        for number in range(8):
            members = {f"{other}{self.suffix}": self.content(other) for other in range(8)}
            members[f"{number}{self.suffix}"] = b"broken"
            file = str(write_zip(tmp_path / "a.zip", members))
            train, held_out = self.read(file, split="train"), self.read(file, split="validation")
            assert len(held_out.names) >= 1 and len(train.names) + len(held_out.names) == 7
            assert not set(train.names) & set(held_out.names)
            assert [name for name, _ in (*train.left_out, *held_out.left_out)] == [f"{number}{self.suffix}"]

    def test_names_that_lead_out_of_an_archive_or_nowhere(self, tmp_path: Path) -> None:
        names = [*self.named("../up", "/root", "a/../../up", "C:/disk", "..\\down", "D:\\disk"), ".", ""]
        file = tmp_path / "a.zip"
        with zipfile.ZipFile(file, "w") as members:
            for name in [*names, f"good.{self.suffix}"]:
                entry = zipfile.ZipInfo("x")
                entry.filename = name
                members.writestr(entry, self.content())
        (tmp_path / "a.csv").write_text("file\ngood.\n", encoding="utf-8")
        before = sorted(tmp_path.parent.rglob("*"))
        data = self.read(str(file))
        assert data.names == self.named("good.")
        assert self.left_out(data) == dict.fromkeys([name.replace("\\", "/") for name in names], "data.bad_name")
        assert sorted(tmp_path.parent.rglob("*")) == before

    @pytest.mark.parametrize(
        "compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
    )
    def test_damaged_members(self, compression: int, tmp_path: Path) -> None:
        members = dict.fromkeys(self.named("a", "b", "c"), self.content())
        file = write_zip(tmp_path / "a.zip", members, compression)
        damage_member(file, f"b{self.suffix}")
        data = self.read(str(file))
        assert data.names == self.named("a", "c")
        assert self.left_out(data) == {f"b{self.suffix}": f"{self.kind.sentences}.damaged_file"}

    def test_one_locked_member(self, tmp_path: Path) -> None:
        file = write_zip(tmp_path / "a.zip", dict.fromkeys(self.named("a", "b"), self.content()))
        set_flag(file, 1, f"b{self.suffix}")
        data = self.read(str(file))
        assert (data.names, self.left_out(data)) == (self.named("a"), {f"b{self.suffix}": "data.locked"})

    def test_archives_that_are_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        members = dict.fromkeys(self.named("a", "b"), self.content())
        whole = write_zip(tmp_path / "whole.zip", members)
        (tmp_path / "cut.zip").write_bytes(whole.read_bytes()[:-40])
        (tmp_path / "words.zip").write_bytes(b"some words")
        for name in ("cut.zip", "words.zip"):
            self.refused("data.bad_zip", name, source=str(tmp_path / name))
        for name, inside in (("empty.zip", {}), ("folders.zip", {"a/": b""})):
            self.refused("{own}.empty_zip", name, source=str(write_zip(tmp_path / name, inside)))
        locked = write_zip(tmp_path / "locked.zip", members)
        set_flag(locked, 1)
        self.refused("data.locked", source=str(locked))
        zeros = dict.fromkeys(self.named(*map(str, range(9))), bytes(10 * 2**20))
        bomb = write_zip(tmp_path / "bomb.zip", zeros, zipfile.ZIP_DEFLATED)
        self.refused("{own}.zip_bomb", "bomb.zip", "90", source=str(bomb))
        monkeypatch.setattr(f"{self.module}.KIND", replace(self.kind, most_unpacked=2))
        self.refused("{own}.zip_bomb", "whole.zip", "1", source=str(whole))
        monkeypatch.setattr(f"{self.module}.KIND", replace(self.kind, most_members=1))
        self.refused("data.zip_members", "whole.zip", "2", "1", source=str(whole))

    def test_a_member_that_is_too_large_is_not_unpacked(self, tmp_path: Path) -> None:
        members = {f"a{self.suffix}": self.content(), f"b{self.suffix}": bytes(self.kind.most_bytes + 1)}
        data = self.read(str(write_zip(tmp_path / "a.zip", members, zipfile.ZIP_DEFLATED)))
        assert self.left_out(data) == {f"b{self.suffix}": f"{self.kind.sentences}.too_many_bytes"}

    def test_sources_that_are_refused(self, tmp_path: Path) -> None:
        self.refused("engine.no_file", "none.zip", source=str(tmp_path / "none.zip"))
        for suffix in (".zip", ".csv", ".ZIP", *self.kind.suffixes):
            self.refused("engine.no_file", f"none{suffix}", source=f"data/none{suffix}")
        self.refused("engine.no_file", "none", source="none")
        (tmp_path / "one.other").write_bytes(self.content())
        self.refused("{own}.unknown_source", "one.other", source=str(tmp_path / "one.other"))
        (tmp_path / "nothing").mkdir()
        self.refused(self.nothing, "nothing", "0", source=str(tmp_path / "nothing"))
        (tmp_path / "nothing" / "a.txt").write_text("words", encoding="utf-8")
        self.refused(self.nothing, "nothing", "1", source=str(tmp_path / "nothing"))

    @pytest.mark.skipif(os.name == "nt" or not hasattr(os, "mkfifo"), reason="no pipes here")
    def test_pipes_in_a_folder_are_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / f"pipe{self.suffix}")
        (tmp_path / f"good{self.suffix}").write_bytes(self.content())
        assert self.read(str(tmp_path)).names == self.named("good")

    def test_progress_of_many_files(
        self, archive: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.read(str(archive))
        assert capsys.readouterr().err == ""
        monkeypatch.setattr(f"{self.module}._QUIET_UP_TO", 2)
        self.read(str(archive))
        assert "set_64.zip" in capsys.readouterr().err
