"""How much of some music stands in other music, in any key; imports no torch.

All music is compared on the grid of sixteenths, as the order in which keys are struck: each note by how many steps and
semitones it lies beyond the one before. Equal runs of such pairs are equal music in some key; lengths do not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genai_demo.engine.data.parallel import in_processes
from genai_demo.engine.evaluation.ngram_hashes import Hashes, NgramHashes, Numbers, contained, mixed
from genai_demo.music.theory.piece import STEP, Piece
from genai_demo.music.tokens.columns import onsets_of

COMPARED_BARS = 4
"""bars of the stretches that are looked up"""
FEWEST = 8
"""notes in a stretch; shorter ones say nothing"""
RUNS = (4, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256)
"""notes of the runs that are looked up"""


@dataclass(frozen=True)
class _Strokes:
    """What of a piece is compared."""

    steps: Numbers
    """(N,) step of each note, rising"""
    keys: Numbers
    """(N,) rising among those of one step"""
    bars: Numbers
    """(bars + 1,) first step of each bar, and the end"""


def _strokes(piece: Piece) -> _Strokes:
    onsets = onsets_of(piece)
    steps, keys = onsets.steps.astype(np.int64), onsets.keys.astype(np.int64)
    order = np.lexsort((keys, steps))
    bars = [*(bar.start for bar in piece.bars), piece.end]
    return _Strokes(steps[order], keys[order], np.array(bars, np.int64) // STEP)


class _Hashed(NgramHashes):
    """All pieces, hashed by the moves from each note to the next, so that no hash depends on the key."""

    def __init__(self, pieces: Sequence[_Strokes]) -> None:
        moves = [np.diff(piece.steps) * 256 + np.diff(piece.keys) + 128 for piece in pieces]
        super().__init__(moves)
        self._pieces = pieces
        self._firsts = np.cumsum([0, *map(len, moves)])[:-1]

    def stretches(self) -> Hashes:
        """Return the hash of every stretch of `COMPARED_BARS` bars with at least `FEWEST` notes.

        Where in its bar the first note stands, how many there are, and how long the bars are counts as well.
        """
        found = [np.zeros(0, np.uint64)]
        for piece, offset in zip(self._pieces, self._firsts.tolist(), strict=True):
            start, end = piece.bars[:-COMPARED_BARS], piece.bars[COMPARED_BARS:]
            low, high = np.searchsorted(piece.steps, start), np.searchsorted(piece.steps, end)
            enough = high - low >= FEWEST
            start, low, high = start[enough], low[enough], high[enough]
            form = mixed(
                (piece.steps[low] - start).astype(np.uint64) * np.uint64(4096) + (high - low).astype(np.uint64)
            )
            for bar in range(1, COMPARED_BARS + 1):
                length = (piece.bars[bar:] - piece.bars[:-bar])[: len(enough)][enough]
                form = mixed(form + length.astype(np.uint64))
            found.append(self.between(low + offset, high - 1 + offset) + form)
        return np.concatenate(found)


class CopyCheck:
    """Looks for music in what a model has learnt from.

    Args:
        training: pieces.
    """

    def __init__(self, training: Sequence[Piece]) -> None:
        self._known = _Hashed(list(in_processes(_strokes, training)))
        self._stretches = np.unique(self._known.stretches())

    def copied_stretches(self, pieces: Sequence[Piece]) -> tuple[int, int]:
        """Return how many stretches of `COMPARED_BARS` bars stand in the training data in some key, and of how many."""
        hashes = _Hashed([_strokes(piece) for piece in pieces]).stretches()
        return int(contained(hashes, self._stretches).sum()), len(hashes)

    def longest_runs(self, pieces: Sequence[Piece]) -> list[int]:
        """Return for each piece the most notes in a row, one of `RUNS` or 0, that stand in the training data."""
        hashed = _Hashed([_strokes(piece) for piece in pieces])
        longest = np.zeros(len(pieces), int)
        for notes in RUNS:
            wanted, owners = hashed.runs(notes - 1)
            found = np.unique(owners[np.isin(wanted, self._known.runs(notes - 1)[0])])
            if not len(found):
                break
            longest[found] = notes
        return longest.tolist()
