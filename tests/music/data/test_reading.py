"""Sets of MIDI files are read as they are meant; what is broken is left out and named, never silently."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from genai_demo.catalogue import LANGUAGES
from genai_demo.errors import UserError
from genai_demo.music.data.labels import read_key
from genai_demo.music.data.reading import data_hash, read_music
from genai_demo.music.midi.reading import read_midi
from genai_demo.music.midi.writing import to_midi
from genai_demo.music.theory.piece import Key
from tests.helpers.hub import serving
from tests.helpers.music import midi_file, note, scale
from tests.helpers.pictures import write_zip

CSV = (
    "file,composer,title,licence,key,tempo,split\n"
    'one,"Doe, J.",Waltz,Public Domain,Eb major,90,train\n'
    "two.mid,Doe,Song,CC BY 4.0,,,train\n"
    "deep/three.mid,Roe,March,CC BY-SA 4.0,F# minor,,validation\n"
    "absent,Roe,March,CC0,signature +7,,train\n"
)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A ZIP archive of three pieces, one of them in a folder, with its labels beside it."""
    names = ("one", "two", "deep/three")
    members = {f"{name}.mid": to_midi(scale(bars, Key(0, "major"))) for bars, name in enumerate(names, 1)}
    (tmp_path / "set.csv").write_text(CSV, encoding="utf-8")
    return write_zip(tmp_path / "set.zip", members)


def refused(key: str, *parts: str, **arguments: Any) -> None:
    with pytest.raises(UserError) as refusal:
        read_music(**arguments)
    assert refusal.value.key == key
    for language in LANGUAGES:
        sentence = refusal.value.in_language(language)
        assert all(part in sentence for part in parts), sentence
        assert "\n" not in sentence


def test_archive_with_its_labels(archive: Path) -> None:
    music = read_music(str(archive))
    assert music.names == ("one.mid", "two.mid", "deep/three.mid")
    assert [piece.notes for piece in music.pieces] == [scale(bars).notes for bars in (1, 2, 3)]
    assert [piece.key for piece in music.pieces] == [Key(3, "major"), Key(0, "major"), Key(6, "minor")]
    assert [piece.tempo for piece in music.pieces] == [90, 96, 96]
    assert [label.composer for label in music.labels] == ["Doe, J.", "Doe", "Roe"]
    assert [label.licence for label in music.labels] == ["Public Domain", "CC BY 4.0", "CC BY-SA 4.0"]
    assert not music.left_out


def test_folder_archive_and_file_are_the_same(archive: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive) as members:
        members.extractall(tmp_path / "set")
    (tmp_path / "set" / ".hidden.mid").write_bytes(b"of the system")
    folder, packed = read_music(str(tmp_path / "set")), read_music(str(archive))
    assert sorted(folder.names) == sorted(packed.names)
    assert set(folder.pieces) == set(packed.pieces)
    (tmp_path / "set.csv").rename(tmp_path / "set" / "labels.csv")
    assert data_hash(read_music(str(tmp_path / "set"))) == data_hash(folder)
    alone = read_music(str(tmp_path / "set" / "two.mid"))
    assert (alone.names, alone.pieces) == (("two.mid",), (packed.pieces[1],))


def test_hash_stands_for_the_music(archive: Path) -> None:
    music = read_music(str(archive))
    known = {data_hash(music)}
    for change in ({"tempo": 97.0}, {"key": None}, {"notes": music.pieces[0].notes[1:]}, {"pedal": ((0, 1),)}):
        known.add(data_hash(replace(music, pieces=(replace(music.pieces[0], **change), *music.pieces[1:]))))
    known.add(data_hash(replace(music, pieces=music.pieces[::-1])))
    assert len(known) == 6
    assert data_hash(replace(music, names=("a", "b", "c"))) == data_hash(music)


def test_rows_are_chosen(archive: Path) -> None:
    assert read_music(str(archive), where="licence=Public Domain|CC BY 4.0").names == ("one.mid", "two.mid")
    assert read_music(str(archive), where="licence=cc by 4.0,composer=doe", split="train").names == ("two.mid",)
    assert read_music(str(archive), split="validation").names == ("deep/three.mid",)
    refused("music.chose_nothing", "licence=MIT", source=str(archive), where="licence=MIT")
    refused("music.no_pieces", "set.zip", source=str(archive), where="licence=CC0")
    refused("music.no_split", "test", "train, validation", source=str(archive), split="test")
    refused("music.bad_where", "licence", source=str(archive), where="licence")
    refused("music.bad_where", source=str(archive), where="title=a,title=b")
    refused("music.no_column", "style", "composer", source=str(archive), where="style=jazz")


def test_what_has_no_row_is_left_out_where_rows_are_chosen(archive: Path) -> None:
    with zipfile.ZipFile(archive, "a") as members:
        members.writestr("four.mid", to_midi(scale()))
    assert len(read_music(str(archive))) == 4
    for music in (read_music(str(archive), split="train"), read_music(str(archive), where="composer=doe")):
        assert [(name, error.key) for name, error in music.left_out] == [("four.mid", "music.no_row")]


