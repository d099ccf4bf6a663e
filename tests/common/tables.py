"""What reading a label table does in every modality; each has a class of its own made of this one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from genai_demo.catalogue import LANGUAGES
from genai_demo.engine.data.sources import SourceKind
from genai_demo.engine.data.tables import LabelTable
from genai_demo.errors import UserError


def written(folder: Path, content: str | bytes) -> Path:
    file = folder / "set.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


class TableSuite:
    """Label tables are read as they are meant, or refused in one sentence that says where."""

    kind: SourceKind[Any]
    column: str
    """one that holds a whole number, such as a year"""
    field: str
    """of a label, which that number becomes"""
    bad_cell: str
    """key of the sentence that refuses `bad_cells`"""
    bad_cells: tuple[tuple[str, ...], ...]
    """columns, what may not stand in them, and what else the sentence says"""

    def table(self, file: Path, where: str = "") -> LabelTable[Any]:
        return LabelTable(file, self.kind.read_label, self.kind.sentences, where)

    def refused(self, file: Path, key: str, *parts: str, where: str = "") -> None:
        with pytest.raises(UserError) as refusal:
            self.table(file, where)
        assert refusal.value.key == key.format(own=self.kind.sentences)
        for language in LANGUAGES:
            sentence = refusal.value.in_language(language)
            assert all(part in sentence for part in parts), sentence
            assert "\n" not in sentence

    @pytest.mark.parametrize("name", ["a.jpg", "a.b/a.webp", "a", "x/y/a"])
    def test_a_file_is_found_by_its_name(self, name: str, tmp_path: Path) -> None:
        row = self.table(written(tmp_path, f"file,{self.column}\na,30\nb,40\n")).find(name)
        assert row is not None and getattr(row.label, self.field) == 30

    def test_the_longer_name_comes_first(self, tmp_path: Path) -> None:
        table = self.table(written(tmp_path, f"file,{self.column}\na,41\na.jpg,42\nx/a,43\nx/a.jpg,44\n"))
        rows = [table.find(name) for name in ("x/a.jpg", "x/a.png", "y/a.jpg", "y/a.png")]
        assert [getattr(row.label, self.field) for row in rows if row] == [44, 43, 42, 41]
        assert table.find("b.jpg") is None

    def test_cells_that_are_not_allowed(self, tmp_path: Path) -> None:
        for column, cell, *parts in self.bad_cells:
            table = self.table(written(tmp_path, f"file,{column}\na,\nb,{cell}\nc,\n"))
            assert table.find("a") and table.find("c") and table.find("b") is None
            assert [fault.key for fault in table.damaged] == [self.bad_cell]
            for language in LANGUAGES:
                sentence = table.damaged[0].in_language(language)
                assert all(part in sentence for part in ("set.csv", "3", cell, *parts)), sentence
            self.refused(written(tmp_path, f"file,{column}\nb,{cell}\n"), self.bad_cell, "set.csv", "2", cell, *parts)

    def test_the_second_row_of_a_file_is_left_out(self, tmp_path: Path) -> None:
        table = self.table(written(tmp_path, f"file,{self.column}\na,30\nb,40\na,50\n"))
        rows = [table.find(name) for name in "ab"]
        assert [getattr(row.label, self.field) for row in rows if row] == [30, 40]
        assert [(fault.key, fault.values["line"]) for fault in table.damaged] == [
            (f"{self.kind.sentences}.csv_twice", 4)
        ]

    def test_bad_files(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.refused(tmp_path / "none.csv", "engine.no_file", "none.csv")
        self.refused(written(tmp_path, ""), "{own}.no_column", "set.csv", "file")
        self.refused(written(tmp_path, "name,age\na,3\n"), "{own}.no_column", "file", "name, age")
        self.refused(written(tmp_path, "file,age\na\n"), "{own}.csv_row", "set.csv", "2", "1")
        self.refused(written(tmp_path, 'file,age\n"a,3\n'), "data.bad_csv", "set.csv")
        self.refused(written(tmp_path, 'file\n"one\n'), "data.bad_csv", "set.csv")
        self.refused(written(tmp_path, '"file\n'), "data.bad_csv", "set.csv")
        self.refused(written(tmp_path, "file,kind\na,3\na,4\na,5\n"), "{own}.csv_twice", "set.csv", "3", "a")
        self.refused(written(tmp_path, "file,age\nÄ,3\n".encode("latin-1")), "engine.not_utf8", "set.csv")
        monkeypatch.setattr("genai_demo.engine.data.tables._LARGEST_FILE", 10)
        self.refused(written(tmp_path, "file,age\na,3\n"), "data.csv_too_large", "set.csv")

    def test_a_damaged_line_is_left_out(self, tmp_path: Path) -> None:
        content = f'file,{self.column}\na,30\nb,"40\nc,50\nd,60,7\ne,"70"x\nf,80\ng,90\n'
        table = self.table(written(tmp_path, content))
        rows = {name: table.find(name) for name in "abcdefg"}
        assert {name: getattr(row.label, self.field) for name, row in rows.items() if row} == {
            "a": 30,
            "c": 50,
            "f": 80,
            "g": 90,
        }
        assert [(fault.key.split(".")[1], fault.values["line"]) for fault in table.damaged] == [
            ("bad_csv", 3),
            ("csv_row", 5),
            ("bad_csv", 6),
        ]
        self.refused(written(tmp_path, f"file,{self.column}\na,30\nb\nc\n"), "{own}.csv_row", "set.csv", "3")

    @pytest.mark.parametrize(
        ("where", "chosen"),
        [
            ("", True),
            ("kind=photo", True),
            (" Kind = PHOTO ", True),
            ("kind=drawing|photo", True),
            ("kind=drawing", False),
            ("kind=photo,origin=manual", False),
            ("kind=photo,origin=bio", True),
            ("origin=|bio", True),
        ],
    )
    def test_rows_are_chosen_by_their_cells(self, where: str, chosen: bool, tmp_path: Path) -> None:
        content = "FILE,kind,origin\na,photo,bio\nb,drawing,manual\nc,photo,manual\nd,drawing,\n"
        row = self.table(written(tmp_path, content), where).find("a.jpg")
        assert row is not None and row.chosen is chosen

    @pytest.mark.parametrize("where", ["kind", "=photo", "kind=photo,,", "kind=photo,kind=drawing", "photo,kind=photo"])
    def test_a_choice_of_another_form(self, where: str, tmp_path: Path) -> None:
        self.refused(written(tmp_path, "file,kind\na,photo\n"), "{own}.bad_where", where, where=where)

    def test_a_choice_that_fits_nothing(self, tmp_path: Path) -> None:
        file = written(tmp_path, "file,kind\na,photo\n")
        self.refused(file, "{own}.no_column", "set.csv", "colour", "file, kind", where="colour=red")
        self.refused(file, "{own}.chose_nothing", "set.csv", "kind=red", where="kind=red")
