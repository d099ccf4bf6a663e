"""A run as a ZIP, to look at, or to go on from, elsewhere."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path

from genai_demo.engine.evaluation.first_card import write_first_card
from genai_demo.engine.models.checkpoint import CONFIG, read_checkpoint
from genai_demo.engine.models.export import export_checkpoint
from genai_demo.engine.models.weights import WEIGHTS
from genai_demo.engine.runs import record as records
from genai_demo.engine.runs.record import read_record
from genai_demo.engine.runs.registry import Run, run_path
from genai_demo.engine.training.run import RunFolder
from genai_demo.errors import UserError

_WHOLE = ("config.json", "stats.jsonl")
_STATUS = ("state", "step", "fraction", "seconds", "loss", "best", "items", "message", "key", "values")
"""of the status, what means something elsewhere"""


def export_zip(name: str, target: Path, root: Path | None = None) -> Path:
    """Write a run as a ZIP: its command, settings, history, previews, and best and newest snapshot as safetensors.

    Unpacked into another installation's folder of runs it is a run there, whose snapshots can be used, and started
    from; what only resuming needs is left out.

    Args:
        name: of the run.
        target: the file to write.
        root: folder of the runs; None for that of the settings.

    Raises:
        UserError: there is no such run, or the file cannot be written.
    """
    folder = run_path(name, root)
    with _writing(target) as archive:
        for file, text in _told(RunFolder(folder)):
            archive.writestr(f"{name}/{file}", text)
        for path in _files(RunFolder(folder)):
            _add(archive, path, f"{name}/{path.relative_to(folder).as_posix()}")
    return target


def snapshot_folder(run: Run, step: int | None = None) -> Path:
    """Return the folder of a run's snapshot.

    Args:
        run: whose.
        step: when; None for the best one.

    Raises:
        UserError: there is none.
    """
    known = RunFolder(run.folder)
    folder = known.best_snapshot() if step is None else known.snapshot_folder(step)
    if folder is None or not (folder / CONFIG).is_file():
        raise UserError("runs.no_snapshot", title=run.title)
    return folder


def checkpoint_zip(run: Run, snapshot: Path, target: Path) -> Path:
    """Write a run's snapshot as a ZIP with a checkpoint in half precision, and a card that says how it came about.

    Args:
        run: whose.
        snapshot: see `snapshot_folder`.
        target: the file to write.

    Raises:
        UserError: the snapshot is damaged, or the file cannot be written.
    """
    name = f"{run.name}-{int(snapshot.name)}"
    with tempfile.TemporaryDirectory(prefix="genai-demo-checkpoint-") as place:
        folder = Path(place) / name
        best = asdict(run.best) if run.best else None
        told = {"modality": run.modality, "title": run.title, "command": run.command, "best": best}
        write_first_card(export_checkpoint(snapshot, folder), name, told)
        with _writing(target) as archive:
            for path in sorted(folder.iterdir()):
                _add(archive, path, f"{name}/{path.name}")
    return target


def add_card(target: Path, modality: str, source: Path) -> Path:
    """Write the card of a checkpoint that was just exported, unless it has one, and return where it lies.

    Args:
        target: the checkpoint's folder.
        modality: what it makes.
        source: the run that it comes from, or a checkpoint.

    Raises:
        UserError: the checkpoint is damaged.
    """
    record, best = read_record(source), RunFolder(source).read_status().get("best")
    told = {"modality": modality, "title": record.title or source.name, "command": record.command, "best": best}
    return write_first_card(read_checkpoint(target), target.name, told)


@contextmanager
def _writing(target: Path) -> Iterator[zipfile.ZipFile]:
    """Write an archive, which stands in its place once it is whole.

    Raises:
        UserError: it cannot be written.
    """
    half = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(half, "w", zipfile.ZIP_DEFLATED) as archive:
            yield archive
        os.replace(half, target)
    except OSError as error:
        with suppress(OSError):
            half.unlink()
        raise UserError("engine.cannot_write", file=target, reason=error.strerror) from error


def _add(archive: zipfile.ZipFile, path: Path, name: str) -> None:
    """Add a file; weights get no smaller."""
    archive.write(path, name, zipfile.ZIP_STORED if path.suffix == Path(WEIGHTS).suffix else zipfile.ZIP_DEFLATED)


def _told(run: RunFolder) -> Iterator[tuple[str, str]]:
    """Yield what names people, processes or places, without these."""
    record = replace(read_record(run.path), owner="", place="", device="", waiting=None, longest=None, ended=None)
    status = {key: value for key, value in run.read_status().items() if key in _STATUS}
    # Elsewhere no process of it is at work.
    if status.get("state") not in ("finished", "failed"):
        status["state"] = "stopped"
    yield records.FILE, json.dumps(asdict(record), ensure_ascii=False, indent=2)
    yield "status.json", json.dumps(status | {"pid": 0}, ensure_ascii=False, indent=2)
    if record.command:
        yield "command.txt", record.command + "\n"


def _files(run: RunFolder) -> Iterator[Path]:
    yield from (run.path / name for name in _WHOLE if (run.path / name).is_file())
    for files in run.samples().values():
        yield from files
    kept = {folder for folder in (run.last_snapshot(), run.best_snapshot()) if folder is not None}
    for folder in sorted(kept):
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name[0] != ".")
    yield from (path for name in ("last", "best") if (path := run.path / "snapshots" / name).is_file())
