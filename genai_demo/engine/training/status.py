"""A run's folder belongs to one process at a time, which says in it where the run stands and that it is alive."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from genai_demo.catalogue import terminal_language
from genai_demo.engine.data.items import Items
from genai_demo.engine.training.run import HEARTBEAT, RunFolder
from genai_demo.errors import UserError

_RANKS = ("RANK", "PMI_RANK", "OMPI_COMM_WORLD_RANK", "MV2_COMM_WORLD_RANK")
"""variables in which launchers of several processes tell each its number"""


class StatusWriter:
    """Writes where a run stands, again every few seconds, so that who reads it knows that the process is alive.

    A thread does so: steps, validation and reading data may take as long as they like.

    Args:
        run: the folder it is written to; None writes nothing.
        values: what is told from the start.
    """

    def __init__(self, run: RunFolder | None, values: dict[str, Any]) -> None:
        self._run, self._state, self._values = run, "preparing", values
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def say(self, state: str, **values: Any) -> None:
        """Write that the run is in `state`, see `RunFolder.write_status`; all values told before stay but "doing"."""
        with self._lock:
            self._state = state
            self._values = {key: value for key, value in self._values.items() if key != "doing"} | values
            self._write()

    def note(self, **values: Any) -> None:
        """Tell `values` when the next thing is written."""
        with self._lock:
            self._values |= values

    def tell(self, items: Items | None) -> None:
        """Tell what was read: here, and to whoever watches the process."""
        if items is None or self._run is None:
            return
        self.note(items=items.record)
        language = terminal_language()
        for sentence in (items.told(language), *items.warnings(language)):
            print(sentence, file=sys.stderr)

    def start(self) -> None:
        """Begin to write every few seconds."""
        self._thread.start()

    def stop(self) -> None:
        """Write no more."""
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._over.wait(HEARTBEAT):
            with self._lock, suppress(UserError):  # a full disk now may be no full disk later
                self._write()

    def _write(self) -> None:
        if self._run is not None:
            self._run.write_status(self._state, **self._values)


def is_first_process() -> bool:
    """Return whether this process is the first one of those that train together, or the only one."""
    return int(next((os.environ[name] for name in _RANKS if name in os.environ), "0")) == 0


def check_launcher() -> None:
    """Raise `UserError` where this process is one of several that never came.

    On a CPU `accelerate launch --num_processes 2` starts a single process, and tells it where the others would be, but
    not which one it is (Accelerate 1.15).
    """
    told = {"ACCELERATE_USE_CPU", "MASTER_ADDR", "MASTER_PORT"} <= os.environ.keys()
    if told and not any(name in os.environ for name in (*_RANKS, "WORLD_SIZE")):
        raise UserError("engine.launched_alone")


def as_sentence(error: BaseException) -> UserError:
    """Return what ended a run as a sentence that helps."""
    if isinstance(error, UserError):
        return error
    words = " ".join(str(error).split())
    # PyTorch has a class of its own for a GPU's memory, and none for that of the machine.
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError" or "allocate memory" in words:
        return UserError("engine.no_memory")
    return UserError("engine.unforeseen", reason=f"{type(error).__name__}: {words}"[:300].rstrip(": "))


@contextmanager
def claimed(run: RunFolder, resume: bool) -> Iterator[StatusWriter]:
    """Claim a run's folder while something is done in it; what goes wrong then is told in it.

    Of several processes only the first one claims it, and writes.

    Raises:
        UserError: a new run would overwrite one, there is nothing to resume, another process is at work on it, or the
            folder cannot be written to.
    """
    if not is_first_process():
        yield StatusWriter(None, {})
        return
    run.check(resume)
    with run.locked():
        run.check(resume)  # another process may have been faster
        before = run.stood() if resume else {}
        with run.writing():
            run.tidy()
        status = StatusWriter(run, before)
        status.say("preparing")
        status.start()
        try:
            yield status
        except BaseException as error:
            told = as_sentence(error)
            stopped = told.key == "engine.stopped_early"
            with suppress(UserError):  # what went wrong is said once
                values = {name: str(value) for name, value in told.values.items()}
                status.say("stopped" if stopped else "failed", message=str(told), key=told.key, values=values)
            if told.key == "engine.no_memory":
                raise told from error
            raise
        finally:
            status.stop()
