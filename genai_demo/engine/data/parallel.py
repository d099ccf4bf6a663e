"""Work on many items in several processes."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

FEWEST = 100
"""items for which starting processes pays"""
_MOST_PROCESSES = 32
_CHUNKS = 8
"""parts that each process gets in turn, so that none waits long for the last one"""


def in_processes(function: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """Yield `function(item)` for each item, in their order; many items are shared out among the processor's cores.

    Args:
        function: of the top level of a module, so that another process finds it; items and results are copied.
        items: what to work on.
    """
    processes = min(_cores(), _MOST_PROCESSES, len(items))
    if len(items) < FEWEST or processes < 2 or multiprocessing.current_process().daemon:
        yield from map(function, items)
        return
    done = 0
    # A fresh process knows nothing of this one's threads and devices, on every operating system.
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        size = -(-len(items) // (processes * _CHUNKS))
        try:
            for result in pool.map(function, items, chunksize=size):
                yield result
                done += 1
        except BrokenProcessPool:
            # A script without `if __name__ == "__main__"` cannot start processes: it waits a little longer instead.
            yield from map(function, items[done:])


def _cores() -> int:
    """Return the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
