"""Runs that outlive the machine: copied to a folder that stays, such as a bucket, and fetched from there at the start.

Runs are not trained in that folder. What is mounted from an object store takes files that are written from beginning
to end, but no line at the end of one that is there, and no other file in its place; a run does both every second.
"""

from __future__ import annotations

import shutil
import sys
import threading
from pathlib import Path

from genai_demo.engine.runs.registry import runs_folder
from genai_demo.engine.training.run import list_runs

LOOK = 30.0
"""seconds from one look for what is new to the next"""
_HERE_ONLY = ("lock", "stop", "control.json")
"""what is about the process that trains"""
_POINTERS = ("current", "last", "best", "status.json", "run.json")
"""files that name others, or say how far they go: copied when those are there"""


class Keeper:
    """Copies the runs of an installation to a folder that stays, on a thread of its own.

    Args:
        kept: that folder; made if it is missing.
        root: folder of the runs; None for that of the settings.
    """

    def __init__(self, kept: Path, root: Path | None = None) -> None:
        self._kept, self._root = kept, runs_folder(root)
        self._known: dict[Path, tuple[int, int]] = {}
        self._over = threading.Event()

    def start(self) -> None:
        """Fetch the runs that were kept, and keep what changes from now on, until the process ends."""
        try:
            self.restore()
        except OSError as error:
            print(f"{type(self).__name__}: {error}", file=sys.stderr)
        threading.Thread(target=self._look, name="keeper", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._over.set()

    def _look(self) -> None:
        while not self._over.wait(LOOK):
            try:
                self.keep()
            except OSError as error:  # a bucket that is out of reach now may be back at the next look
                print(f"{type(self).__name__}: {error}", file=sys.stderr)

    def restore(self) -> list[str]:
        """Copy the kept runs that are not here, and return their names.

        A run that was at work when its machine went is here as one that was lost: it can be resumed.
        """
        names = []
        for run in list_runs(self._kept):
            target = self._root / run.path.name
            if not target.exists():
                # Under a name that is none of a run until all of it is there.
                beside = self._root / f".{target.name}.coming"
                shutil.rmtree(beside, ignore_errors=True)
                beside.parent.mkdir(parents=True, exist_ok=True)
                shutil.copytree(run.path, beside, copy_function=shutil.copyfile)
                beside.rename(target)
                names.append(target.name)
            self._known |= {file: _state(file) for file in _files(target)}
        return names

    def keep(self) -> int:
        """Copy what is new or has changed, remove what is no more, and return how many files were copied."""
        copied = 0
        runs = {run.path.name: run.path for run in list_runs(self._root)}
        for path in runs.values():
            copied += self._keep_run(path)
        for run in list_runs(self._kept):
            if run.path.name not in runs:
                shutil.rmtree(run.path, ignore_errors=True)
        return copied

    def _keep_run(self, run: Path) -> int:
        files = sorted(_files(run), key=lambda file: (file.name in _POINTERS, file))
        copied = 0
        for file in files:
            target = self._kept / file.relative_to(self._root)
            if file.name in _POINTERS and set(_files(run)) - set(files):
                return copied  # what it names now may be what has not been copied
            try:
                state = _state(file)
                if self._known.get(file) == state and target.is_file():
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)
            except FileNotFoundError:
                return copied  # the run has gone on meanwhile; what names these files is copied the next time
            self._known[file] = state
            copied += 1
        here = set(files)
        for target in _files(self._kept / run.name):
            file = self._root / target.relative_to(self._kept)
            if file not in here:
                target.unlink()
                self._known.pop(file, None)
        return copied


def _files(run: Path) -> list[Path]:
    """Return the files of a run that say something to who comes later; those that begin with a dot are half written."""
    return [
        file
        for file in run.rglob("*")
        if file.is_file()
        and file.name not in _HERE_ONLY
        and not any(part[0] == "." for part in file.relative_to(run).parts)
    ]


def _state(file: Path) -> tuple[int, int]:
    known = file.stat()
    return known.st_size, known.st_mtime_ns
