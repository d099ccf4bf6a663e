"""Music on the grid survives being a roll; whatever a roll shows is a whole piece."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from genai_demo.music.theory.piece import LEFT, PITCHES, RIGHT, STEP, TICKS, Note, Piece
from genai_demo.music.tokens.roll import HOLD, ONSET, PIANO_KEYS, quantize, steps_of, to_piece, to_roll
from tests.helpers.music import bars_of, pieces


def plain(piece: Piece) -> Piece:
    """Return a piece as a roll can show it: even velocities, no pedal, nothing beyond the last bar."""
    notes = tuple(replace(note, velocity=72, length=min(note.end, piece.end) - note.start) for note in piece.notes)
    return replace(piece, notes=notes, pedal=())


@given(pieces(grid=STEP))
def test_lossless_on_the_grid(piece: Piece) -> None:
    cells = to_roll(piece)
    assert to_piece(cells, piece.bars, piece.key, piece.tempo) == plain(piece)
    assert not (cells[:, ONSET] & cells[:, HOLD]).any()


@given(pieces(), st.sampled_from([STEP, TICKS // 3, 1]))
@example(Piece((Note(0, 60, 1),), bars_of([(1, 16)])), TICKS // 3).via("a piece shorter than a step")
@example(Piece((Note(590, 60, 10),), bars_of([(5, 16)])), TICKS // 3).via("an end between two steps")
def test_notes_go_to_the_nearest_step(piece: Piece, step: int) -> None:
    moved = quantize(piece, step)
    assert moved.faults() == []
    assert quantize(moved, step) == moved
    assert all(note.start % step == 0 and note.length % step == 0 for note in moved.notes)
    if step == 1:
        assert moved == piece
    for note in moved.notes:
        assert any(
            abs(note.start - other.start) <= step and note.pitch == other.pitch and note.hand == other.hand
            for other in piece.notes
        )


def test_starts_and_ends_off_the_grid() -> None:
    notes = (Note(0, 60, STEP), Note(STEP, 62, 2 * STEP + 1), Note(2 * STEP + 50, 64, STEP), Note(3 * STEP, 65, STEP))
    bars = bars_of([(4, 4)])
    assert [(note.start, note.length) for note in to_piece(to_roll(Piece(notes, bars)), bars).notes] == [
        (0, STEP),
        (STEP, 2 * STEP),
        (2 * STEP, STEP),
        (3 * STEP, STEP),
    ]


def test_the_last_notes_stay_within_the_bars() -> None:
    piece = Piece((Note(1919, 60, 1), Note(1919, 62, 4000)), bars_of([(4, 4)]))
    notes = to_piece(to_roll(piece), piece.bars).notes
    assert [(note.start, note.length) for note in notes] == [(1800, STEP)] * 2


@given(arrays.arrays(bool, (2, 2, 20, 5)), st.integers(PITCHES[0], PITCHES[1] - 4))
def test_any_roll_is_a_whole_piece(cells: np.ndarray, lowest: int) -> None:
    bars = bars_of([(1, 4), (4, 4)])
    piece = to_piece(cells, bars, lowest=lowest)
    assert piece.faults() == []
    struck = cells[:, ONSET].any(0)
    assert {(note.start // STEP, note.pitch - lowest) for note in piece.notes} == set(map(tuple, np.argwhere(struck)))
    assert to_piece(to_roll(piece), bars) == piece


def test_holds_without_an_onset_are_silent() -> None:
    cells = np.zeros((2, 2, 16, PIANO_KEYS), bool)
    cells[RIGHT, HOLD, :, 40] = True
    cells[RIGHT, ONSET, 4, 40] = True
    cells[LEFT, HOLD, :, 20] = True
    (note,) = to_piece(cells, bars_of([(4, 4)])).notes
    assert note == Note(4 * STEP, PITCHES[0] + 40, 12 * STEP, RIGHT)


@pytest.mark.parametrize(
    ("shape", "lowest"), [((2, 2, 15, 88), 21), ((2, 1, 16, 88), 21), ((2, 2, 16, 88), 22), ((2, 2, 16, 72), 20)]
)
def test_sizes_that_do_not_fit(shape: tuple[int, ...], lowest: int) -> None:
    with pytest.raises(ValueError, match=r"fit|within"):
        to_piece(np.zeros(shape, bool), bars_of([(4, 4)]), lowest=lowest)


def test_steps() -> None:
    assert {metre: steps_of(metre) for metre in ((4, 4), (3, 4), (2, 4), (6, 8))} == {
        (4, 4): 16,
        (3, 4): 12,
        (2, 4): 8,
        (6, 8): 12,
    }
