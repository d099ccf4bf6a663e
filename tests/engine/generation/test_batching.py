"""What several threads ask for is computed together, each gets its own, and nobody waits for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genai_demo.engine.generation.batching import Batcher

Step = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def doubling(sizes: list[int], seconds: float = 0.0) -> Step:
    """Return a step that doubles and negates, and notes how many rows it was given."""

    def step(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        sizes.append(len(one))
        time.sleep(seconds)
        return 2 * one, -other

    return step


def ask(batcher: Batcher[Step], value: int, rows: int = 1) -> bool:
    doubled, negated = batcher(np.full((rows, 3), value), np.full(rows, value))
    return doubled.tolist() == [[2 * value] * 3] * rows and negated.tolist() == [-value] * rows


def test_alone_one_computes_at_once() -> None:
    sizes: list[int] = []
    batcher = Batcher(doubling(sizes))
    with batcher.member():
        assert all(ask(batcher, value, 1 + value % 3) for value in range(20))
    assert sizes == [1 + value % 3 for value in range(20)]


def test_those_who_come_meanwhile_are_computed_together() -> None:
    sizes: list[int] = []
    began, go_on = threading.Event(), threading.Event()

    def step(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        sizes.append(len(one))
        began.set()
        assert go_on.wait(30)
        return 2 * one, -other

    batcher = Batcher(step, most=6)
    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(ask, batcher, 1)
        assert began.wait(30)
        others = [pool.submit(ask, batcher, value) for value in range(2, 10)]
        while len(batcher._waiting) < 8:
            time.sleep(0.001)
        go_on.set()
        assert first.result() and all(one.result() for one in others)
    assert sizes == [1, 6, 2]


def test_more_rows_than_a_step_has_are_a_step_of_their_own() -> None:
    sizes: list[int] = []
    assert ask(Batcher(doubling(sizes), most=4), 5, rows=11)
    assert sizes == [11]


def test_a_step_waits_for_members_and_not_for_those_who_have_left() -> None:
    sizes: list[int] = []
    batcher = Batcher(doubling(sizes, 0.02))

    def take_part(value: int) -> bool:
        with batcher.member():
            return all(ask(batcher, value) for _ in range(1 + 5 * value))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(take_part, range(4)))
    assert sum(sizes) == 4 + 5 * 6
    assert max(sizes) > 1
    assert batcher.members == 0
    started = time.monotonic()
    with batcher.member():
        ask(batcher, 1)
    assert time.monotonic() - started < 10


def test_what_goes_wrong_is_told_to_all_who_were_in_it_and_to_nobody_after() -> None:
    def step(one: np.ndarray) -> tuple[np.ndarray]:
        if (one < 0).any():
            raise ValueError("below zero")
        return (one,)

    batcher = Batcher(step)
    with pytest.raises(ValueError, match="below zero"):
        batcher(np.array([-1]))
    assert batcher(np.array([1]))[0].tolist() == [1]
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(batcher, np.array([value])) for value in (-1, 1) * 20]
        assert all(isinstance(one.exception(), ValueError) for one in asked[::2])
    assert batcher(np.array([2]))[0].tolist() == [2]


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(1, 4), st.floats(0, 0.003)), min_size=2, max_size=12),
    st.integers(1, 8),
)
def test_whatever_comes_and_goes_everybody_gets_his_own(crowd: list[tuple[int, int, float]], most: int) -> None:
    sizes: list[int] = []
    batcher = Batcher(doubling(sizes), most)

    def visit(number: int) -> bool:
        steps, rows, pause = crowd[number]
        with batcher.member():
            for step in range(steps):
                time.sleep(pause)
                if not ask(batcher, 100 * number + step, rows):
                    return False
        return True

    with ThreadPoolExecutor(len(crowd)) as pool:
        assert all(pool.map(visit, range(len(crowd)), timeout=60))
    assert sum(sizes) == sum(steps * rows for steps, rows, _ in crowd)
    assert all(size <= max(most, max(rows for _, rows, _ in crowd)) for size in sizes)
