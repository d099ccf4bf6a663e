"""The baseline every neural model has to beat: an interpolated modified Kneser-Ney n-gram model.

The n-grams of each length have numbers. An n-gram's key is the number of its history (itself less its last symbol)
times the number of symbols, plus its last symbol: keys fit 64 bits whatever the length, and its number is the index of
its key in the sorted array of all keys of that length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
_NONE = -1


@dataclass(frozen=True)
class _Level:
    """What is known of all n-grams of one length."""

    keys: Numbers
    """(G,) sorted"""
    seen: Reals
    """(G,) probability of the last symbol after its history that comes from having been seen there"""
    left: Reals
    """(H,) by history: share that goes to the shorter history; 1 where nothing ever followed"""


class KneserNey:
    """Interpolated modified Kneser-Ney smoothing (Chen and Goodman 1998, section 3, equations 27 to 31).

    N-grams shorter than the longest count how many different symbols precede them. Those at the start of a text, which
    nothing can precede, count how often they occur (Heafield et al. 2013, section 3).

    Args:
        texts: symbols from 0 to `size` - 1 of each text, its end included; at least one text.
        size: number of symbols; the unigrams leave the same to each of them.
        order: symbols of the longest n-gram, at least 1.
    """

    def __init__(self, texts: list[list[int]], size: int, order: int = 5) -> None:
        self._size = size
        symbols = self._stream(texts)
        # The n-grams of one length: their keys, histories, counts, and which of them start a text.
        keys = np.arange(size + 1)
        histories, counts, starts = np.zeros_like(keys), np.bincount(symbols, minlength=size + 1), keys == size
        numbers, histories_known = symbols, 1
        self._levels: list[_Level] = []
        for length in range(1, order + 1):
            if not len(keys):
                break  # no text is that long
            if length < order:
                extended = self._extended(numbers, symbols)
                inside = np.flatnonzero(extended != _NONE)
                next_keys, first, inverse, next_counts = np.unique(
                    extended[inside], return_index=True, return_inverse=True, return_counts=True
                )
                preceding = np.bincount(numbers[inside[first]], minlength=len(keys))
                counts = np.where(starts, counts, preceding)
            if length == 1:
                counts[size] = 0  # the start of a text is a history, and never predicted
            self._levels.append(_level(keys, counts, histories, histories_known))
            if length < order:
                numbers = np.full(len(symbols), _NONE)
                numbers[inside] = inverse
                histories, histories_known = next_keys // (size + 1), len(keys)
                keys, counts, starts = next_keys, next_counts, starts[histories]

    def probabilities(self, texts: list[list[int]]) -> Reals:
        """Return the probability of every symbol of `texts`, given those before it in its text, end to end."""
        symbols = self._stream(texts)
        probability = np.full(len(symbols), 1 / self._size)
        numbers, histories = symbols, np.zeros_like(symbols)
        for length, level in enumerate(self._levels, 1):
            if length > 1:
                wanted = self._extended(numbers, symbols)
                histories = np.where(wanted != _NONE, wanted // (self._size + 1), _NONE)
                indices = np.searchsorted(level.keys, wanted).clip(max=len(level.keys) - 1)
                numbers = np.where(level.keys[indices] == wanted, indices, _NONE)
            known = histories != _NONE
            probability[known] *= level.left[histories[known]]
            found = numbers != _NONE
            probability[found] += level.seen[numbers[found]]
        return probability[symbols != self._size]

    def bits(self, texts: list[list[int]]) -> float:
        """Return the bits needed to code all symbols of `texts`."""
        return float(-np.log2(self.probabilities(texts)).sum())

    def following(self, history: Sequence[int]) -> Reals:
        """Return the probability (size,) of every symbol after `history`, which starts a text."""
        recent = [self._size, *history][-max(1, len(self._levels) - 1) :]
        probability = np.full(self._size, 1 / self._size)
        for length, level in enumerate(self._levels):  # symbols of the history that is looked at
            number = self._number(recent[len(recent) - length :]) if length <= len(recent) else _NONE
            if number == _NONE:
                break
            first = number * (self._size + 1)
            # The start of a text, whose key would be the last one, never follows.
            low, high = np.searchsorted(level.keys, [first, first + self._size])
            probability *= level.left[number]
            probability[level.keys[low:high] - first] += level.seen[low:high]
        return probability

    def _number(self, symbols: Sequence[int]) -> int:
        """Return the number of an n-gram, 0 for an empty one, or none if it was not seen."""
        number = symbols[0] if symbols else 0
        for level, symbol in zip(self._levels[1:], symbols[1:], strict=False):
            key = number * (self._size + 1) + symbol
            number = int(np.searchsorted(level.keys, key))
            if number == len(level.keys) or level.keys[number] != key:
                return _NONE
        return number

    def _stream(self, texts: list[list[int]]) -> Numbers:
        """Return all texts end to end, each after a start symbol, `size`."""
        return np.concatenate([np.array([self._size, *text], dtype=np.int64) for text in texts])

    def _extended(self, numbers: Numbers, symbols: Numbers) -> Numbers:
        """Return the keys (N,) of the n-grams that end at each symbol, one symbol longer than those in `numbers`.

        Where the n-gram would reach beyond the start of its text, or its history is not known, there is none.
        """
        histories = np.concatenate([[_NONE], numbers[:-1]])
        keys = histories * (self._size + 1) + symbols
        return np.where((histories != _NONE) & (symbols != self._size), keys, _NONE)


def _level(keys: Numbers, counts: Numbers, histories: Numbers, histories_known: int) -> _Level:
    kept = counts - _discounts(counts)[np.minimum(counts, 3)]
    total = np.bincount(histories, counts, minlength=histories_known)
    total_kept = np.bincount(histories, kept, minlength=histories_known)
    left = np.divide(total - total_kept, total, out=np.ones(histories_known), where=total > 0)
    return _Level(keys, kept / np.maximum(total, 1)[histories], left)


def _discounts(counts: Numbers) -> Reals:
    """Return what to take from counts of 0, 1, 2, and 3 or more (Chen and Goodman 1998, equation 26)."""
    one, two, three, four = (int((counts == count).sum()) for count in range(1, 5))
    if one and two and three:
        share = one / (one + 2 * two)
        discounts = [share, 2 - 3 * share * three / two, 3 - 4 * share * four / three]
        if all(discount > 0 for discount in discounts):
            return np.array([0.0, *discounts])
    # Too few n-grams to estimate from: any discount below the count gives a distribution.
    return np.array([0.0, 0.5, 1.0, 1.5])
