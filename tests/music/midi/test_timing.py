"""What was played freely gets the beats that are heard; what was typed, or follows its beats, stays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.music.midi.beats import beats_fit, track_beats
from genai_demo.music.midi.timing import in_time, uneven_notes
from genai_demo.music.theory.piece import LEFT, TICKS, Note, Piece
from tests.helpers.music import bars_of, tune

TEMPOS = [(0, 500_000)]


def shifted(piece: Piece, ticks: int) -> Piece:
    return replace(piece, notes=tuple(replace(note, start=note.start + ticks) for note in piece.notes))


def performed(piece: Piece, beat: float, jitter: float, lead: float = 1.0) -> Piece:
    """Return a piece as someone plays it in `beat` seconds a quarter, written down at 120 without regard to beats."""
    chance = np.random.default_rng(1)

    def tick(place: int) -> int:
        # The tempo wanders by a twentieth.
        quarters = place / TICKS
        seconds = lead + beat * (quarters + 0.05 * 8 / np.pi * np.sin(quarters * np.pi / 8))
        return round(seconds * 2 * TICKS)

    notes = []
    for note in piece.notes:
        start = tick(note.start) + round(float(chance.normal(0, jitter)) * 2 * TICKS)
        notes.append(replace(note, start=start, length=max(1, tick(note.end) - start - 20)))
    count = max(note.end for note in notes) // (4 * TICKS) + 1
    return Piece(tuple(sorted(notes)), bars_of([(4, 4)] * count), None, 120.0, ((notes[0].start, notes[9].start),))


@pytest.mark.parametrize("beat", [0.55, 0.6, 0.7])
def test_beats_are_found_again(beat: float) -> None:
    score = tune(3, 20)
    played = performed(score, beat, 0.012)
    found, done = in_time(played, TEMPOS)
    assert [key for key, _ in done] == ["music.beats_tracked"]
    assert found.faults() == []
    assert found.tempo == pytest.approx(60 / beat, rel=0.05)
    assert abs(len(found.bars) - 20) <= 1
    assert found.seconds == pytest.approx(20 * 4 * beat, rel=0.05)
    near = sum(min(note.start % TICKS, -note.start % TICKS) < 40 for note in found.notes)
    assert near > 0.95 * len(found.notes)
    assert len(found.pedal) == 1


def test_many_tempi_were_stated_for_the_sake_of_the_beats() -> None:
    played = performed(tune(3, 20), 0.6, 0.012)
    assert in_time(played, [(number, 500_000 + number) for number in range(8)]) == (played, [])
    few = replace(played, notes=played.notes[:31])
    assert in_time(few, TEMPOS) == (few, []), "of so few notes nobody can tell"


@pytest.mark.parametrize("metre", [(4, 4), (3, 4), (6, 8)])
def test_what_was_typed_stays(metre: tuple[int, int]) -> None:
    assert in_time(tune(1, 20, metre), TEMPOS) == (tune(1, 20, metre), [])


@pytest.mark.parametrize("offset", [-20, -3, 3, 17, 50])
def test_what_is_off_all_beats_alike_moves(offset: int) -> None:
    score = tune(1)
    late = shifted(score, offset + TICKS)
    found, done = in_time(replace(late, bars=bars_of([(4, 4)] * 21)), TEMPOS)
    assert done == [("music.offset_undone", abs(offset))]
    assert found.notes == shifted(score, TICKS).notes


@pytest.mark.parametrize("offset", [-2, 1, 60, 80])
def test_a_tick_or_two_or_a_note_value_is_no_offset(offset: int) -> None:
    piece = replace(shifted(tune(1), TICKS + offset), bars=bars_of([(4, 4)] * 22))
    assert in_time(piece, TEMPOS) == (piece, [])


@pytest.mark.parametrize("least", [0, -7])
def test_what_a_sequencer_made_human_stays(least: int) -> None:
    chance = np.random.default_rng(1)
    score = shifted(tune(1), TICKS)
    notes = [replace(note, start=note.start + int(chance.integers(least, least + 8))) for note in score.notes]
    piece = replace(score, notes=tuple(sorted(notes)), bars=bars_of([(4, 4)] * 22))
    assert in_time(piece, TEMPOS) == (piece, [])


@given(st.lists(st.integers(0, 50_000), min_size=40, max_size=200))
def test_any_onsets_have_beats(places: list[int]) -> None:
    onsets = np.sort(np.array(places)) / 960
    beats = track_beats(onsets, np.ones(len(onsets)))
    assert len(beats) >= 1 and (np.diff(beats) > 0).all()


def test_quarters_and_triplets_fit_and_chance_does_not() -> None:
    assert beats_fit([number * TICKS for number in range(40)])
    assert beats_fit([number * 160 for number in range(40)])
    assert beats_fit([number * 96 for number in range(40)])
    assert beats_fit([number * 720 // 11 for number in range(400)]), "eleven in a dotted quarter"
    assert not beats_fit([20 * (number * 17 + number**2 % 11) for number in range(400)]), "24 ticks a quarter"
    assert not beats_fit([number * 337 + number**2 % 41 for number in range(400)])


def test_groups_of_five_are_counted() -> None:
    five = [Note(960 + number * 96, 60 + number, 96) for number in range(5)]
    assert uneven_notes(five) == 4
    assert uneven_notes([*five[:3], *five[4:]]) == 0
    assert uneven_notes([replace(five[0], hand=LEFT), *five[1:]]) == 4
    assert uneven_notes([Note(number * 160, 60, 160) for number in range(6)]) == 0
    assert uneven_notes([Note(number * 480 // 7, 60, 60) for number in range(7)]) == 6
