"""What a pianist would object to: hands that reach too far, leap or cross, and bars like no other; imports no torch."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from genai_demo.music.theory.piece import LEFT, RIGHT, TICKS, Note, Piece

TENTH = 15
"""semitones of the smallest tenth, which few hands reach"""
OCTAVE = 12
_MORE_OFTEN = 0.585
"""binary logarithm of the factor, 1.5, by which the strikes per quarter note of bars with one texture may differ"""
_THICKER = 0.75
"""keys per strike by which they may"""
_HIGHER = 7
"""semitones between their mean pitches"""


def wide_spans(piece: Piece) -> float | None:
    """Return the share of strikes of a hand at which it holds keys a tenth or more apart; None without notes."""
    spans = [
        max(note.pitch for note in held) - min(note.pitch for note in held)
        for hand in (RIGHT, LEFT)
        for held in _held_at_strikes(_of(piece, hand))
    ]
    return sum(span >= TENTH for span in spans) / len(spans) if spans else None


def leaps(piece: Piece) -> float:
    """Return how often in a bar a hand moves on to keys of which the nearest lies more than an octave away."""
    count = 0
    for hand in (RIGHT, LEFT):
        for before, after in pairwise(_strikes(_of(piece, hand))):
            gap = max(after[0] - before[-1], before[0] - after[-1])
            count += gap > OCTAVE
    return count / len(piece.bars)


def crossings(piece: Piece) -> float | None:
    """Return the share of the moments at which both hands hold keys, and one strikes, with the left above the right.

    None where they never play together.
    """
    together = crossed = 0
    for held in _held_at_strikes(list(piece.notes)):
        right = [note.pitch for note in held if note.hand == RIGHT]
        left = [note.pitch for note in held if note.hand == LEFT]
        if right and left:
            together += 1
            crossed += max(left) > min(right)
    return crossed / together if together else None


def odd_bars(piece: Piece) -> float | None:
    """Return the share of bars, those in which nothing is struck left out, whose texture no other bar has.

    Two bars are alike if each hand strikes about as often in both, as many keys at once, and in one register. None
    where there are not two bars.
    """
    textures = _textures(piece)  # (bars, 2, 3)
    textures = textures[(textures[:, :, 0] > 0).any(1)]
    if len(textures) < 2:
        return None
    silent = textures[:, :, 0] == 0  # (bars, 2)
    textures[:, :, 0] = np.log2(np.where(silent, 1.0, textures[:, :, 0]))
    often, keys, pitch = np.abs(textures[:, None] - textures).transpose(3, 0, 1, 2)  # (bars, bars, 2) each
    alike = (often <= _MORE_OFTEN) & (keys <= _THICKER) & (pitch <= _HIGHER) & (silent[:, None] == silent)
    return float((alike.all(2).sum(1) <= 1).mean())


def _textures(piece: Piece) -> np.ndarray:
    """Return for each bar and hand its strikes per quarter note, keys per strike, and mean pitch: (bars, 2, 3)."""
    found = np.zeros((len(piece.bars), 2, 3))
    groups: dict[tuple[int, int], list[Note]] = {}
    for note in piece.notes:
        groups.setdefault((piece.bar_at(note.start), note.hand), []).append(note)
    for (bar, hand), notes in groups.items():
        strikes = len({note.start for note in notes})
        often = strikes * TICKS / piece.bars[bar].length
        found[bar, hand] = often, len(notes) / strikes, sum(note.pitch for note in notes) / len(notes)
    return found


def _of(piece: Piece, hand: int) -> list[Note]:
    return [note for note in piece.notes if note.hand == hand]


def _strikes(notes: list[Note]) -> list[list[int]]:
    """Return the pitches that are struck at each moment, from the lowest up, in the order of time."""
    at: dict[int, list[int]] = {}
    for note in notes:
        at.setdefault(note.start, []).append(note.pitch)
    return [sorted(at[tick]) for tick in sorted(at)]


def _held_at_strikes(notes: list[Note]) -> Iterator[list[Note]]:
    """Yield the notes that are held at each moment at which one is struck."""
    held: list[Note] = []
    at: dict[int, list[Note]] = {}
    for note in notes:
        at.setdefault(note.start, []).append(note)
    for tick in sorted(at):
        held = [note for note in held if note.end > tick] + at[tick]
        yield held
