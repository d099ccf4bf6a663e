"""How bars of a piece are like one another; imports no torch.

Two bars of the same length are alike in rhythm by the share of sixteenths in which both strike something among those in
which one does, r = |A and B| / |A or B|, and in harmony by the cosine h of how long each pitch class sounds in them (of
the notes that start there). r and h are 0 to 1, and not defined where a bar is empty.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from genai_demo.music.theory.piece import STEP, Piece


def self_similarity(piece: Piece, bars: int) -> tuple[float | None, float | None]:
    """Return how alike bars are in rhythm and in harmony, in the mean of all pairs within a stretch of some bars.

    The stretches follow one another from the first bar on; what is left over, or pieces that are shorter, do not count.
    Music that repeats itself all the time reaches 1, and so means nothing good: read it beside that of real music.

    Args:
        piece: whole.
        bars: in a stretch, at least 2.

    Returns:
        the mean of r and that of h over all pairs of bars; None where there is no pair.
    """
    rhythm, harmony = _alike(piece)
    firsts = range(0, len(piece.bars) - bars + 1, bars)
    pairs = [pair for first in firsts for pair in combinations(range(first, first + bars), 2)]
    if not pairs:
        return None, None
    rows, columns = np.array(pairs).T
    return _mean(rhythm[rows, columns]), _mean(harmony[rows, columns])


def returning(piece: Piece) -> float | None:
    """Return how like a bar of the second half is to the earlier bar most like it, (r + h) / 2, in the mean of them."""
    both = alike_bars(piece)
    best = [row[:number] for number, row in enumerate(both)][max(1, len(both) // 2) :]
    return _mean(np.array([np.nanmax(row) for row in best if not np.isnan(row).all()]))


def alike_bars(piece: Piece) -> np.ndarray:
    """Return how alike any two bars are, (r + h) / 2, (bars, bars); NaN where that is not defined."""
    rhythm, harmony = _alike(piece)
    return (rhythm + harmony) / 2


def _alike(piece: Piece) -> tuple[np.ndarray, np.ndarray]:
    """Return r and h of any two bars (bars, bars); NaN where they are not defined."""
    count = len(piece.bars)
    steps = max(1, *(-(-bar.length // STEP) for bar in piece.bars))
    struck, sounding = np.zeros((count, steps)), np.zeros((count, 12))
    for note in piece.notes:
        number = piece.bar_at(note.start)
        place = (note.start - piece.bars[number].start + STEP // 2) // STEP
        struck[number, min(place, steps - 1)] = 1
        sounding[number, note.pitch % 12] += note.length
    common = struck @ struck.T
    either = struck.sum(1)[:, None] + struck.sum(1) - common
    size = np.linalg.norm(sounding, axis=1)
    lengths = np.array([bar.length for bar in piece.bars])
    defined = (size[:, None] > 0) & (size > 0) & (lengths[:, None] == lengths)
    rhythm = np.divide(common, either, out=np.full((count, count), np.nan), where=defined)
    scale = size[:, None] * size
    harmony = np.divide(sounding @ sounding.T, scale, out=np.full((count, count), np.nan), where=defined)
    return rhythm, harmony


def _mean(values: np.ndarray) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None
