"""How a run follows what it is told while it trains; the loop asks before every step."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from genai_demo.engine.runs.orders import FILE, Orders, Steps, read_orders
from genai_demo.engine.training.run import RunFolder
from genai_demo.engine.training.task import Task
from genai_demo.errors import UserError


@dataclass(frozen=True)
class Turn:
    """What comes next."""

    waits: bool = False
    """nothing yet"""
    paused: bool = False
    """until somebody lets the run go on; what is taken meanwhile are single steps"""
    idle: bool = False
    """it is paused, and no single step is left to take"""
    watched: bool = False
    """somebody watches every step"""
    phase: int = -1
    """the only phase of the next step, by its place in the task; -1 for all of them"""


class Follower:
    """Follows the orders in a run's folder; of several processes only the first one has one.

    Args:
        run: the folder.
        task: whose phases and live fields the orders name; what they name and it lacks is left alone.
        taken: of a resumed run, where it stood: what `taken` was then.
    """

    def __init__(self, run: RunFolder, task: Task, taken: tuple[int, int] = (0, 0)) -> None:
        self._file, self._folder, self._task = run.path / FILE, run.path, task
        self._phases = [phase.name for phase in task.phases]
        self._orders = Orders()
        self._seen: tuple[int, int, int] | None = None
        self._not_before = 0.0
        self.taken = taken
        """the last order of steps that was begun, by its number, and how many of its steps were taken"""

    def look(self) -> Turn:
        """Return what comes next; costs no more than a look at the file's date."""
        try:
            stat = self._file.stat()
            seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        except OSError:
            seen = (0, 0, 0)
        if seen != self._seen:
            self._seen = seen
            # What somebody damaged changes nothing.
            self._orders = read_orders(self._folder) or self._orders
        resting = time.perf_counter() < self._not_before
        if not self._orders.paused:
            return Turn(waits=resting, watched=self._orders.seconds > 0)
        ordered = self._ordered()
        phase = self._phases.index(ordered.phase) if ordered and ordered.phase is not None else -1
        return Turn(resting or ordered is None, paused=True, idle=ordered is None, watched=True, phase=phase)

    def changes(self) -> dict[str, float]:
        """Return what is to be changed before the next step, by name, beside what it is now."""
        if not self._orders.values:
            return {}
        wanted: dict[str, float] = {}
        for name, (field, now) in self._task.live().items():
            value = self._orders.values.get(name, now)
            if value == now or field.kind(value) != value:
                continue
            with suppress(UserError):
                if field.rule is not None:
                    field.rule.check(field, field.kind(value))
                wanted[name] = field.kind(value)
        return wanted

    def took(self, turn: Turn) -> None:
        """Take note of a step."""
        self._not_before = time.perf_counter() + self._orders.seconds
        if turn.paused and (ordered := self._ordered()) is not None:
            before = self.taken[1] if self.taken[0] == ordered.number else 0
            self.taken = (ordered.number, before + 1)

    def _ordered(self) -> Steps | None:
        """Return the order whose steps come next, if there is one that fits."""
        number, count = self.taken
        for order in self._orders.steps:
            left = order.count - (count if order.number == number else 0)
            if order.number >= number and left > 0 and (order.phase is None or order.phase in self._phases):
                return order
        return None


def told_live(task: Task) -> dict[str, dict[str, Any]]:
    """Return what may be changed of a run, for whoever looks at it: "value", "low" and "high" by name."""
    return {
        name: {"value": value, "low": getattr(field.rule, "low", None), "high": getattr(field.rule, "high", None)}
        for name, (field, value) in task.live().items()
    }