def test_labels_that_do_not_fit(archive: Path, tmp_path: Path) -> None:
    table = tmp_path / "set.csv"
    for content, key, parts in (
        ("file,tempo\none,fast\n", "music.csv_tempo", ("2", "fast")),
        ("file,tempo\none,nan\n", "music.csv_tempo", ("nan",)),
        ("file,tempo\none,1e9\n", "music.csv_tempo", ("1e9",)),
        ("name\none\n", "music.no_column", ("file", "name")),
        ("file,key\none\n", "music.csv_row", ("2", "1")),
        ("file\none\none\n", "music.csv_twice", ("3", "one")),
        ('file\n"one\n', "music.bad_csv", ("set.csv",)),
        ("file\nsomebody\n", "music.no_match", ("set.csv", "set.zip")),
        ("", "music.no_column", ("set.csv",)),
    ):
        table.write_text(content, encoding="utf-8")
        refused(key, *parts, source=str(archive))
    table.write_bytes("file\nÖl\n".encode("latin-1"))
    refused("engine.not_utf8", "set.csv", source=str(archive))
    table.unlink()
    refused("music.where_without_labels", "licence=CC0", source=str(archive), where="licence=CC0")
    refused("engine.no_file", "none.csv", source=str(archive), labels=str(tmp_path / "none.csv"))


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("C major", Key(0, "major")),
        ("Bb minor", Key(10, "minor")),
        ("F♯ Minor", Key(6, "minor")),
        ("Cb major", Key(11, "major")),
        ("", None),
        ("major", None),
        ("H major", None),
        ("C", None),
        ("signature +7", None),
        ("C dorian", None),
    ],
)
def test_keys_by_name(name: str, key: Key | None) -> None:
    assert read_key(name) == key


def test_pieces_are_held_out_by_their_names(tmp_path: Path) -> None:
    content = midi_file(note(60, 480))
    members = {f"{number}.mid": content for number in range(200)}
    whole = str(write_zip(tmp_path / "a.zip", members))
    held_out = read_music(whole, split="validation").names
    assert set(held_out) | set(read_music(whole, split="train").names) == set(members)
    assert not set(held_out) & set(read_music(whole, split="train").names)
    assert 4 <= len(held_out) <= 24
    two = str(write_zip(tmp_path / "b.zip", dict(list(members.items())[:2])))
    assert len(read_music(two, split="validation")) == len(read_music(two, split="train")) == 1
    refused("music.no_split", "test", "train, validation", source=whole, split="test")


def test_what_is_broken_is_left_out_and_named(tmp_path: Path, archive: Path) -> None:
    good = to_midi(scale())
    members = {
        "good.mid": good,
        "cut.mid": good[:60],
        "read.me": b"some words",
        "empty.mid": b"",
        "drums.mid": midi_file(note(40, 480, channel=9)),
        "large.mid": b"MThd" + bytes(2 * 2**20),
        "more.zip": archive.read_bytes(),
        "table.csv": b"file\nother",
        ".DS_Store": b"\0\0\0\1Bud1",
        "__MACOSX/._good.mid": b"\0\5\26\7",
    }
    reasons = {
        "cut.mid": "music.damaged_midi",
        "read.me": "music.not_midi",
        "empty.mid": "music.empty_file",
        "drums.mid": "music.only_drums",
        "large.mid": "music.too_many_bytes",
        "more.zip": "music.nested_zip",
    }
    folder = tmp_path / "folder"
    for name, content in members.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    for source in (write_zip(tmp_path / "b.zip", members, zipfile.ZIP_DEFLATED), folder):
        music = read_music(str(source))
        assert music.names == ("good.mid",)
        assert {name: error.key for name, error in music.left_out} == reasons
    (folder / "good.mid").unlink()
    refused("music.no_pieces", "folder", str(len(reasons)), source=str(folder))


def test_names_that_lead_out_of_an_archive(tmp_path: Path) -> None:
    names = ["../up.mid", "/root.mid", "a/../../up.mid", "C:/disk.mid", "a\\b.mid"]
    file = tmp_path / "a.zip"
    with zipfile.ZipFile(file, "w") as members:
        for name in [*names, "good..mid"]:
            entry = zipfile.ZipInfo("x")
            entry.filename = name
            members.writestr(entry, to_midi(scale()))
    before = sorted(tmp_path.parent.rglob("*"))
    music = read_music(str(file))
    assert music.names == ("good..mid",)
    assert [error.key for _, error in music.left_out] == ["music.bad_name"] * len(names)
    assert sorted(tmp_path.parent.rglob("*")) == before


def test_damaged_members(tmp_path: Path) -> None:
    content = to_midi(scale(8))
    file = write_zip(tmp_path / "a.zip", dict.fromkeys(("a.mid", "b.mid", "c.mid"), content))
    packed = bytearray(file.read_bytes())
    packed[packed.find(content, packed.find(b"b.mid")) + 200] ^= 0x55
    file.write_bytes(packed)
    music = read_music(str(file))
    assert music.names == ("a.mid", "c.mid")
    assert [(name, error.key) for name, error in music.left_out] == [("b.mid", "music.damaged_member")]


