"""Lines of figures as curves: thinned for who joins late, the new ones only for who watches."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

Line = dict[str, Any]
MOST = 400
"""points of a curve that whoever joins is sent"""
_PLACES = ("step", "examples", "seconds", "fraction")
"""figures that say where a line stands: of several lines, the last one's count"""


def thinned(lines: Sequence[Line], most: int = MOST) -> list[Line]:
    """Return at most `most` lines that stand for all: each holds the means of as many neighbours.

    Args:
        lines: of figures, in the order of their steps; what is measured rarely stands in few of them.
        most: lines to return, at least 1.
    """
    size = -(-len(lines) // most)
    if size <= 1:
        return list(lines)
    return [_mean(lines[start : start + size]) for start in range(0, len(lines), size)]


def _mean(lines: Sequence[Line]) -> Line:
    values: dict[str, list[float]] = {}
    for line in lines:
        for name, value in line.items():
            if name not in _PLACES and value is not None:
                values.setdefault(name, []).append(value)
    places = {name: lines[-1][name] for name in _PLACES if name in lines[-1]}
    return places | {name: sum(found) / len(found) for name, found in values.items()}


def plain(line: Line) -> Line:
    """Return a line with its numbers only; what is no number JSON has, such as an infinite loss, is None."""
    numbers = {name: value for name, value in line.items() if isinstance(value, (int, float))}
    return {name: value if math.isfinite(value) else None for name, value in numbers.items()}


def digits(line: Line) -> Line:
    """Return a line whose numbers have six digits, as many as a curve can show."""
    return {
        name: float(f"{value:.6g}") if isinstance(value, float) and name not in _PLACES else value
        for name, value in line.items()
    }
