"""Probabilities of a roll as they were before anything was decided; imports no torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from genai_demo.music.theory.piece import PITCHES, STEP, Piece
from genai_demo.music.tokens.roll import PIANO_KEYS

_DIGITS = 9
"""what stands for 1 in the short form"""


@dataclass(frozen=True)
class Heat:
    """How probable each key was in each sixteenth."""

    probabilities: np.ndarray
    """float32 (T, 88), 0 for what the model did not write"""
    written: np.ndarray
    """bool (T,): steps of which something was written"""

    def digits(self) -> list[str]:
        """Return a string of 88 digits for each step, 9 for 1; "" where nothing was written."""
        rows = np.rint(self.probabilities * _DIGITS).astype(int)
        return ["".join(map(str, row)) if there else "" for row, there in zip(rows, self.written, strict=True)]

    def cells(self, least: float = 0.01) -> list[tuple[int, int, float]]:
        """Return tick, pitch and probability of all cells that have at least some."""
        places = np.argwhere(self.probabilities >= least).tolist()
        return [(step * STEP, PITCHES[0] + key, round(float(self.probabilities[step, key]), 6)) for step, key in places]


class Painting:
    """A heat map in the making.

    Args:
        piece: that it lies under.
    """

    def __init__(self, piece: Piece) -> None:
        self._piece = piece
        steps = -(-piece.end // STEP)
        self._probabilities, self._written = np.zeros((steps, PIANO_KEYS), np.float32), np.zeros(steps, bool)

    def add(self, step: int, lowest: int, probabilities: np.ndarray) -> None:
        """Put the probabilities (T, P) of P keys from a pitch up into some steps, over lower ones that are there."""
        for offset, row in enumerate(probabilities):
            if not 0 <= step + offset < len(self._written):
                continue
            self._written[step + offset] = True
            first = lowest - PITCHES[0]
            there = slice(max(0, first), min(PIANO_KEYS, first + len(row)))
            own = row[there.start - first : there.stop - first]
            self._probabilities[step + offset, there] = np.maximum(self._probabilities[step + offset, there], own)

    def done(self) -> Heat:
        """Return the heat map."""
        return Heat(self._probabilities, self._written)
