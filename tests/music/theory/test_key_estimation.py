"""Which key is heard: of scales, of melodies, beside a reference, and where there is nothing to hear."""

from __future__ import annotations

from dataclasses import replace

import music21
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from genai_demo.music.theory.key_estimation import estimate_key, estimate_key_or_c_major, profile_correlations
from genai_demo.music.theory.piece import ALL_KEYS, LEFT, TICKS, Key, Note


@given(st.sampled_from(ALL_KEYS), st.integers(0, 11))
def test_keys_are_heard_by_scale_and_chord(key: Key, shift: int) -> None:
    steps = (0, 2, 4, 5, 7, 9, 11) if key.mode == "major" else (0, 2, 3, 5, 7, 8, 11)
    chord = (0, 4, 7) if key.mode == "major" else (0, 3, 7)
    notes = [Note(TICKS * place, 60 + key.tonic + step, TICKS) for place, step in enumerate(steps)]
    notes += [Note(8 * TICKS, 48 + key.tonic + step, 4 * TICKS, LEFT) for step in chord]
    assert estimate_key(notes) == key
    moved = [replace(note, pitch=note.pitch - shift) for note in notes]
    assert estimate_key(moved) == key.transposed(-shift)


@pytest.mark.parametrize(
    ("melody", "key"),
    [
        ("60 60 67 67 69 69 67 65 65 64 64 62 62 60", Key(0, "major")),  # Ah ! vous dirai-je, maman
        ("66 66 67 69 69 67 66 64 62 62 64 66 66 64 64", Key(2, "major")),  # Ode to Joy
        ("69 72 74 76 77 76 74 71 67 69 71 72 69 69 68 69 71 68 64", Key(9, "minor")),  # Greensleeves
        ("65 67 69 65 65 67 69 65 69 70 72 69 70 72", Key(5, "major")),  # Frère Jacques
        ("57 60 64", Key(9, "minor")),
    ],
)
def test_melodies_alone(melody: str, key: Key) -> None:
    pitches = [int(pitch) for pitch in melody.split()]
    assert estimate_key([Note(place * TICKS, pitch, TICKS) for place, pitch in enumerate(pitches)]) == key


@hypothesis_settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(40, 90), st.integers(1, 8)), min_size=8, max_size=30))
def test_profiles_fit_as_well_as_music21_finds(sounding: list[tuple[int, int]]) -> None:
    fit = profile_correlations(
        [Note(place, pitch, length * TICKS // 8) for place, (pitch, length) in enumerate(sounding)]
    )
    stream = music21.stream.Stream()
    for pitch, length in sounding:
        stream.append(music21.note.Note(pitch, quarterLength=length / 8))
    found = music21.analysis.discrete.BellmanBudge().getSolution(stream)
    if fit is None:
        return
    ours = dict(zip(ALL_KEYS, fit, strict=True))
    for key in (found, *found.alternateInterpretations):
        assert ours[Key(key.tonic.pitchClass, key.mode)] == pytest.approx(key.correlationCoefficient, abs=1e-9)


def test_a_long_note_counts_for_no_more_than_a_quarter() -> None:
    scale = [Note(place * TICKS, pitch, TICKS) for place, pitch in enumerate((60, 62, 64, 65, 67, 69, 71, 72))]
    held = [*scale, Note(0, 54, 8 * TICKS, LEFT)]
    short = [*scale, Note(0, 54, TICKS, LEFT)]
    first, second = profile_correlations(held), profile_correlations(short)
    assert first is not None
    assert second is not None
    assert np.array_equal(first, second)


def test_no_key_is_heard_where_nothing_speaks_for_one() -> None:
    assert estimate_key([]) is None
    assert estimate_key([Note(0, 66, TICKS), Note(TICKS, 67, TICKS)]) is None
    assert estimate_key([Note(0, 60 + place, TICKS) for place in range(12)]) is None
    assert estimate_key_or_c_major([]) == Key(0, "major")