def test_archives_that_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = write_zip(tmp_path / "whole.zip", {"a.mid": to_midi(scale()), "b.mid": to_midi(scale())})
    (tmp_path / "cut.zip").write_bytes(whole.read_bytes()[:-40])
    refused("music.bad_zip", "cut.zip", source=str(tmp_path / "cut.zip"))
    refused("music.empty_zip", "empty.zip", source=str(write_zip(tmp_path / "empty.zip", {})))
    locked = bytearray(whole.read_bytes())
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        for place in range(len(locked)):
            if locked.startswith(mark, place):
                locked[place + offset] |= 1
    (tmp_path / "locked.zip").write_bytes(locked)
    refused("music.locked", source=str(tmp_path / "locked.zip"))
    bomb = write_zip(tmp_path / "bomb.zip", {f"{n}.mid": bytes(10 * 2**20) for n in range(9)}, zipfile.ZIP_DEFLATED)
    refused("music.zip_bomb", "bomb.zip", "90", source=str(bomb))
    monkeypatch.setattr("genai_demo.music.data.sources._MOST_MEMBERS", 1)
    refused("music.zip_members", "whole.zip", "2", "1", source=str(whole))


def test_sources_that_are_refused(tmp_path: Path) -> None:
    refused("engine.no_file", "none.zip", source=str(tmp_path / "none.zip"))
    refused("engine.no_file", "none.mid", source="data/none.mid")
    (tmp_path / "one.png").write_bytes(b"a picture")
    refused("music.unknown_source", "one.png", source=str(tmp_path / "one.png"))
    (tmp_path / "nothing").mkdir()
    refused("music.no_pieces", "nothing", "0", source=str(tmp_path / "nothing"))


def test_no_torch(root: Path) -> None:
    code = "import sys, genai_demo.music.data.reading, genai_demo.music.midi.reading; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"


READ_HUB = """
import json, sys
from genai_demo.errors import UserError
from genai_demo.music.data.reading import read_music

for name, split, where in json.loads(sys.argv[1]):
    try:
        music = read_music(name, split=split, where=where)
        print(json.dumps({
            "ends": [piece.end for piece in music.pieces],
            "licences": [label.licence for label in music.labels],
            "left_out": [(name, error.key) for name, error in music.left_out],
        }))
    except UserError as error:
        print(json.dumps({"key": error.key, "sentence": str(error)}))
"""


def write_hub(folder: Path, column: str, rows: list[tuple[bytes | None, str | None]]) -> Path:
    (folder / "data").mkdir(parents=True)
    table = pa.table({column: pa.array([row for row, _ in rows], pa.binary()), "Licence": [name for _, name in rows]})
    pq.write_table(table, folder / "data" / "train-00000-of-00001.parquet")
    (folder / "README.md").write_text("# A stand-in\n", encoding="utf-8")
    return folder


def test_hub(tmp_path: Path, root: Path) -> None:
    rows = [(to_midi(scale(bars)), licence) for bars, licence in ((1, "CC0"), (2, None), (3, "MIT"))]
    good = write_hub(tmp_path / "good", "Midi", [*rows, (b"words", "CC0"), (None, "CC0")])
    other = write_hub(tmp_path / "other", "sound", rows)
    asked = [
        ("some/good", None, ""),
        ("some/good", None, "licence=cc0|mit"),
        ("some/good", "test", ""),
        ("some/good", None, "style=jazz"),
        ("some/other", None, ""),
        ("some/unknown", None, ""),
    ]
    with serving({"some/good": good, "some/other": other}) as address:
        done = subprocess.run(
            [sys.executable, "-c", READ_HUB, json.dumps(asked)],
            cwd=root,
            check=False,
            text=True,
            capture_output=True,
            env={**os.environ, "HF_ENDPOINT": address, "HF_HOME": str(tmp_path / "home")},
        )
    assert done.returncode == 0, done.stderr
    answers: list[Any] = [json.loads(line) for line in done.stdout.splitlines()]
    left_out = [["0000003", "music.not_midi"], ["0000004", "music.empty_file"]]
    assert answers[0] == {"ends": [1920, 3840, 5760], "licences": ["CC0", "", "MIT"], "left_out": left_out}
    assert answers[1] == {"ends": [1920, 5760], "licences": ["CC0", "MIT"], "left_out": left_out}
    keys = ["music.no_split", "music.no_column", "music.hub_columns", "music.no_hub_data"]
    assert [refusal["key"] for refusal in answers[2:]] == keys
    for (name, _, _), refusal in zip(asked[2:], answers[2:], strict=True):
        assert name in refusal["sentence"] and "\n" not in refusal["sentence"]


def test_what_is_read_can_be_written(archive: Path) -> None:
    for piece in read_music(str(archive)).pieces:
        assert read_midi(to_midi(piece)).piece.notes == piece.notes
