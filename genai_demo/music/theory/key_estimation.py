"""Estimates which key music is in; imports no torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genai_demo.music.theory.piece import ALL_KEYS, TICKS, Key, Note

_PROFILES = {
    "major": (16.8, 0.86, 12.95, 1.41, 13.49, 11.93, 1.25, 20.28, 1.8, 8.04, 0.62, 10.57),
    "minor": (18.16, 0.69, 12.99, 13.34, 1.07, 11.15, 1.38, 21.07, 7.49, 1.53, 0.92, 10.21),
}
"""percentage of each pitch class above the tonic in music of a key (Bellman 2005, after Budge 1943)

Counted in music like ours, they hear the key of many more pieces right than profiles of how well listeners find that
a pitch fits (Krumhansl and Kessler 1982), which take the dominant for the tonic.
"""
_LONGEST = TICKS
"""ticks that a note counts at most: pedal points and final chords would drown the rest"""
_END = 0.05
"""by how much a key gains that has its tonic in the bass where music begins, and the same where it ends

Chosen, with `_LONGEST`, on training and validation pieces: the keys of their beginnings, of whole pieces and of their
melodies alone.
"""
_FEWEST = 3
"""pitch classes without which there is no telling"""
_EXPECTED = np.array([np.roll(_PROFILES[key.mode], key.tonic) for key in ALL_KEYS])  # (24, 12)


def estimate_key(notes: Sequence[Note]) -> Key | None:
    """Return the key that music is most likely in; None where it has fewer than three pitch classes, or all alike.

    Its profile goes best with how long each pitch class sounds, by correlation (Krumhansl 1990, chapter 4, the
    algorithm of Krumhansl and Schmuckler); what stands in the bass at both ends has a small say.
    """
    fit = profile_correlations(notes)
    if fit is None or len({note.pitch % 12 for note in notes}) < _FEWEST:
        return None
    return ALL_KEYS[int(with_ends(fit, notes).argmax())]


def with_ends(fit: np.ndarray, notes: Sequence[Note]) -> np.ndarray:
    """Return how well each of `ALL_KEYS` fits, (24,), once the bass at both ends of some notes has had its say."""
    for bass in bass_at_ends(notes):
        fit = fit + _END * np.array([key.tonic == bass for key in ALL_KEYS])
    return fit


def bass_at_ends(notes: Sequence[Note]) -> tuple[int, int]:
    """Return the pitch class of the lowest note where some notes, at least one, begin and where they end."""
    first, last = min(note.start for note in notes), max(note.start for note in notes)
    begin = min(note.pitch for note in notes if note.start == first)
    end = min(note.pitch for note in notes if note.end > last)
    return begin % 12, end % 12


def estimate_key_or_c_major(notes: Sequence[Note]) -> Key:
    """Return the estimated key, or C major where there is none."""
    return estimate_key(notes) or Key(0, "major")


def key_fit(notes: Sequence[Note], key: Key | None) -> float:
    """Return 1 for notes estimated to be in a key, 0 if in none or if it is not known, below 0 for another one.

    For another one it is by how much the profile of `key` fits less well than the best, -2 at least; for silence -3.
    """
    estimated, fit = estimate_key(notes), profile_correlations(notes)
    if not notes or key is None or estimated is None or fit is None:
        return 0.0 if notes else -3.0
    return 1.0 if estimated == key.sounding else float(fit[ALL_KEYS.index(key.sounding)] - fit.max())


def profile_correlations(notes: Sequence[Note]) -> np.ndarray | None:
    """Return how well the profile of each of `ALL_KEYS` goes with the pitch classes, (24,), -1 to 1; None if all alike.

    Args:
        notes: none of them counts for more than a quarter note.
    """
    classes = sounding_classes(notes)
    if classes.std() == 0:
        return None
    return np.corrcoef(classes, _EXPECTED)[0, 1:]


def sounding_classes(notes: Sequence[Note]) -> np.ndarray:
    """Return the ticks (12,) for which each pitch class sounds, none of the notes counted for more than a quarter."""
    classes = np.zeros(12)
    for note in notes:
        classes[note.pitch % 12] += min(note.length, _LONGEST)
    return classes
