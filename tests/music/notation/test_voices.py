"""Played notes become written ones: on a grid, in whole bars, in voices that a pianist can follow."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given

from genai_demo.music.notation.note_values import GRIDS
from genai_demo.music.notation.quantizing import quantize_for_score
from genai_demo.music.notation.voices import measures, voices
from genai_demo.music.theory.piece import LEFT, RIGHT, Bar, Note, Piece
from tests.helpers.scores import any_pieces, bars, grid_pieces, piece


def lines(made: Piece, hand: int = RIGHT, bar: int = 0) -> list[list[tuple[int, ...]]]:
    """Return the pitches of every event of each voice of a bar."""
    notes = quantize_for_score(made)
    return [
        [tuple(notes[place].pitch for place in event.notes) for event in line]
        for line in voices(notes, measures(made))[bar][hand]
    ]


@given(grid_pieces())
def test_voices_fill_every_bar_and_hold_every_note(piece: Piece) -> None:
    notes, frames = quantize_for_score(piece), measures(piece)
    for frame, hands in zip(frames, voices(notes, frames), strict=True):
        for hand, found in hands.items():
            assert 1 <= len(found) <= 2
            for line in found:
                assert line[0].start == frame.offset and line[-1].end == frame.offset + frame.bar.length
                assert all(one.end == other.start for one, other in itertools.pairwise(line))
            sounding = {place for line in found for event in line for place in event.notes}
            assert sounding == {
                place
                for place, note in enumerate(notes)
                if note.hand == hand and note.start < frame.bar.end and note.end > frame.bar.start
            }


def test_chords_of_equal_length_need_one_voice() -> None:
    assert lines(piece([(0, 1, 60), (0, 1, 64), (0, 1, 67), (1, 3, 72)])) == [[(60, 64, 67), (72,)]]


def test_a_waltz_has_its_bass_below() -> None:
    made = piece([], [(0, 3, 36), (1, 1, 55), (1, 1, 60), (2, 1, 55), (2, 1, 60)], [(3, 4)])
    assert lines(made, LEFT) == [[(), (55, 60), (55, 60)], [(36,)]]


def test_a_melody_stays_above_what_moves_below_it() -> None:
    made = piece([(0, 2, 76), (0.5, 0.5, 67), (1, 0.5, 64), (1.5, 0.5, 67), (2, 2, 74), (2, 1, 65), (3, 1, 67)])
    assert lines(made) == [[(76,), (74,)], [(), (67,), (64,), (67,), (65,), (67,)]]


def test_what_moves_within_a_held_octave_lies_below_it() -> None:
    made = piece([(0, 3, 64), (0, 3, 76), (0, 2, 73), (2, 1, 71)], metres=[(3, 4)])
    assert lines(made) == [[(64, 76)], [(73,), (71,)]]


def test_only_crowded_bars_have_two_voices() -> None:
    made = piece([(0, 2, 76), (1, 1, 60), (4, 4, 72), (8, 5, 72), (10, 2, 64)], metres=[(4, 4)] * 4)
    assert [len(lines(made, bar=bar)) for bar in range(4)] == [2, 1, 2, 1]


def test_three_lengths_at_once_are_tied_into_two_voices() -> None:
    assert len(lines(piece([(0, 1, 60), (0, 2, 64), (0, 4, 67)]))) == 2


@given(any_pieces())
def test_moving_onto_a_grid_moves_little_and_once(piece: Piece) -> None:
    written = quantize_for_score(piece)
    assert Piece(tuple(written), piece.bars).faults() == []
    assert {note.pitch for note in written} == {note.pitch for note in piece.notes}
    for note in written:
        near = [other.start for other in piece.notes if other.pitch == note.pitch]
        assert min(abs(start - note.start) for start in near) <= 2 * GRIDS[0]
    assert all(note.end <= piece.end for note in written)


@pytest.mark.parametrize("released", [0.8, 0.9, 0.95, 0.98, 1.02])
def test_keys_let_go_early_leave_no_rests(released: float) -> None:
    starts = [0, 480, 720, 960, 1440, 1560]
    held = [480, 240, 240, 480, 120, 360]
    notes = tuple(Note(s, 60 + n, round(h * released)) for n, (s, h) in enumerate(zip(starts, held, strict=True)))
    assert [note.length for note in quantize_for_score(Piece(notes, bars((4, 4))))] == held


def test_uneven_playing_is_put_straight() -> None:
    notes = tuple(Note(max(0, 240 * n + (-1) ** n * 9), 60 + n, 230) for n in range(8))
    assert [note.start for note in quantize_for_score(Piece(notes, bars((4, 4))))] == [240 * n for n in range(8)]


def test_measures_count_from_the_pick_up() -> None:
    assert [frame.number for frame in measures(piece([], metres=[(4, 4), (4, 4)]))] == [1, 2]
    pick_up, first, last = measures(piece([], metres=[(1, 4), (3, 4), (2, 4)]))
    assert (pick_up.number, pick_up.offset, pick_up.time_signature.beats) == (0, 960, 3)
    assert (first.number, first.offset) == (1, 0)
    assert (last.bar, last.time_signature) == (Bar(1920, 2, 4), first.time_signature)
