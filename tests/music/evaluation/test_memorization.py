"""Copies are found in any key, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genai_demo.music.evaluation.memorization import COMPARED_BARS, FEWEST, RUNS, CopyCheck, _Hashed, _strokes
from genai_demo.music.theory.piece import TICKS, Note, Piece, resolve_overlaps
from genai_demo.music.theory.statistics import excerpt
from tests.helpers.music import bars_of, pieces

SIXTEENTH = TICKS // 4


def random_piece(seed: int, bars: int = 12, per_bar: int = 8) -> Piece:
    random = np.random.default_rng(seed)
    line = bars_of([(4, 4)] * bars)
    notes = [
        Note(bar.start + int(step) * SIXTEENTH, int(random.integers(40, 80)), SIXTEENTH)
        for bar in line
        for step in random.choice(16, per_bar, replace=False)
    ]
    return Piece(resolve_overlaps(notes), line)


def moved(piece: Piece, semitones: int) -> Piece:
    return replace(piece, notes=tuple(replace(note, pitch=note.pitch + semitones) for note in piece.notes))


KNOWN = [random_piece(seed) for seed in range(5)]


@pytest.mark.parametrize("semitones", [0, -7, 5])
def test_a_copy_is_found_in_any_key(semitones: int) -> None:
    check = CopyCheck(KNOWN)
    copy = moved(excerpt(KNOWN[2], 3, 6), semitones)
    assert check.copied_stretches([copy]) == (3, 3), "six bars have three stretches of four"
    assert check.longest_runs([copy]) == [48], "six bars of eight notes"


def test_lengths_and_hands_do_not_hide_a_copy() -> None:
    notes = tuple(replace(note, length=note.length // 2, hand=1) for note in KNOWN[0].notes)
    assert CopyCheck(KNOWN).copied_stretches([replace(KNOWN[0], notes=notes)]) == (9, 9)


def test_one_other_note_makes_four_stretches_new() -> None:
    notes = list(KNOWN[1].notes)
    place = next(number for number, note in enumerate(notes) if KNOWN[1].bar_at(note.start) == 5)
    notes[place] = replace(notes[place], pitch=notes[place].pitch + 1)
    changed = Piece(resolve_overlaps(notes), KNOWN[1].bars)
    check = CopyCheck(KNOWN)
    assert check.copied_stretches([changed]) == (5, 9)
    assert check.longest_runs([changed]) == [48], "six bars after it, of which the first lacks a note"


def test_the_place_in_the_bar_counts_for_stretches_but_not_for_runs() -> None:
    later = replace(KNOWN[0], notes=tuple(replace(note, start=note.start + SIXTEENTH) for note in KNOWN[0].notes[:-8]))
    assert not later.faults()
    check = CopyCheck(KNOWN)
    assert check.copied_stretches([later])[0] == 0
    assert check.longest_runs([later]) == [80], "88 notes in a row"


def test_the_metre_counts_for_stretches() -> None:
    other = replace(KNOWN[0], bars=bars_of([(2, 2)] * 12))
    assert CopyCheck(KNOWN).copied_stretches([other])[0] == 9, "2/2 and 4/4 are counted otherwise, and as long"
    assert CopyCheck(KNOWN).copied_stretches([replace(KNOWN[0], bars=bars_of([(2, 4)] * 24))])[0] == 0


def test_new_music_is_new() -> None:
    check = CopyCheck(KNOWN)
    strangers = [random_piece(seed) for seed in range(100, 110)]
    assert check.copied_stretches(strangers) == (0, 90)
    assert max(check.longest_runs(strangers)) <= RUNS[0]


def test_stretches_with_few_notes_say_nothing() -> None:
    sparse = random_piece(0, per_bar=1)
    assert FEWEST > COMPARED_BARS
    assert CopyCheck([sparse]).copied_stretches([sparse]) == (0, 0)


@given(st.lists(pieces(most_bars=8), min_size=1, max_size=4))
@settings(max_examples=30)
def test_what_is_known_is_found_whatever_it_is(some: list[Piece]) -> None:
    check = CopyCheck(some)
    copied, stretches = check.copied_stretches(some)
    assert copied == stretches
    longest = check.longest_runs(some)
    assert all(length <= max(len(piece.notes), 0) for length, piece in zip(longest, some, strict=True))


@given(st.lists(pieces(grid=SIXTEENTH, most_bars=4), min_size=2, max_size=3), st.integers(2, 6))
@settings(max_examples=30)
def test_runs_are_those_of_a_slow_search(some: list[Piece], notes: int) -> None:
    known, wanted = (_Hashed([_strokes(piece) for piece in part]).runs(notes - 1)[0] for part in (some[:1], some[1:]))

    def slow(piece: Piece) -> list[tuple[tuple[int, int], ...]]:
        strokes = _strokes(piece)
        pairs = list(zip(strokes.steps.tolist(), strokes.keys.tolist(), strict=True))
        runs = [pairs[first : first + notes] for first in range(len(pairs) - notes + 1)]
        return [tuple((step - run[0][0], key - run[0][1]) for step, key in run) for run in runs]

    before = set(slow(some[0]))
    expected = [run in before for piece in some[1:] for run in slow(piece)]
    assert np.isin(wanted, known).tolist() == expected
