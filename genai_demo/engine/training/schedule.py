"""Schedules: numbers as functions of the elapsed fraction of the budget (0 to 1)."""

from __future__ import annotations

import math
from collections.abc import Callable

Schedule = Callable[[float], float]


def constant(value: float) -> Schedule:
    """Return a schedule that never changes."""
    return lambda fraction: value


def linear(start: float, end: float) -> Schedule:
    """Return a straight line from `start` to `end`."""
    return lambda fraction: start + (end - start) * fraction


def cosine(start: float, end: float) -> Schedule:
    """Return half a cosine from `start` to `end`, flat at both ends (Loshchilov and Hutter 2017, section 3)."""
    return lambda fraction: end + (start - end) * 0.5 * (1 + math.cos(math.pi * fraction))


def warm_up(schedule: Schedule, share: float) -> Schedule:
    """Return `schedule` multiplied by a ramp from 0 over the first `share` (0 to 1) of the budget."""
    return lambda fraction: schedule(fraction) * min(1.0, fraction / share if share > 0 else 1.0)


def log_spaced(count: int, first: float = 0.002) -> list[float]:
    """Return `count` fractions from `first` to 1, evenly spaced in the logarithm.

    Args:
        count: at least 1; the last one is always 1.
        first: the first one, above 0 and below 1.
    """
    if count == 1:
        return [1.0]
    return [first ** (1 - index / (count - 1)) for index in range(count)]
