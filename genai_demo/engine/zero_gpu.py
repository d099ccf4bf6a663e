"""Hugging Face's ZeroGPU: a Space without a GPU of its own, which borrows one for the seconds that a call takes.

The call runs in a process that is forked for it, so what goes in and what comes back is pickled, and tensors stay
outside. Each second is taken off what the visitor may use in a day: 2 minutes without an account, 5 with a free one.
Whatever a CPU does in no time therefore stays on it: on ZeroGPU the device "auto" is the CPU outside of such calls.

The package `spaces` has to be there before torch is: whoever starts the page imports this module first.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

_borrowed = ContextVar("borrowed", default=False)


def _lender() -> Any:
    if os.environ.get("SPACES_ZERO_GPU", "").lower() not in ("1", "t", "true"):
        return None
    try:
        import spaces
    except ImportError:
        return None
    return spaces


_LENDER = _lender()


def is_here() -> bool:
    """Return whether this process runs on ZeroGPU."""
    return _LENDER is not None or os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")


def may_use_gpu() -> bool:
    """Return whether a GPU that torch sees is one: on ZeroGPU it is during a call of `on_gpu` only."""
    return _borrowed.get() or not is_here()


@contextmanager
def _borrowing() -> Iterator[None]:
    token = _borrowed.set(True)
    try:
        yield
    finally:
        _borrowed.reset(token)


def on_gpu(duration: Callable[P, float]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator that lets a function borrow a GPU on ZeroGPU, and changes nothing anywhere else.

    Args:
        duration: says for how many seconds at most, from the arguments of the call. The fewer, the sooner it gets one;
            what is not used is not taken off.
    """

    def decorate(task: Callable[P, R]) -> Callable[P, R]:
        if _LENDER is None:
            return task

        @wraps(task)
        def lent(*args: P.args, **kwargs: P.kwargs) -> R:
            with _borrowing():
                return task(*args, **kwargs)

        decorated: Callable[P, R] = _LENDER.GPU(lent, duration=duration)
        return decorated

    return decorate
