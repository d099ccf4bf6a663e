"""Steps of a network that several threads ask for at the same moment are computed together; imports no torch."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np

LONGEST_WAIT = 0.004
"""seconds after which a step no longer waits for those that are busy elsewhere"""

Arrays = tuple[np.ndarray, ...]
Step = TypeVar("Step", bound=Callable[..., Arrays])


@dataclass(eq=False)
class _Asked:
    """What one thread asks for."""

    rows: Sequence[np.ndarray]
    turn: threading.Event = field(default_factory=threading.Event)
    """set when there is an answer, or when it is this thread's turn to compute for all that wait"""
    answer: Arrays | None = None
    failure: BaseException | None = None

    @property
    def size(self) -> int:
        return len(self.rows[0])


class Batcher(Generic[Step]):
    """Computes rows of several threads in one call of `step`; whoever comes meanwhile is in the next one.

    There is no thread of its own: the first of those that wait computes for all of them. Whoever is alone computes at
    once. Those that have waited longest come first, so that nobody is kept out by others.

    Args:
        step: from arrays (B, ...) to arrays (B, ...), each row's result from that row only.
        most: rows of a step, at least 1; a thread that brings more has a step for itself.
    """

    def __init__(self, step: Step, most: int = 64) -> None:
        self.step, self._most = step, most
        self._waiting: deque[_Asked] = deque()
        self._busy = False  # whether somebody computes, or has been told to
        self._seconds = 0.0  # that the last step took
        self._enough = 1  # of those that wait, for the one who computes to begin
        self._gathered = threading.Condition()
        self.members = 0
        """threads that take part"""
        self.one_at_a_time = threading.Lock()
        """For what threads compute between two steps: numpy lets go of the interpreter at every turn, and a hundred
        threads that fight for it take several times as long as one after another."""

    @contextmanager
    def member(self) -> Iterator[None]:
        """Take part until the block ends: a step waits a moment for all who take part."""
        with self._gathered:
            self.members += 1
        try:
            yield
        finally:
            with self._gathered:
                self.members -= 1

    def __call__(self, *rows: np.ndarray) -> Arrays:
        """Return what `step` makes of arrays (B, ...), computed together with whatever others ask for.

        Raises:
            BaseException: what `step` raised; all whose rows were in it get it.
        """
        asked = _Asked(rows)
        with self._gathered:
            self._waiting.append(asked)
            leads, self._busy = not self._busy, True
            if not leads and self._are_enough():
                self._gathered.notify()
        if not leads:
            asked.turn.wait()
        if asked.answer is None and asked.failure is None:
            self._lead(asked)
        if asked.failure is not None:
            raise asked.failure
        assert asked.answer is not None
        return asked.answer

    def _are_enough(self) -> bool:
        return len(self._waiting) >= self._enough or sum(one.size for one in self._waiting) >= self._most

    def _lead(self, leader: _Asked) -> None:
        """Compute a step for those that have waited longest, its leader the first of them, and hand on."""
        together = [leader]
        try:
            together = self._gather()
            columns = list(zip(*(one.rows for one in together), strict=True))
            started = time.perf_counter()
            made = self.step(*(np.concatenate(column) if len(column) > 1 else column[0] for column in columns))
            self._seconds = time.perf_counter() - started
            end = 0
            for one in together:
                begin, end = end, end + one.size
                one.answer = tuple(array[begin:end] for array in made)
        except BaseException as failure:
            for one in together:
                one.answer, one.failure = None, failure
        finally:
            with self._gathered:
                if leader in self._waiting:  # interrupted before it began
                    self._waiting.remove(leader)
                for one in together[1:]:
                    one.turn.set()
                self._busy = bool(self._waiting)
                if self._busy:
                    self._waiting[0].turn.set()

    def _gather(self) -> list[_Asked]:
        """Take those that a step has room for, after a wait no longer than a step for others who take part."""
        together: list[_Asked] = []
        with self._gathered:
            self._enough = self.members
            self._gathered.wait_for(self._are_enough, min(self._seconds, LONGEST_WAIT))
            rows = 0
            while self._waiting and (not together or rows + self._waiting[0].size <= self._most):
                together.append(self._waiting.popleft())
                rows += together[-1].size
        return together
