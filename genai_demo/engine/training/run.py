"""A run is a folder; whoever can read it can draw the run.

config.json      what was asked for
status.json      where it stands: state, step, fraction, sentence; of which process, and when that last was alive
stats.jsonl      one line of figures per tick
samples/STEP/    fixed-seed previews
snapshots/STEP/  the averaged weights as a checkpoint, at log-spaced steps; `last` names the newest, `best` the best
state/STEP/      all that resuming needs, with checksums; `current` names the one that is whole
log.txt          what the process printed, where `start_run` started it
stop             if this file appears, the run saves its state and ends
control.json     whether it is to pause, take single steps or change hyper-parameters, see `runs/orders.py`
run.json         what it is called, who started it, when and how, see `runs/record.py`
lock             held by the process that is at work, and free as soon as that ends
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genai_demo.engine.files import remove_unfinished, write_bytes, write_json, write_text
from genai_demo.engine.training.options import check_same
from genai_demo.errors import UserError

REAL = "real-"
"""how names of previews begin that show what was given to learn from: they stay with the run"""
HEARTBEAT = 10.0
"""seconds from one sign of life of a run to the next"""
LOST = 60.0
"""seconds without a sign of life after which a run is given up"""
_ALIVE = ("preparing", "running", "paused")
"""states in which a process is at work"""
_TELLING = ("status.json", "run.json", "config.json")
"""files of which a folder has one if it is a run"""


@dataclass(frozen=True)
class RunFolder:
    """Reads and writes one run's folder."""

    path: Path

    @property
    def stop_file(self) -> Path:
        """The file whose appearance ends the run."""
        return self.path / "stop"

    def check(self, resume: bool) -> None:
        """Make sure that the folder is free for a new run, or holds one to resume, and that no other process uses it.

        A run that was interrupted before its first state is resumed at its beginning.

        Raises:
            UserError: it is not.
        """
        file = self.path / "config.json"
        if not resume and file.exists():
            raise UserError("engine.run_exists", run=self.path)
        if resume and not file.is_file():
            raise UserError("engine.nothing_to_resume", run=self.path)
        status = self.read_status()
        if status.get("state") in _ALIVE and (status["pid"], status.get("host")) != (os.getpid(), platform.node()):
            raise UserError("engine.run_in_use", run=self.path, pid=status["pid"])

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder's lock, which the operating system frees however the process ends.

        Raises:
            UserError: another process holds it, or the folder cannot be written to.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(self.path / "lock", timeout=0)
        with self.writing():
            self.path.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire()
            except Timeout as error:
                raise UserError("engine.run_in_use", run=self.path, pid=self.read_status().get("pid", "?")) from error
            except NotImplementedError:  # a file system without locks: what stands in the status has to do
                yield
                return
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Turn what goes wrong while the folder is written to into a `UserError`."""
        from safetensors import SafetensorError

        try:
            yield
        except (OSError, SafetensorError) as error:
            # "Error while serializing: I/O error: No space left on device (os error 28)" says it twice too often.
            reason = getattr(error, "strerror", None) or re.sub(r".*error: |\s*\(os error \d+\)", "", str(error))
            with suppress(OSError):
                if self.state_folder():
                    raise UserError("engine.run_not_written", run=self.path, reason=reason) from error
            raise UserError("engine.run_not_begun", run=self.path, reason=reason) from error

    def tidy(self) -> None:
        """Remove what a process that was killed left half written."""
        folders = [self.path, *(self.path / name for name in ("samples", "snapshots", "state"))]
        for folder in [*folders, *self.snapshots().values(), *_by_step(self.path / "samples").values()]:
            remove_unfinished(folder)
        current = self.state_folder()
        for folder in (self.path / "state").glob("*"):
            if folder.is_dir() and folder != current:
                shutil.rmtree(folder)

    def start(self, config: dict[str, Any], resume: bool) -> None:
        """Write down the configuration of a new run, or make sure that a resumed one has the same.

        Raises:
            UserError: the configuration has changed.
        """
        file = self.path / "config.json"
        if resume:
            self.stop_file.unlink(missing_ok=True)
            check_same(self.path, read_json_file(file, self.path), config)
        with self.writing():
            write_json(file, config)

    def write_status(self, state: str, **values: Any) -> None:
        """Say where the run stands.

        Args:
            state: "preparing" while it reads its data, "running", "paused", "finished", "stopped" or "failed".
            values: what else is known, JSON-able: step, fraction, seconds, loss, message.
        """
        known = {"state": state, "pid": os.getpid(), "host": platform.node(), "heartbeat": time.time()}
        file = self.path / "status.json"
        with self.writing():
            try:
                write_json(file, known | values)
            except OSError:
                if not file.is_file():
                    raise
                # A full disk has no room for another file, but the last one's room can be used again.
                with file.open("r+", encoding="utf-8") as stream:
                    json.dump(known | values, stream)
                    stream.truncate()

    def read_status(self, now: float | None = None) -> dict[str, Any]:
        """Return what `write_status` wrote last, or nothing before it wrote anything.

        The state is "lost" where the process is gone without a word, or gave no sign of life for `LOST` seconds, and
        where the file is damaged.

        Args:
            now: seconds since 1970; None for the clock's.
        """
        file = self.path / "status.json"
        if not file.is_file():
            return {}
        try:
            status = read_json_file(file, self.path)
        except UserError:
            return {"state": "lost"}
        if not isinstance(status.get("state"), str) or not isinstance(status.get("pid"), int):
            return status | {"state": "lost"}
        # Older runs did not name their machine, and gave signs of life only by what they wrote.
        heard = status.get("heartbeat")
        heard = heard if isinstance(heard, (int, float)) else file.stat().st_mtime
        silent = (time.time() if now is None else now) - heard > LOST
        gone = status.get("host", platform.node()) == platform.node() and not _is_alive(status["pid"])
        if status["state"] in _ALIVE and (silent or gone):
            status["state"] = "lost"
        return status

    def stood(self) -> dict[str, Any]:
        """Return how far the run had come when its status was written last: what stays true when it goes on."""
        status = self.read_status()
        return {name: status[name] for name in ("step", "fraction", "seconds", "best", "items") if name in status}

    def add_stats(self, line: dict[str, Any]) -> None:
        """Append one line of figures."""
        with self.writing(), (self.path / "stats.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")

    def read_stats(self) -> list[dict[str, Any]]:
        """Return all lines of figures; a line that is just being written is left out.

        One may add to the line before it, of the same step. What is no training as usual is told as "marks", a list
        with the "step" that is was done after, and "name", "before" and "after" of a hyper-parameter that was changed,
        or "only", the phase that the step was. Where a snapshot of a GAN was made, "verdicts" holds what its
        discriminator says, as `verdict_histograms` tells it.
        """
        return self.read_stats_from(0)[0]

    def read_stats_from(self, offset: int) -> tuple[list[dict[str, Any]], int]:
        """Return the lines of figures from a byte on, without one that is just being written, and where to go on.

        Args:
            offset: 0, or what an earlier call returned. A resumed run drops lines: where that byte no longer begins
                one, all are returned again, so a reader goes by their steps.

        Raises:
            UserError: a line is damaged.
        """
        file = self.path / "stats.jsonl"
        if not file.exists():
            return [], 0
        with file.open("rb") as stream:
            if offset:
                stream.seek(offset - 1)
                if stream.read(1) != b"\n":
                    offset = 0
            stream.seek(offset)
            whole, end, _ = stream.read().rpartition(b"\n")
        lines = []
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                lines.append(dict(json.loads(line)))
            except (ValueError, TypeError, RecursionError) as error:
                raise UserError("engine.run_damaged", run=self.path, file=file.name, reason=f"line {number}") from error
        return lines, offset + len(whole + end)

    def forget_stats_after(self, step: int) -> None:
        """Drop lines of figures beyond `step`: a resumed run takes those steps again."""
        try:
            kept = [json.dumps(line) + "\n" for line in self.read_stats() if line["step"] <= step]
        except (KeyError, TypeError) as error:
            raise UserError("engine.run_damaged", run=self.path, file="stats.jsonl", reason="step") from error
        with self.writing():
            write_text(self.path / "stats.jsonl", "".join(kept))

    def snapshots(self) -> dict[int, Path]:
        """Return the folders of all snapshots by step; the newest one may still be written."""
        return _by_step(self.path / "snapshots")

    def samples(self) -> dict[int, list[Path]]:
        """Return the files of all previews by step."""
        folders = _by_step(self.path / "samples")
        return {step: sorted(folder.glob("[!.]*")) for step, folder in folders.items()}

    def newest_samples(self) -> list[Path]:
        """Return the files of the newest previews."""
        folders = _by_step(self.path / "samples")
        return sorted(folders[max(folders)].glob("[!.]*")) if folders else []

    def snapshot_folder(self, step: int) -> Path:
        """Return the folder for the snapshot of `step`."""
        return self.path / "snapshots" / f"{step:08d}"

    def last_snapshot(self) -> Path | None:
        """Return the newest snapshot's folder, a checkpoint."""
        return self._named_snapshot("last")

    def best_snapshot(self) -> Path | None:
        """Return the folder of the snapshot that did best on held-out data, or the newest where none was compared."""
        return self._named_snapshot("best") or self._named_snapshot("last")

    def _named_snapshot(self, name: str) -> Path | None:
        pointer = self.path / "snapshots" / name
        if not pointer.is_file():
            return None
        folder = self.path / "snapshots" / Path(pointer.read_text(encoding="utf-8", errors="replace").strip()).name
        return folder if folder.is_dir() and folder.name.isdecimal() else None

    def point_to_snapshot(self, step: int, best: bool) -> None:
        """Name the snapshot of `step`, which is whole, as the newest, and as the best if it is."""
        for name in ("last", "best") if best else ("last",):
            with self.writing():
                write_text(self.path / "snapshots" / name, self.snapshot_folder(step).name + "\n")

    def snapshots_since_best(self) -> int:
        """Return how many snapshots were made after the best one; 0 where none was compared."""
        best = self._named_snapshot("best")
        return 0 if best is None else sum(folder.name > best.name for folder in self.snapshots().values())

    def write_sample(self, step: int, files: dict[str, bytes]) -> None:
        """Write previews made at `step`."""
        folder = self.path / "samples" / f"{step:08d}"
        with self.writing():
            folder.mkdir(parents=True, exist_ok=True)
            for name, content in files.items():
                write_bytes(folder / name, content)

    def state_folder(self) -> Path | None:
        """Return the folder of the newest whole state."""
        pointer = self.path / "state" / "current"
        if not pointer.is_file():
            return None
        folder = self.path / "state" / Path(pointer.read_text(encoding="utf-8", errors="replace").strip()).name
        return folder if folder.is_dir() and folder.name[:1].isdecimal() else None


def read_json_file(file: Path, run: Path) -> dict[str, Any]:
    """Return what a file of a run says.

    Raises:
        UserError: it is damaged.
    """
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(values, dict):
            raise ValueError("no object")
    except (ValueError, OSError, RecursionError) as error:
        raise UserError("engine.run_damaged", run=run, file=file.name, reason=str(error).splitlines()[0]) from error
    return values


def list_runs(folder: Path) -> list[RunFolder]:
    """Return the runs in a folder, by name."""
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries)
    return [run for name in names if (run := run_named(folder, name)) is not None]


def run_named(folder: Path, name: str) -> RunFolder | None:
    """Return the run in a folder that has a name, or None; what begins with a dot is none."""
    if not name or name[0] == "." or Path(name).name != name:
        return None
    path = folder / name
    return RunFolder(path) if any((path / file).is_file() for file in _TELLING) else None


def _by_step(folder: Path) -> dict[int, Path]:
    found = sorted(folder.glob("[0-9]*[0-9]"))
    return {int(path.name): path for path in found if path.is_dir() and path.name.isdecimal()}


def _is_alive(pid: int) -> bool:
    import psutil

    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True
