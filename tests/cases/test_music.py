"""MIDI files and scores as people have them are read as a musician would: every fact of the tables is a test."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import pytest

from genai_demo.music.reading import read_piece
from tests.cases.facts import FOLDER, Fact, facts

TABLES = {FOLDER / "midi.toml": FOLDER / "midi", FOLDER / "scores.toml": FOLDER / "scores"}
read = cache(read_piece)


@pytest.mark.parametrize("fact", [fact for table, files in TABLES.items() for fact in facts(table, files)], ids=str)
def test_it_is_right(fact: Fact) -> None:
    assert fact.found(read) == fact.value


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.stem)
def test_every_file_has_a_row(table: Path) -> None:
    rows = [row["file"] for row in tomllib.loads(table.read_text(encoding="utf-8"))["case"]]
    assert sorted(rows) == sorted(file.name for file in TABLES[table].iterdir())
