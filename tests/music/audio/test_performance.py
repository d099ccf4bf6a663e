"""Pieces are played with expression, always the same one, and in time."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.music.audio.performance import bar_times, pedal_by_harmony, perform, seconds_at
from genai_demo.music.theory.piece import TICKS, Note, Piece
from tests.helpers.scores import any_pieces, bars, piece

WALTZ = piece(
    [(0, 3, 76), (3, 1, 74), (4, 2, 72)],
    [(0, 1, 36), (1, 1, 55), (2, 1, 55), (3, 1, 43), (4, 1, 53), (5, 1, 53)],
    [(3, 4)] * 2,
)


@given(any_pieces(), st.booleans())
def test_every_note_is_played_in_its_time(piece: Piece, ritardando: bool) -> None:
    played = perform(piece, ritardando)
    assert played == perform(piece, ritardando)
    for note, sounding in zip(piece.notes, played, strict=True):
        assert sounding.pitch == note.pitch and 1 <= sounding.velocity <= 127
        assert 0 <= sounding.start - seconds_at(piece, note.start, ritardando) < 0.03
        assert sounding.end >= seconds_at(piece, note.end, ritardando) > sounding.start


@given(any_pieces())
def test_the_pedal_never_holds_a_key_into_its_next_stroke(piece: Piece) -> None:
    by_key: dict[int, list[tuple[float, float]]] = {}
    for sounding in perform(piece):
        by_key.setdefault(sounding.pitch, []).append((sounding.start, sounding.end))
    for strokes in by_key.values():
        assert all(one[1] <= other[0] + 0.03 for one, other in pairwise(strokes))


def test_the_melody_sings_above_the_rest() -> None:
    chord = perform(piece([(0, 1, 76), (0, 1, 67)], [(0, 1, 48), (0, 1, 55)]))
    melody, bass = chord[-1], chord[0]
    assert melody.velocity > bass.velocity > max(inner.velocity for inner in chord[1:-1])


def test_what_moves_below_a_held_melody_accompanies_it() -> None:
    held, inner, after = perform(piece([(0, 2, 76), (1, 1, 64), (2, 1, 65)]))
    assert inner.velocity < after.velocity < held.velocity + 10


def test_downbeats_and_the_middle_of_a_phrase_are_louder() -> None:
    line = perform(piece([(quarter, 1, 60 + quarter % 2) for quarter in range(16)], metres=[(4, 4)] * 4))
    assert line[4].velocity > line[5].velocity
    assert line[8].velocity > line[0].velocity


def test_velocities_of_the_piece_count() -> None:
    soft, loud = (perform(Piece((Note(0, 60, 480, 0, velocity),), bars((4, 4))))[0].velocity for velocity in (40, 90))
    assert loud - soft == 50


def test_a_chord_is_led_by_its_top() -> None:
    starts = [note.start for note in perform(piece([(0, 1, 60), (0, 1, 64), (0, 1, 67)]))]
    assert starts == sorted(starts, reverse=True) and starts[-1] == 0


def test_a_ritardando_slows_the_last_bar_only() -> None:
    times = bar_times(WALTZ)
    assert times[:2] == bar_times(WALTZ, ritardando=False)[:2] == [0, 3 * 60 / 96]
    plain = bar_times(WALTZ, ritardando=False)[-1]
    assert plain == pytest.approx(WALTZ.seconds)
    assert plain * 1.05 < times[-1] < plain * 1.5
    assert seconds_at(WALTZ, WALTZ.end + TICKS) > times[-1]


@given(any_pieces(), st.lists(st.integers(0, 6000), min_size=2))
def test_time_runs_forward(piece: Piece, ticks: list[int]) -> None:
    ordered = sorted(set(ticks))
    times = [seconds_at(piece, tick) for tick in ordered]
    assert all(one < other for one, other in pairwise(times))


def test_the_pedal_changes_with_bars_and_with_the_bass() -> None:
    assert pedal_by_harmony(WALTZ) == ((0, 1440), (1440, 2880)), "chords above the bass change nothing"
    walking = piece([], [(0, 1, 48), (1, 1, 60), (2, 1, 43), (3, 1, 59)])
    assert pedal_by_harmony(walking) == ((0, 960), (960, 1920))


def test_the_pedal_carries_the_bass_under_its_chords() -> None:
    bass = next(note for note in perform(WALTZ, ritardando=False) if note.pitch == 36)
    assert bass.end == pytest.approx(seconds_at(WALTZ, 1440, ritardando=False))


def test_a_run_stays_clear() -> None:
    run = perform(piece([(n / 2, 0.5, pitch) for n, pitch in enumerate((60, 62, 64, 65, 67))]), ritardando=False)
    assert all(one.end == pytest.approx(other.start) for one, other in pairwise(run[:4]))


def test_a_pedal_of_its_own_holds_everything() -> None:
    made = piece([(0, 0.5, 60), (0.5, 0.5, 62), (3, 0.5, 64)])
    held = Piece(made.notes, made.bars, made.key, made.tempo, ((0, 960),))
    ends = [note.end for note in perform(held, ritardando=False)]
    assert ends == pytest.approx([seconds_at(held, tick, False) for tick in (960, 960, 1680)])
