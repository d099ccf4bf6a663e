"""New notes are as loud as those around them, and give way to them."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from genai_demo.music.theory.dynamics import has_dynamics, with_dynamics
from genai_demo.music.theory.joining import among_given
from genai_demo.music.theory.piece import LEFT, TICKS, VELOCITY, Note, Piece
from tests.helpers.music import bars_of, pieces

BAR = 4 * TICKS


def row(first: int, last: int, start: int = 0, pitch: int = 72, hand: int = 0) -> list[Note]:
    """Return sixteen quarters whose velocity goes from one to another."""
    return [
        Note(start + place * TICKS, pitch, TICKS, hand, first + (last - first) * place // 15) for place in range(16)
    ]


def loudness(new: list[Note], given: list[Note]) -> list[int]:
    return [note.velocity for note in with_dynamics(new, given)]


def test_the_same_loudness_is_taken_up_exactly() -> None:
    for velocity in (1, 72, 90, 127):
        new = [*row(5, 5, 4 * BAR), *row(5, 5, 4 * BAR, 50, LEFT)]
        assert set(loudness(new, row(velocity, velocity))) == {velocity}
    assert set(loudness(row(5, 5), [])) == {VELOCITY}
    assert with_dynamics([], row(30, 40)) == []


def test_behind_a_crescendo_it_is_loud_and_in_a_gap_between() -> None:
    crescendo = row(20, 110)
    assert all(90 <= velocity <= 110 for velocity in loudness(row(5, 5, 8 * BAR), crescendo))
    gap = [note for note in crescendo if not BAR <= note.start < 3 * BAR]
    filled = loudness([note for note in crescendo if BAR <= note.start < 3 * BAR], gap)
    assert filled == sorted(filled) and 30 < filled[0] < 60 < filled[-1] < 100


def test_what_accompanies_stays_as_far_below_the_melody() -> None:
    given = sorted([*row(90, 91), *row(60, 61, pitch=48, hand=LEFT)])
    assert all(59 <= velocity <= 62 for velocity in loudness(row(5, 5, 4 * BAR, 48, LEFT), given))
    assert all(89 <= velocity <= 92 for velocity in loudness(row(5, 5, 4 * BAR), given))
    under_a_melody = loudness(row(5, 5, pitch=48, hand=LEFT), row(80, 90))
    assert all(70 <= velocity < 84 for velocity in under_a_melody)


def test_dynamics_are_differences() -> None:
    assert has_dynamics(row(60, 61)) and not has_dynamics(row(60, 60)) and not has_dynamics([])


@given(pieces(), pieces())
def test_given_notes_are_not_touched(given_piece: Piece, other: Piece) -> None:
    joined = among_given(other.notes, given_piece.notes)
    assert set(given_piece.notes) <= set(joined)
    end = max(note.start for note in joined) + 1
    assert Piece(joined, bars_of([(4, 4)] * (end // BAR + 1))).faults() == []


def test_a_key_that_is_held_a_moment_longer_delays_a_new_note() -> None:
    held = Note(0, 60, 490)
    new = Note(480, 60, 240)
    assert among_given([new], [held]) == (held, replace(new, start=490, length=230))
    assert among_given([new], [replace(held, length=520)]) == (replace(held, length=520),)
    assert among_given([new], [held, Note(600, 60, 100)])[1] == replace(new, start=490, length=110)
