"""The lines of figures of a run, as the rules of diagnosis look at them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from genai_demo.engine.diagnosis.diagnosis import Change

_YOUNG = 100
"""steps before which networks know too little to be judged by what they make, say or tell apart"""
_RECENT = 0.2
"""share of a run's steps that is recent"""


@dataclass(frozen=True)
class Point:
    """A figure at a step."""

    step: int
    value: float


class History:
    """What a run has told of itself so far.

    Args:
        lines: of figures, in the order of their steps, at least one.
        config: the run's configuration, as its folder holds it.
    """

    def __init__(self, lines: Sequence[Mapping[str, Any]], config: Mapping[str, Any]) -> None:
        self.lines = lines
        self.step, self.fraction = int(lines[-1]["step"]), float(lines[-1].get("fraction", 0.0))
        self.young = self.step < _YOUNG
        self.training: Mapping[str, Any] = config.get("data", {}).get("training", {})
        self.model: Mapping[str, Any] = config.get("model", {})
        self.used: int = config.get("items", {}).get("used", 0)
        """examples to learn from; 0 where nobody counted them"""

    def all(self, name: str) -> list[Point]:
        """Return a figure's values; a line without it has none."""
        return [Point(int(line["step"]), float(line[name])) for line in self.lines if name in line]

    def recent(self, name: str) -> float | None:
        """Return the mean of a figure over the last steps; None where it is not told."""
        points = self.all(name)
        if not points:
            return None
        since = self.step * (1 - _RECENT)
        values = [point.value for point in points if point.step >= since] or [points[-1].value]
        return sum(values) / len(values)

    def last(self, name: str) -> float | None:
        """Return the last value of a figure; None where it is not told."""
        points = self.all(name)
        return points[-1].value if points else None

    def near(self, name: str, step: int) -> float:
        """Return the value of a figure in the first line from a step on, or in the last one before it."""
        points = self.all(name)
        return next((point.value for point in points if point.step >= step), points[-1].value)

    def switched_on(self, *names: str) -> Change | None:
        """Return the change that switches off the first of some classic mistakes that is made on purpose."""
        return next((Change("training", name, False) for name in names if self.training.get(name) is True), None)

    def slower(self, times: float) -> Change:
        """Return the change to a learning rate that many times smaller."""
        return Change("training", "learning_rate", _short(float(self.training.get("learning_rate", 1e-3)) / times))

    def stronger(self, name: str, least: float, times: float) -> Change | None:
        """Return the change to so many times as much of a setting, and at least `least`; None where there is none."""
        value = self.training.get(name)
        return None if value is None else Change("training", name, _short(max(least, times * float(value))))


def finite(points: Sequence[Point]) -> bool:
    """Return whether all values are numbers."""
    return all(math.isfinite(point.value) for point in points)


def _short(value: float) -> float:
    return float(f"{value:.2g}")
