"""What visitors give: nothing that the page's script sends is trusted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.errors import UserError
from genai_demo.music.theory.piece import RIGHT, STEP
from genai_demo.ui.music.melody import MOST_NOTES, MOST_STEPS, melody

NOTES = st.lists(st.tuples(st.integers(0, 80), st.integers(21, 108), st.integers(1, 20)).map(list), min_size=1)


@given(NOTES, st.integers(40, 208), st.sampled_from(["4/4", "3/4", "2/4", "6/8"]))
def test_whatever_is_played_becomes_a_whole_piece(notes: list[Any], tempo: int, metre: str) -> None:
    played = melody(notes, tempo, metre)
    assert played.faults() == []
    assert played.key is not None and played.tempo == tempo
    assert {f"{bar.beats}/{bar.unit}" for bar in played.bars} == {metre}
    assert {note.hand for note in played.notes} == {RIGHT}
    assert {(note.start // STEP, note.pitch) for note in played.notes} == {(start, pitch) for start, pitch, _ in notes}


@pytest.mark.parametrize(
    ("notes", "tempo", "metre"),
    [
        ([], 100, "4/4"),
        (None, 100, "4/4"),
        ("C E G", 100, "4/4"),
        ([[0, 60]], 100, "4/4"),
        ([{"start": 0}], 100, "4/4"),
        ([[0, 60, 0]], 100, "4/4"),
        ([[0, 20, 1]], 100, "4/4"),
        ([[-1, 60, 1]], 100, "4/4"),
        ([[0.5, 60, 1]], 100, "4/4"),
        ([["0", 60, 1]], 100, "4/4"),
        ([[MOST_STEPS + 1, 60, 1]], 100, "4/4"),
        ([[0, 60, 1]] * (MOST_NOTES + 1), 100, "4/4"),
        ([[0, 60, 1]], 0, "4/4"),
        ([[0, 60, 1]], None, "4/4"),
        ([[0, 60, 1]], 100, "4/0"),
        ([[0, 60, 1]], 100, None),
    ],
)
def test_what_nobody_can_have_played_is_refused(notes: Any, tempo: Any, metre: Any) -> None:
    with pytest.raises(UserError):
        melody(notes, tempo, metre)
