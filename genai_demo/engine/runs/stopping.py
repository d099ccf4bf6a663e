"""Signals that end a run, with its state saved."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class StopSign:
    """Whether somebody wants the run to end."""

    asked: bool = False
    awaited: bool = False
    """whether the loop looks at it; before that there is nothing worth saving"""


@contextmanager
def stop_on_signals() -> Iterator[StopSign]:
    """Let Ctrl-C, termination and the end of the terminal end the run after the current step, with its state saved."""
    stop = StopSign()

    def ask(number: int, frame: object) -> None:
        stop.asked = True
        if not stop.awaited:
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield stop  # signals come to the main thread only, and who runs a training elsewhere has the stop file
        return
    numbers = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    # What was started to outlive its terminal (nohup) does.
    heeded = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, ask) for number in heeded}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
