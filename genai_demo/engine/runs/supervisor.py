"""Starts waiting runs when their turn comes; the app has one, and tests take it step by step."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from genai_demo.engine.runs import trash
from genai_demo.engine.runs.limits import gpus, limits, threads
from genai_demo.engine.runs.orders import changing
from genai_demo.engine.runs.record import read_record, write_record
from genai_demo.engine.runs.registry import AT_WORK, Run, all_runs, find, runs_folder
from genai_demo.engine.runs.waiting import leave
from genai_demo.engine.training.run import RunFolder
from genai_demo.engine.training.start import launch
from genai_demo.errors import UserError
from genai_demo.settings import settings

LOOK = 1.0
"""seconds from one look at the waiting list to the next"""
NICENESS = 10
"""how far runs stand back behind the page, where the system knows such a thing"""
_TIDY = 60.0
"""seconds from one look for what is too old to the next"""


class Supervisor:
    """Looks at the waiting list every second, on a thread of its own; several do not get in one another's way.

    Args:
        root: folder of the runs; None for that of the settings.
    """

    def __init__(self, root: Path | None = None) -> None:
        self._root = root
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._processes: dict[Path, subprocess.Popen[bytes]] = {}
        self._paused: dict[Path, float] = {}
        self._tidied = float("-inf")

    def start(self) -> None:
        """Begin to look after the runs, until the process ends or `stop` is called."""
        if self._thread is None:
            self._over.clear()
            self._thread = threading.Thread(target=self._look_after, name="runs", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Look no more; runs go on."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _look_after(self) -> None:
        while not self._over.wait(LOOK):
            try:
                self.advance()
            except (UserError, OSError) as error:  # a full disk now may be no full disk later
                print(f"{type(self).__name__}: {error}", file=sys.stderr)

    def advance(self) -> list[Run]:
        """Look once: start what there is a place for, stop what is over its limits; return what was started."""
        folder = runs_folder(self._root)
        if not folder.is_dir():
            return []
        self._reap()
        with changing(folder):
            runs = all_runs(self._root)
            self._end_what_is_over(runs)
            started = self._start_waiting(runs) if settings().training != "off" else []
        if time.monotonic() - self._tidied > _TIDY:
            self._tidied = time.monotonic()
            self._tidy(runs)
        return [find(name, self._root) for name in started]

    def _reap(self) -> None:
        """Note how processes that this one started have ended."""
        for folder, process in list(self._processes.items()):
            if process.poll() is None:
                continue
            del self._processes[folder]
            if folder.is_dir():
                with changing(folder):
                    write_record(folder, replace(read_record(folder), ended=process.returncode))

    def _start_waiting(self, runs: list[Run]) -> list[str]:
        at_work = [run for run in runs if run.state in AT_WORK]
        taken = [read_record(run.folder).device for run in at_work]
        free = limits().at_once - len(at_work)
        started = []
        for run in [run for run in runs if run.state == "waiting"]:
            if free <= 0:
                break
            if self._launch(run, taken):
                started.append(run.name)
                free -= 1
        return started

    def _launch(self, run: Run, taken: list[str]) -> bool:
        """Start a waiting run on the GPU that is least taken, and return whether it is at work."""
        folder, record = RunFolder(run.folder), read_record(run.folder)
        resume = ("--resume",) if (run.folder / "config.json").is_file() else ()
        device = min((f"cuda:{number}" for number in range(gpus())), key=taken.count) if gpus() > 1 else ""
        environment = {"OMP_NUM_THREADS": str(threads())} | ({"GENAI_DEMO_DEVICE": device} if device else {})
        place = record.place if record.place and Path(record.place).is_dir() else None
        try:
            folder.stop_file.unlink(missing_ok=True)
            process = launch(folder, (*record.words, *resume), environment, place)
        except (UserError, OSError) as error:
            told = error if isinstance(error, UserError) else None
            sentence = told or UserError("engine.unforeseen", reason=str(error))
            values = {name: str(value) for name, value in sentence.values.items()}
            if folder.read_status().get("state") not in AT_WORK:
                folder.write_status("failed", message=str(sentence), key=sentence.key, values=values)
            leave(run.folder)
            return False
        with suppress(OSError, ValueError):
            _stand_back(process.pid)
        # Only now: an app that ends before this finds the run at work, or still waiting.
        leave(run.folder, device=device, ended=None)
        taken.append(device)
        self._processes[run.folder] = process
        return True

    def _end_what_is_over(self, runs: list[Run]) -> None:
        """Stop visitors' runs beyond the longest budget, and long pauses for which others wait."""
        allowed, now = limits(), time.monotonic()
        others_wait = any(run.state == "waiting" for run in runs)
        self._paused = {run.folder: self._paused.get(run.folder, now) for run in runs if run.state == "paused"}
        for run in runs:
            longest = read_record(run.folder).longest
            if run.state not in AT_WORK or longest is None:
                continue
            paused = others_wait and now - self._paused.get(run.folder, now) > allowed.pause_minutes * 60
            if paused or run.seconds > longest * 60:
                RunFolder(run.folder).stop_file.touch()

    def _tidy(self, runs: list[Run]) -> None:
        """Put visitors' old runs into the trash, and empty it of what is older still."""
        hours = settings().run_hours
        for run in runs:
            old = time.time() - max(run.created, _last_written(run.folder)) > hours * 3600
            if hours and run.owner and old and run.state not in ("waiting", *AT_WORK):
                with suppress(UserError):
                    trash.delete(run.name, self._root)
        trash.empty(self._root)


def _last_written(folder: Path) -> float:
    file = folder / "status.json"
    return file.stat().st_mtime if file.is_file() else 0.0


def _stand_back(pid: int) -> None:
    import psutil

    process = psutil.Process(pid)
    process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if sys.platform == "win32" else NICENESS)
