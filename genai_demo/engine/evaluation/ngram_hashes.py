"""Which runs of symbols stand in other sequences as well: how much of its training data a model repeats."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]

_BASE = 0x9E3779B97F4A7C15
"""odd, so that it has an inverse modulo 2^64"""


class NgramHashes:
    """Sequences end to end, hashed so that equal runs of symbols have equal hashes, wherever they stand.

    The hash of a run is the sum of what its symbols are hashed to, times rising powers of `_BASE`, modulo 2^64.

    Args:
        sequences: symbols of each, any numbers.
    """

    def __init__(self, sequences: Sequence[Numbers]) -> None:
        self._owner = np.repeat(np.arange(len(sequences)), [len(one) for one in sequences])
        symbols = np.concatenate([np.zeros(0, np.int64), *sequences]).astype(np.uint64)
        powers, self._inverse = (_powers(base, len(symbols) + 1) for base in (_BASE, pow(_BASE, -1, 2**64)))
        self._sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(mixed(symbols) * powers[1:])])

    def runs(self, length: int) -> tuple[Hashes, Numbers]:
        """Return the hash of every run of `length` symbols, and the number of its sequence."""
        first = np.arange(max(0, len(self._owner) - length + 1))
        first = first[self._owner[first] == self._owner[first + length - 1]]
        return self.between(first, first + length), self._owner[first]

    def between(self, first: Numbers, end: Numbers) -> Hashes:
        """Return the hash of the symbols from `first` up to `end`, each (R,), counted through all sequences."""
        return (self._sums[end] - self._sums[first]) * self._inverse[first]


def _powers(base: int, count: int) -> Hashes:
    return np.cumprod(np.concatenate([np.ones(1, np.uint64), np.full(count - 1, base, np.uint64)]))


def mixed(values: Hashes) -> Hashes:
    """Return numbers that look random, always the same for the same ones (Steele et al. 2014, "SplitMix64")."""
    values = values + np.uint64(_BASE)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def contained(hashes: Hashes, known: Hashes) -> npt.NDArray[np.bool_]:
    """Return which hashes (N,) are among known ones (M,), sorted: `np.isin` would sort these for every call."""
    if not len(known):
        return np.zeros(len(hashes), bool)
    places = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
    return known[places] == hashes
