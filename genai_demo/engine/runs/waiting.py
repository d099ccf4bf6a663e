"""The waiting list: runs that start when a place is free; it lies on disk and outlives the app."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from genai_demo.engine.runs.access import is_presenter
from genai_demo.engine.runs.limits import check_start, limits
from genai_demo.engine.runs.orders import changing
from genai_demo.engine.runs.record import Record, owner_of, read_record, words_of, write_record
from genai_demo.engine.runs.registry import Run, find, run_path, runs_folder
from genai_demo.engine.training.run import RunFolder
from genai_demo.errors import UserError

LONGEST_TITLE = 80
"""characters"""
_USUAL: dict[str, Any] = {"state_minutes": 0.5, "tick_seconds": 1.0}
"""options of every run that somebody may watch, unless told otherwise"""


def start(
    modality: str,
    options: Mapping[str, Any],
    title: str = "",
    data: str = "",
    token: str = "",
    key: str = "",
    root: Path | None = None,
) -> Run:
    """Put a new run on the waiting list and return it; a `Supervisor` starts it when its turn comes.

    Its command gets `--state-minutes 0.5` and `--tick-seconds 1` unless `options` say otherwise.

    Args:
        modality: what to train.
        options: of `train`, by their names with underscores, such as {"model": "gru", "data": ["mine.csv"],
            "minutes": 2}; True stands for an option without a value, a sequence for one with several, None for one
            that is left out. Paths in it are believed: whoever takes them from a visitor checks them. The folder is
            chosen here.
        title: what to call it, at most 80 characters; empty for the folder's name.
        data: what to call its data; empty for what `options` name.
        token: of the visitor; only a hash of it is kept.
        key: the presenter's, if this is the presenter.
        root: folder of the runs; None for that of the settings.

    Raises:
        UserError: training is off, the budget or the waiting list is too long, or the visitor has runs enough.
    """
    title = checked_title(title) if title else ""
    options = _USUAL | dict(options)
    check_start(modality, options, token, key, root)
    folder = _new_folder(modality, str(options.get("model", "")), runs_folder(root))
    words = words_of(modality, options | {"run": folder})
    now = time.time()
    longest = None if is_presenter(key) else limits().minutes
    record = Record(words, title, data, owner_of(token), now, waiting=now, place=str(Path.cwd()), longest=longest)
    with RunFolder(folder).writing():
        write_record(folder, record)
    return find(folder.name, root)


def duplicate(
    name: str, changes: Mapping[str, Any], title: str = "", token: str = "", key: str = "", root: Path | None = None
) -> Run:
    """Start a run with the command of another one, some of its options changed.

    Args:
        name: of the run.
        changes: options as in `start`; None leaves one out.
        title: as there.
        token: as there.
        key: as there.
        root: as there.

    Raises:
        UserError: as there, or nobody knows the run's command.
    """
    record = read_record(run_path(name, root))
    if not record.words:
        raise UserError("runs.no_command", name=name)
    kept = {
        option: value for option, value in record.options.items() if option not in ("run", "resume", "json", "track")
    }
    if changes.get("minutes") is not None or changes.get("examples") is not None:
        kept = {option: value for option, value in kept.items() if option not in ("minutes", "examples")}
    options = {option: _number(value) if option == "minutes" else value for option, value in kept.items()}
    data = record.data if "data" not in changes else ""
    return start(record.modality, options | dict(changes), title, data, token, key, root)


def wait_again(folder: Path, unlimited: bool) -> None:
    """Put a run that ended on the waiting list; `unlimited` lets it train for longer than its visitor may."""
    with changing(folder):
        record = read_record(folder)
        longest = None if unlimited else record.longest
        write_record(folder, replace(record, waiting=time.time(), ended=None, longest=longest))


def leave(folder: Path, **changes: Any) -> None:
    """Take a run off the waiting list, with other changes of what is recorded of it."""
    with changing(folder):
        write_record(folder, replace(read_record(folder), waiting=None, **changes))


def checked_title(title: str) -> str:
    """Return a title without spaces around it.

    Raises:
        UserError: it is empty, too long or has characters that no line has.
    """
    plain = title.strip()
    if not plain or len(plain) > LONGEST_TITLE or not plain.isprintable():
        raise UserError("runs.bad_title", most=LONGEST_TITLE)
    return plain


def _new_folder(modality: str, model: str, root: Path) -> Path:
    """Make the folder of a new run, of a name that no other has."""
    kind = re.sub(r"[^a-z0-9-]+", "-", f"{modality}-{model}".lower()).strip("-")[:40] or "run"
    stem, number = f"{kind}-{time.strftime('%Y%m%d-%H%M%S')}", 1
    while True:
        folder = root / (stem if number == 1 else f"{stem}-{number}")
        try:
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:
            number += 1
        except OSError as error:
            raise UserError("engine.run_not_begun", run=folder, reason=error.strerror) from error


def _number(value: Any) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        return value
