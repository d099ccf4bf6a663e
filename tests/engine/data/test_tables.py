"""A choice of rows is read as it was written, and files are chosen by their rows and splits."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.engine.data.tables import Row, choose, read_where, table_beside


@given(st.dictionaries(st.sampled_from("abcd"), st.sets(st.sampled_from(["x", "y", "1 2"]), min_size=1)))
def test_a_choice_is_read_back(choice: dict[str, set[str]]) -> None:
    where = ",".join(f"{column}={'|'.join(cells)}" for column, cells in choice.items())
    assert read_where(where, tuple("abcd"), "set", "faces") == choice


def test_files_of_a_split() -> None:
    rows = [("a", Row(0, "train", True)), ("b", None), ("c", Row(0, "", True)), ("d", Row(0, "train", False))]
    assert choose("set", rows, ("train",), None) == [0, 1, 2]
    assert choose("set", rows, ("train",), "train") == [0]


def test_who_is_held_out_never_changes() -> None:
    files = [(f"{number}.x", None) for number in range(100)]
    assert choose("set", files, (), "validation") == [39, 49, 51, 55]


@pytest.mark.parametrize("table", ["set_64/labels.csv", "set_64.csv", "set.csv"])
def test_a_table_beside_its_source(table: str, tmp_path: Path) -> None:
    (tmp_path / "set_64").mkdir()
    assert table_beside(tmp_path / "set_64") is None
    (tmp_path / table).touch()
    assert table_beside(tmp_path / "set_64") == tmp_path / table
    if not table.startswith("set_64/"):
        assert table_beside(tmp_path / "set_64.zip") == tmp_path / table
