"""Music survives being columns; what is struck by one hand in one step stands in one column, from outside in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.music.theory.piece import LEFT, RIGHT, STEP, TICKS, Note, Piece
from genai_demo.music.tokens.columns import (
    COLUMN_TIME_SIGNATURES,
    LONGEST,
    NONE,
    NOTES_PER_STEP,
    OUTSIDE,
    POSITION_COUNT,
    columns_of,
    metrical_positions,
    onsets_of,
)
from genai_demo.music.tokens.roll import quantize
from tests.helpers.music import bars_of, notes_of, pieces


def seen(piece: Piece) -> list[Note]:
    """Return the notes of a piece on the grid as columns can tell them: of a full hand the outer ones."""
    found: list[Note] = []
    notes = quantize(piece).notes
    for start in sorted({note.start for note in notes}):
        for hand in (RIGHT, LEFT):
            struck = [note for note in notes if note.start == start and note.hand == hand]
            struck.sort(key=lambda note: -note.pitch if note.hand == RIGHT else note.pitch)
            found += struck[:NOTES_PER_STEP]
    return sorted(replace(note, length=min(note.length, LONGEST * STEP), velocity=72) for note in found)


@given(pieces(grid=STEP))
def test_lossless_on_the_grid(piece: Piece) -> None:
    onsets = onsets_of(piece)
    assert len(onsets) == len(piece.notes)
    assert not onsets.strays.any()
    assert notes_of(columns_of(onsets, 0, piece.end // STEP)) == seen(piece)


@given(pieces())
def test_notes_go_to_the_nearest_step_as_in_rolls(piece: Piece) -> None:
    columns = columns_of(onsets_of(piece), 0, piece.end // STEP)

    def without_hands(notes: list[Note]) -> list[tuple[int, int, int]]:
        return [(note.start, note.pitch, note.length) for note in notes]

    # Where both hands strike one key for equally long, either may keep it; no hand here holds more than its slots.
    if len(piece.notes) <= NOTES_PER_STEP:
        assert without_hands(notes_of(columns)) == without_hands(seen(piece))


@given(pieces(), st.integers(-40, 40), st.integers(1, 200))
def test_any_stretch_is_a_part_of_the_whole(piece: Piece, first: int, steps: int) -> None:
    onsets = onsets_of(piece)
    whole = columns_of(onsets, -40, 40 + piece.end // STEP + 300)
    part = columns_of(onsets, first, steps)
    assert np.array_equal(part.keys, whole.keys[:, first + 40 : first + 40 + steps])
    assert np.array_equal(part.lengths, whole.lengths[:, first + 40 : first + 40 + steps])


@given(pieces(grid=STEP))
def test_columns_are_filled_from_outside_in(piece: Piece) -> None:
    columns = columns_of(onsets_of(piece), 0, piece.end // STEP)
    assert ((columns.keys == NONE) == (columns.lengths == 0)).all()
    keys = columns.keys.astype(int)
    both = (keys[..., 1:] != NONE) & (keys[..., :-1] != NONE)
    assert (keys[RIGHT, :, 1:] < keys[RIGHT, :, :-1])[both[RIGHT]].all()
    assert (keys[LEFT, :, 1:] > keys[LEFT, :, :-1])[both[LEFT]].all()
    assert not ((keys[..., 1:] != NONE) & (keys[..., :-1] == NONE)).any(), "no slot is left free before a note"


def test_strays_are_counted() -> None:
    piece = Piece((Note(0, 60, STEP), Note(TICKS // 3, 62, STEP)), bars_of([(4, 4)]))
    assert onsets_of(piece).strays.tolist() == [False, True]


def test_a_piece_without_notes() -> None:
    onsets = onsets_of(Piece((), bars_of([(4, 4)])))
    assert len(onsets) == 0
    assert (columns_of(onsets, 0, 16).keys == NONE).all()


def test_every_step_of_every_known_metre_has_a_place_of_its_own() -> None:
    places = metrical_positions(bars_of(COLUMN_TIME_SIGNATURES))
    assert len(set(places.tolist())) == len(places)
    assert places.min() > OUTSIDE
    assert places.max() == POSITION_COUNT - 1
    again = metrical_positions(bars_of([*COLUMN_TIME_SIGNATURES, *COLUMN_TIME_SIGNATURES]))
    assert np.array_equal(again[: len(places)], again[len(places) :])


def test_in_other_metres_only_the_steps_of_a_quarter_are_told_apart() -> None:
    five = metrical_positions(bars_of([(5, 4)]))
    assert np.array_equal(five, np.tile(five[:4], 5))
    assert not set(five.tolist()) & set(metrical_positions(bars_of(COLUMN_TIME_SIGNATURES)).tolist())
    assert np.array_equal(metrical_positions(bars_of([(4, 4)]), time_signatures=False), five[:16])
