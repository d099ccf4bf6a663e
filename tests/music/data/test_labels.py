"""Labels of pieces are read as they are meant, or refused in one sentence that says where."""

from __future__ import annotations

import pytest

from genai_demo.music.data.labels import Label, read_key, read_label
from genai_demo.music.data.reading import KIND
from genai_demo.music.theory.piece import Key
from tests.common.tables import TableSuite


class TestTables(TableSuite):
    kind, column, field = KIND, "tempo", "tempo"
    bad_cell, bad_cells = "music.csv_tempo", (("tempo", "fast"), ("tempo", "nan"), ("tempo_quarter_bpm", "1e9"))


def test_a_row_is_a_label() -> None:
    row = {"composer": " Doe, J. ", "title": "Waltz", "license": "CC0", "source": "x", "key": "Eb major", "tempo": "90"}
    assert read_label(row, "set.csv", 2) == Label("Doe, J.", "Waltz", "CC0", "x", Key(3, "major"), 90)
    assert read_label({"key": "signature +7", "tempo": " ", "tempo_quarter_bpm": "60"}, "set.csv", 2) == Label(tempo=60)
    assert read_label({}, "set.csv", 2) == Label()


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
