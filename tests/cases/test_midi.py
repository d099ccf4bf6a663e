"""MIDI files as people have them are read as a musician would: every fact of the table is a test."""

from __future__ import annotations

import tomllib
from functools import cache

import pytest

from genai_demo.music.reading import read_piece
from tests.cases.facts import FOLDER, Fact, facts

TABLE, FILES = FOLDER / "midi.toml", FOLDER / "midi"
read = cache(read_piece)


@pytest.mark.parametrize("fact", list(facts(TABLE, FILES)), ids=str)
def test_it_is_right(fact: Fact) -> None:
    assert fact.found(read) == fact.value


def test_every_file_has_a_row() -> None:
    rows = [row["file"] for row in tomllib.loads(TABLE.read_text(encoding="utf-8"))["case"]]
    assert sorted(rows) == sorted(file.name for file in FILES.iterdir())
