"""How much of some music stands in other music, in any key; imports no torch.

All music is compared on the grid of sixteenths, as the order in which keys are struck: each note by how many steps and
semitones it lies beyond the one before. Equal runs of such pairs are equal music in some key; lengths do not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from genai_demo.engine.data.parallel import in_processes
from genai_demo.music.theory.piece import STEP, Piece
from genai_demo.music.tokens.columns import onsets_of

BARS = 4
"""bars of the stretches that are looked up"""
FEWEST = 8
"""notes in a stretch; shorter ones say nothing"""
RUNS = (4, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256)
"""notes of the runs that are looked up"""
Hashes = npt.NDArray[np.uint64]

_BASE = 0x9E3779B97F4A7C15
"""odd, so that it has an inverse modulo 2^64"""


@dataclass(frozen=True)
class _Strokes:
    """What of a piece is compared."""

    steps: npt.NDArray[np.int64]
    """(N,) step of each note, rising"""
    keys: npt.NDArray[np.int64]
    """(N,) rising among those of one step"""
    bars: npt.NDArray[np.int64]
    """(bars + 1,) first step of each bar, and the end"""


def _strokes(piece: Piece) -> _Strokes:
    strokes = onsets_of(piece)
    steps, keys = strokes.steps.astype(np.int64), strokes.keys.astype(np.int64)
    order = np.lexsort((keys, steps))
    bars = [*(bar.start for bar in piece.bars), piece.end]
    return _Strokes(steps[order], keys[order], np.array(bars, np.int64) // STEP)


class _Line:
    """All pieces end to end, hashed so that any run of notes has a number that does not depend on its key.

    The number of a run is the sum of what its notes after the first are hashed to, times rising powers of `_BASE`,
    modulo 2^64.
    """

    def __init__(self, pieces: Sequence[_Strokes]) -> None:
        lengths = [len(piece.steps) for piece in pieces]
        self.piece = np.repeat(np.arange(len(pieces)), lengths)
        """(N,) number of each note's piece"""
        steps = np.concatenate([np.zeros(0, np.int64), *(piece.steps for piece in pieces)])
        keys = np.concatenate([np.zeros(0, np.int64), *(piece.keys for piece in pieces)])
        moves = (np.diff(steps, prepend=0) * 256 + np.diff(keys, prepend=0) + 128).astype(np.uint64)
        count = len(moves)
        powers, self._inverse = (_powers(base, count + 1) for base in (_BASE, pow(_BASE, -1, 2**64)))
        self._sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(_mixed(moves) * powers[1:])])
        self._pieces = pieces
        self._firsts = np.concatenate([[0], np.cumsum(lengths)])

    def runs(self, notes: int) -> tuple[Hashes, npt.NDArray[np.int64]]:
        """Return the hash of every run of `notes` notes, and the number of its piece."""
        first = np.arange(max(0, len(self.piece) - notes + 1))
        first = first[self.piece[first] == self.piece[first + notes - 1]]
        return self._between(first, first + notes), self.piece[first]

    def stretches(self) -> tuple[Hashes, npt.NDArray[np.int64]]:
        """Return the hash of every stretch of `BARS` bars with at least `FEWEST` notes, and the number of its piece.

        Where in its bar the first note stands, how many there are, and how long the bars are counts as well.
        """
        hashes, owners = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
        for number, (piece, offset) in enumerate(zip(self._pieces, self._firsts.tolist(), strict=False)):
            start, end = piece.bars[:-BARS], piece.bars[BARS:]
            low, high = np.searchsorted(piece.steps, start), np.searchsorted(piece.steps, end)
            enough = high - low >= FEWEST
            start, low, high = start[enough], low[enough], high[enough]
            form = _mixed(
                (piece.steps[low] - start).astype(np.uint64) * np.uint64(4096) + (high - low).astype(np.uint64)
            )
            for bar in range(1, BARS + 1):
                length = (piece.bars[bar:] - piece.bars[:-bar])[: len(enough)][enough]
                form = _mixed(form + length.astype(np.uint64))
            hashes.append(self._between(low + offset, high + offset) + form)
            owners.append(np.full(len(low), number))
        return np.concatenate(hashes), np.concatenate(owners)

    def _between(self, first: npt.NDArray[np.int64], end: npt.NDArray[np.int64]) -> Hashes:
        """Return the hash of the notes from `first` up to `end`, each (R,)."""
        return (self._sums[end] - self._sums[first + 1]) * self._inverse[first + 1]


class CopyCheck:
    """Looks for music in what a model has learnt from.

    Args:
        training: pieces.
    """

    def __init__(self, training: Sequence[Piece]) -> None:
        self._known = _Line(list(in_processes(_strokes, training)))
        self._stretches = np.unique(self._known.stretches()[0])

    def copied_stretches(self, pieces: Sequence[Piece]) -> tuple[int, int]:
        """Return how many stretches of `BARS` bars stand in the training data in some key, and of how many."""
        hashes, _ = _Line([_strokes(piece) for piece in pieces]).stretches()
        return int(np.isin(hashes, self._stretches).sum()), len(hashes)

    def longest_runs(self, pieces: Sequence[Piece]) -> list[int]:
        """Return for each piece the most notes in a row, one of `RUNS` or 0, that stand in the training data."""
        line = _Line([_strokes(piece) for piece in pieces])
        longest = np.zeros(len(pieces), int)
        for notes in RUNS:
            wanted, owners = line.runs(notes)
            found = np.unique(owners[np.isin(wanted, self._known.runs(notes)[0])])
            if not len(found):
                break
            longest[found] = notes
        return longest.tolist()


def _powers(base: int, count: int) -> Hashes:
    return np.cumprod(np.concatenate([np.ones(1, np.uint64), np.full(count - 1, base, np.uint64)]))


def _mixed(values: Hashes) -> Hashes:
    """Return numbers that look random, always the same for the same ones (Steele et al. 2014, "SplitMix64")."""
    values = values + np.uint64(_BASE)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
