"""The baseline every neural model has to beat: an interpolated modified Kneser-Ney n-gram model.

The n-grams of each length have numbers. An n-gram's key is the number of its history (itself less its last symbol)
times the number of symbols, plus its last symbol: keys fit 64 bits whatever the length, and its number is the index of
its key in the sorted array of all keys of that length.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]
_NONE = -1
_STEPS = 16
"""in which a halving of a probability is divided where probabilities are written in a byte"""


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

    @property
    def kept(self) -> int:
        """N-grams of two symbols or more that are known."""
        return sum(len(level.keys) for level in self._levels[1:])

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

    def pruned(self, most: Sequence[int]) -> KneserNey:
        """Return a model without the n-grams whose loss changes it least.

        What is lost with an n-gram is what the relative entropy of the whole model would gain (Stolcke 1998,
        "Entropy-based pruning of backoff language models", equation 2), with the share of the n-gram alone.

        Args:
            most: n-grams to keep of each length from 2 on; those that kept ones begin with are kept besides.
        """
        size = self._size + 1
        suffixes = np.zeros(size, np.int64)  # by n-gram: number of the one without its first symbol
        whole = self._levels[0].seen + self._levels[0].left[0] / self._size  # by n-gram: probability of its last symbol
        joint = whole.copy()
        joint[self._size] = 1  # a text starts with certainty
        gains = [np.zeros(size)]
        for length, level in enumerate(self._levels[1:], 2):
            histories, last = np.divmod(level.keys, size)
            shorter = suffixes[histories] * size + last if length > 2 else last
            if length > 2:
                shorter = np.searchsorted(self._levels[length - 2].keys, shorter)
            without = (level.left[histories] + level.seen) * whole[shorter]
            whole = level.seen + level.left[histories] * whole[shorter]
            joint = joint[histories] * whole
            gains.append(joint * np.log(whole / without))
            suffixes = shorter
        wanted = [np.ones(size, bool)]
        for gain, count in zip(gains[1:], most, strict=False):
            kept = np.zeros(len(gain), bool)
            kept[np.argsort(-gain, kind="stable")[:count]] = True
            wanted.append(kept)
        for index in range(len(wanted) - 1, 1, -1):  # whatever begins an n-gram that is kept
            wanted[index - 1][self._levels[index].keys[wanted[index]] // size] = True
        levels, numbers = [self._levels[0]], np.arange(size)
        for level, kept, before in zip(self._levels[1:], wanted[1:], wanted, strict=False):
            if not kept.any():
                break
            histories, last = np.divmod(level.keys[kept], size)
            levels.append(_closed(numbers[histories] * size + last, level.seen[kept], int(before.sum()), size))
            numbers = np.cumsum(kept) - 1
        return self._of(self._size, levels)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Return the model as arrays that take little room: a byte for a probability, which it rounds down to 4 %.

        Raises:
            ValueError: there are too many symbols, or too many follow one n-gram.
        """
        size = self._size + 1
        found: dict[str, np.ndarray] = {"1.seen": self._levels[0].seen.astype(np.float32)}
        for length, level in enumerate(self._levels[1:], 2):
            follow = np.bincount(level.keys // size, minlength=len(self._levels[length - 2].keys))
            if size > 2**15 or follow.max(initial=0) >= 2**15:
                raise ValueError("too many symbols for 16 bits")
            steps = np.ceil(-_STEPS * np.log2(np.maximum(level.seen, 2.0**-30)))
            found[f"{length}.follow"] = follow.astype(np.int16)
            found[f"{length}.symbol"] = (level.keys % size).astype(np.int16)
            found[f"{length}.seen"] = np.minimum(steps, 255).astype(np.uint8)
        return found

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> KneserNey:
        """Return the model that `to_arrays` wrote down; what rounding took away goes to the shorter histories."""
        seen = arrays["1.seen"].astype(np.float64)
        size = len(seen)
        levels = [_closed(np.arange(size), seen, 1, size)]
        length = 2
        while f"{length}.seen" in arrays:
            histories = np.repeat(np.arange(len(levels[-1].keys)), arrays[f"{length}.follow"])
            keys = histories * size + arrays[f"{length}.symbol"]
            shares = 2.0 ** (-arrays[f"{length}.seen"].astype(np.float64) / _STEPS)
            levels.append(_closed(keys, shares, len(levels[-1].keys), size))
            length += 1
        return cls._of(size - 1, levels)

    @classmethod
    def _of(cls, size: int, levels: list[_Level]) -> KneserNey:
        model = cls.__new__(cls)
        model._size, model._levels = size, levels
        return model

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


def _closed(keys: Numbers, seen: Reals, histories_known: int, size: int) -> _Level:
    """Return a level whose histories leave to the shorter ones whatever is not seen after them."""
    left = 1 - np.bincount(keys // size, seen, minlength=histories_known)
    return _Level(keys, seen, np.clip(left, 0.0, 1.0))


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
