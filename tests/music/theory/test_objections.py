"""What a pianist would object to, each by music in which it was planted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from genai_demo.music.theory.harmony import beat_length, clashes, clashing, harmonies
from genai_demo.music.theory.piece import LEFT, RIGHT, TICKS, Bar, Note, Piece, resolve_overlaps
from genai_demo.music.theory.playing import crossings, leaps, odd_bars, wide_spans
from tests.helpers.music import bars_of, tune


def piece(right: list[tuple[float, int, float]], left: list[tuple[float, int, float]], bars: int = 1) -> Piece:
    """Return a piece in 4/4 of notes (start in quarters, pitch, length in quarters) of both hands."""
    notes = [
        Note(round(start * TICKS), pitch, round(length * TICKS), hand)
        for hand, some in ((RIGHT, right), (LEFT, left))
        for start, pitch, length in some
    ]
    return Piece(resolve_overlaps(notes), bars_of([(4, 4)] * bars))


CHORD = [(0, 48, 4), (0, 52, 4), (0, 55, 4)]


def test_the_harmony_of_a_beat_is_what_sounds_in_it() -> None:
    some = piece([(2, 67, 2)], [(0, 48, 2), (0, 52, 2), (0, 55, 2), (2, 55, 2), (2, 59, 2), (2, 62, 2), (2, 65, 2)])
    found = [set(row.nonzero()[0].tolist()) for row in harmonies(some)]
    assert found == [{0, 4, 7}] * 2 + [{7, 11, 2, 5}] * 2, "a triad, and then a seventh"
    assert harmonies(piece([], []))[0].all(), "nothing is foreign to silence"
    assert [beat_length(Bar(0, *metre)) for metre in ((4, 4), (6, 8), (3, 8), (2, 2))] == [480, 720, 720, 960]


@pytest.mark.parametrize(
    ("tune_", "clash"),
    [
        ([(0, 66, 2), (2, 72, 2)], [66]),  # a tritone held against the chord, left by a leap
        ([(0, 66, 1), (1, 67, 3)], []),  # the same led on by step
        ([(0, 64, 1), (1, 65, 0.5), (1.5, 67, 2)], []),  # a passing note
        ([(0, 64, 3), (3, 67, 1)], []),  # chord notes may go anywhere
    ],
)
def test_what_is_foreign_to_the_chord_has_to_be_led_on(tune_: list[tuple[float, int, float]], clash: list[int]) -> None:
    some = piece(tune_, CHORD)
    assert [note.pitch for note in clashing(some)] == clash
    assert clashes(some) == len(clash) / len(some.notes)
    assert clashes(piece([], [])) is None


def test_a_note_may_come_before_its_chord() -> None:
    after = [(2, 53, 2), (2, 57, 2), (2, 60, 2)]
    early = piece([(1.5, 65, 0.5), (2, 72, 1)], [*((at, pitch, 2) for at, pitch, _ in CHORD), *after])
    assert clashing(early) == []


def test_planted_tritones_are_heard_in_any_music() -> None:
    for seed in range(5):
        some = tune(seed, 8)
        chord = next(note for note in some.notes if note.hand == LEFT)
        tritone = Note(chord.start + 2 * TICKS, 72 + (chord.pitch + 6) % 12, TICKS)
        # It stands alone: no note comes after it that could lead it on.
        others = [note for note in some.notes if note.hand == LEFT or note.start >= chord.end + TICKS]
        planted = replace(some, notes=resolve_overlaps([*others, tritone]))
        assert tritone in clashing(planted)


def test_spans_are_of_what_one_hand_holds_at_once() -> None:
    tenth = [(0, 48, 1), (0, 63, 1)]
    assert wide_spans(piece([], tenth)) == 1
    assert wide_spans(piece([], [(0, 48, 1), (0, 62, 1)])) == 0
    assert wide_spans(piece([(0, 63, 1)], [(0, 48, 1)])) == 0, "two hands reach any distance"
    assert wide_spans(piece([], [(0, 48, 2), (1, 64, 1), (2, 64, 1)])) == pytest.approx(1 / 3), "what is held counts"
    assert wide_spans(piece([], [])) is None


def test_leaps_are_counted_from_the_nearest_key() -> None:
    assert leaps(piece([], [(0, 36, 1), (1, 52, 1), (1, 55, 1), (2, 36, 1)])) == 2
    assert leaps(piece([], [(0, 36, 1), (0, 48, 1), (1, 52, 1)])) == 0, "the upper key of an octave is near"
    assert leaps(piece([(0, 60, 1), (1, 72, 1)], [(0, 40, 1), (1, 28, 1)], bars=2)) == 0, "an octave is none"


def test_hands_cross_where_the_left_lies_above_the_right() -> None:
    assert crossings(piece([(0, 60, 4)], [(0, 48, 1), (1, 64, 1), (2, 48, 1), (3, 48, 1)])) == pytest.approx(1 / 4)
    assert crossings(piece([(0, 60, 1)], [(1, 64, 1)])) is None, "one after the other they do not cross"


def test_a_bar_is_odd_if_no_other_has_its_texture() -> None:
    line = [(4 * bar + beat, 60 + beat, 1.0) for bar in range(4) for beat in range(4)]
    bass = [(4 * bar, 48, 4.0) for bar in range(4)]
    assert odd_bars(piece(line, bass, 4)) == 0
    busy = [*line[:12], *((12 + place / 4, 60 + place % 5, 0.25) for place in range(16))]
    assert odd_bars(piece(busy, bass, 4)) == pytest.approx(1 / 4), "four times as many strikes"
    thick = [*line, *((12 + beat, pitch + beat, 1.0) for beat in range(4) for pitch in (64, 67))]
    assert odd_bars(piece(thick, bass, 4)) == pytest.approx(1 / 4), "three keys at once"
    assert odd_bars(piece(line, bass[:3], 4)) == pytest.approx(1 / 4), "a hand that is silent"
    assert odd_bars(piece(line[:4], [], 4)) is None
