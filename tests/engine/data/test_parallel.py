"""Work in several processes gives what one process gives, in the same order."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool

import pytest

from genai_demo.engine.data import parallel
from genai_demo.engine.data.parallel import FEWEST, in_processes


@pytest.mark.parametrize("count", [0, 1, FEWEST - 1, FEWEST, 3 * FEWEST + 1])
def test_results_come_in_the_order_of_the_items(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_cores", lambda: 2)
    assert list(in_processes(math.sqrt, range(count))) == [math.sqrt(number) for number in range(count)]


def test_an_error_in_a_process_is_raised_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_cores", lambda: 2)
    with pytest.raises(ValueError, match=r"math domain|nonnegative"):
        list(in_processes(math.sqrt, [*range(FEWEST), -1]))


def test_few_items_start_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(parallel, "ProcessPoolExecutor")
    assert list(in_processes(abs, [-2, 3])) == [2, 3]


class _Dying:
    """A pool whose processes end after three results."""

    def __init__(self, processes: int, context: object) -> None:
        assert processes == 2

    def __enter__(self) -> _Dying:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def map(self, function: Callable[[int], int], items: Sequence[int], chunksize: int) -> Iterator[int]:
        yield from map(function, items[:3])
        raise BrokenProcessPool


def test_what_dying_processes_leave_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_cores", lambda: 2)
    monkeypatch.setattr(parallel, "ProcessPoolExecutor", _Dying)
    assert list(in_processes(abs, range(-FEWEST, 0))) == list(range(FEWEST, 0, -1))
