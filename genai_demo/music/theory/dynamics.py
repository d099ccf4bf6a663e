"""How loud new notes are among given ones."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from genai_demo.music.theory.piece import RIGHT, TICKS, VELOCITY, Note

_REACH = 4 * TICKS
"""ticks after which a note has e times less to say"""
_NEAREST = 48
"""given notes on each side that are heard"""
_BELOW = -8.0
"""velocity of what accompanies, on top of the melody's, where only one of them is given and its dynamics vary"""


def with_dynamics(new: Sequence[Note], given: Sequence[Note]) -> list[Note]:
    """Return new notes, each as loud as what is given around it.

    That is the mean of the given notes' velocities, the nearer the more, so that between soft and loud music lies what
    leads from the one to the other. The right hand's top notes, and those that accompany them, differ by as much as
    among the given ones.

    Args:
        new: in any order.
        given: in the order of their start.
    """
    if not given or not new:
        return [replace(note, velocity=VELOCITY) for note in new]
    sings = _melody([*given, *new])
    velocities = np.array([note.velocity for note in given], float)
    singing = np.array([note in sings for note in given])
    below = _below(velocities, singing)
    levels = velocities - below * ~singing
    starts = [note.start for note in given]
    ticks = np.array(starts)

    def velocity(note: Note) -> int:
        place = bisect_left(starts, note.start)
        near = slice(max(0, place - _NEAREST), place + _NEAREST)
        distances = np.abs(ticks[near] - note.start)
        weights = np.exp((distances.min() - distances) / _REACH)
        level = float(weights @ levels[near] / weights.sum()) + below * (note not in sings)
        return min(max(round(level), 1), 127)

    return [replace(note, velocity=velocity(note)) for note in new]


def has_dynamics(notes: Iterable[Note]) -> bool:
    """Return whether some notes are louder than others."""
    return len({note.velocity for note in notes}) > 1


def _melody(notes: Iterable[Note]) -> set[Note]:
    """Return the right hand's top notes."""
    tops: dict[int, Note] = {}
    for note in notes:
        if note.hand == RIGHT and (note.start not in tops or tops[note.start].pitch < note.pitch):
            tops[note.start] = note
    return set(tops.values())


def _below(velocities: np.ndarray, singing: np.ndarray) -> float:
    """Return by how much louder what accompanies is than the melody, mostly below 0."""
    if singing.any() and not singing.all():
        return float(velocities[~singing].mean() - velocities[singing].mean())
    return _BELOW if velocities.min() < velocities.max() else 0.0
