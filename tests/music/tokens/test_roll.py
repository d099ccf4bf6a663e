"""Music on the grid survives being a roll; whatever a roll shows is a whole piece; windows are phrases."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from genai_demo.music.theory.piece import LEFT, PITCHES, RIGHT, STEP, TICKS, Key, Note, Piece
from genai_demo.music.tokens.roll import HOLD, KEYS, ONSET, SHIFTS, Windows, on_grid, steps_of, to_piece, to_roll
from tests.helpers.music import bars_of, pieces, scale


def plain(piece: Piece) -> Piece:
    """Return a piece as a roll can show it: even velocities, no pedal, nothing beyond the last bar."""
    notes = tuple(replace(note, velocity=72, length=min(note.end, piece.end) - note.start) for note in piece.notes)
    return replace(piece, notes=notes, pedal=())


@given(pieces(grid=STEP))
def test_lossless_on_the_grid(piece: Piece) -> None:
    roll = to_roll(piece)
    assert roll.moved == 0
    assert to_piece(roll.cells, roll.bars, roll.key, roll.tempo) == plain(piece)
    assert not (roll.cells[:, ONSET] & roll.cells[:, HOLD]).any()


@given(pieces(), st.sampled_from([STEP, TICKS // 3, 1]))
@example(Piece((Note(0, 60, 1),), bars_of([(1, 16)])), TICKS // 3).via("a piece shorter than a step")
@example(Piece((Note(590, 60, 10),), bars_of([(5, 16)])), TICKS // 3).via("an end between two steps")
def test_notes_go_to_the_nearest_step(piece: Piece, step: int) -> None:
    moved = on_grid(piece, step)
    assert moved.faults() == []
    assert on_grid(moved, step) == moved
    assert all(note.start % step == 0 and note.length % step == 0 for note in moved.notes)
    if step == 1:
        assert moved == piece
    for note in moved.notes:
        assert any(
            abs(note.start - other.start) <= step and note.pitch == other.pitch and note.hand == other.hand
            for other in piece.notes
        )


def test_share_of_notes_that_moved() -> None:
    notes = (Note(0, 60, STEP), Note(STEP, 62, 2 * STEP + 1), Note(2 * STEP + 50, 64, STEP), Note(3 * STEP, 65, STEP))
    roll = to_roll(Piece(notes, bars_of([(4, 4)])))
    assert roll.moved == 0.5
    assert [(note.start, note.length) for note in to_piece(roll.cells, roll.bars).notes] == [
        (0, STEP),
        (STEP, 2 * STEP),
        (2 * STEP, STEP),
        (3 * STEP, STEP),
    ]


def test_the_last_notes_stay_within_the_bars() -> None:
    piece = Piece((Note(1919, 60, 1), Note(1919, 62, 4000)), bars_of([(4, 4)]))
    roll = to_roll(piece)
    assert [(note.start, note.length) for note in to_piece(roll.cells, roll.bars).notes] == [(1800, STEP)] * 2


@given(arrays.arrays(bool, (2, 2, 20, 5)), st.integers(PITCHES[0], PITCHES[1] - 4))
def test_any_roll_is_a_whole_piece(cells: np.ndarray, lowest: int) -> None:
    bars = bars_of([(1, 4), (4, 4)])
    piece = to_piece(cells, bars, lowest=lowest)
    assert piece.faults() == []
    struck = cells[:, ONSET].any(0)
    assert {(note.start // STEP, note.pitch - lowest) for note in piece.notes} == set(map(tuple, np.argwhere(struck)))
    assert to_piece(to_roll(piece).cells, bars) == piece


def test_holds_without_an_onset_are_silent() -> None:
    cells = np.zeros((2, 2, 16, KEYS), bool)
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


def test_windows_slide_within_one_metre() -> None:
    metres = [(1, 4), *[(4, 4)] * 5, (3, 4), *[(4, 4)] * 4]
    bars = bars_of(metres)
    piece = Piece(tuple(Note(bar.start, 60, STEP) for bar in bars), bars, Key(9, "minor"))
    windows = Windows([scale(3), piece, scale(4)])
    assert windows.places == [(1, 1), (1, 2), (1, 7), (2, 0)]
    assert len(windows) == 4
    assert windows.keys == [Key(9, "minor")] * 3 + [None]
    assert windows.key(0, 4) == Key(1, "minor") and windows.key(3, 4) is None
    assert len(Windows([piece], bars=1, metre=(3, 4))) == 1


def test_windows_hold_what_the_piece_holds() -> None:
    piece = scale(6)
    windows = Windows([piece], pitches=PITCHES)
    batch = windows.cells([0, 1, 2], [0, 0, 0])
    assert batch.shape == (3, 2, 2, 64, 88)
    whole = to_roll(piece).cells
    for first, cells in enumerate(batch):
        assert (cells == whole[:, :, 16 * first : 16 * first + 64]).all()


@pytest.mark.parametrize("shift", SHIFTS)
def test_transposition(shift: int) -> None:
    piece = scale(4)
    windows = Windows([piece])
    (cells,) = windows.cells([0], [shift])
    back = to_piece(cells, windows.bars, lowest=windows.pitches[0])
    assert [replace(note, pitch=note.pitch - shift) for note in back.notes] == list(plain(piece).notes)


def test_what_transposition_moves_out_of_range_is_left_out() -> None:
    windows = Windows([Piece((Note(0, 24, STEP), Note(0, 60, STEP), Note(0, 95, STEP)), bars_of([(4, 4)] * 4))])
    for shift, pitches in ((0, [24, 60, 95]), (-5, [55, 90]), (6, [30, 66])):
        (cells,) = windows.cells([0], [shift])
        assert [note.pitch for note in to_piece(cells, windows.bars, lowest=24).notes] == pitches


def test_a_window_is_a_phrase_of_its_own() -> None:
    bars = bars_of([(4, 4)] * 6)
    before, on, after = Note(0, 60, 3000), Note(3000, 60, STEP), Note(9000, 50, 9000, LEFT)
    windows = Windows([Piece((before, on, after), bars)])
    (cells,) = windows.cells([1], [0])
    notes = to_piece(cells, windows.bars, lowest=24).notes
    assert notes == (Note(1080, 60, STEP), Note(7080, 50, 600, LEFT))
    assert not cells[RIGHT, HOLD].any()


def test_silent_windows_are_left_out() -> None:
    windows = Windows([Piece((Note(0, 60, 99 * TICKS),), bars_of([(4, 4)] * 6))])
    assert windows.places == [(0, 0)]


def test_windows_that_the_grid_would_bend_are_left_out() -> None:
    bars = bars_of([(4, 4)] * 5)
    even = [Note(place * STEP, 60, STEP) for place in range(16, 80)]
    triplets = [Note(place * TICKS // 3, 60, 100) for place in range(12)]
    piece = Piece((*triplets, *even), bars)
    assert Windows([piece]).places == [(0, 1)]
    assert Windows([piece], strays=8 / 60).places == [(0, 0), (0, 1)]
    assert Windows([piece], strays=7 / 60).places == [(0, 1)]
