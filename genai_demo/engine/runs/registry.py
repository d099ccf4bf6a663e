"""All runs of an installation, as whoever looks at them wants to see them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from genai_demo.catalogue import LANGUAGES, message
from genai_demo.engine.runs.record import Record, read_record
from genai_demo.engine.training.run import RunFolder, list_runs, run_named
from genai_demo.errors import UserError
from genai_demo.settings import settings

STATES = ("waiting", "preparing", "running", "paused", "finished", "stopped", "failed", "lost")
AT_WORK = ("preparing", "running", "paused")
"""states in which a process is at work"""
_LOG_END = 4000
"""bytes at the end of log.txt in which the last words of a process are looked for"""


@dataclass(frozen=True)
class Best:
    """The best figure of a run on held-out data."""

    name: str
    value: float
    step: int


@dataclass(frozen=True)
class Run:
    """A run as it stands; read anew by `all_runs` and `find`."""

    folder: Path
    name: str
    """of the folder, which stays; what commands and endpoints call it"""
    title: str
    """what people call it"""
    modality: str
    """empty where nobody knows, as of older runs"""
    family: str
    data: str
    """what people call what it learns from"""
    state: str
    """one of `STATES`"""
    doing: str
    """what it is at: "training", "validating" or nothing"""
    place: int | None
    """in the waiting list, from 1; None if it does not wait"""
    step: int
    fraction: float
    """of its budget, 0 to 1"""
    seconds: float
    """that it has trained, pauses not counted"""
    seconds_left: float | None
    """of training; None while nobody can tell"""
    best: Best | None
    created: float
    """seconds since 1970"""
    thumbnail: Path | None
    """the newest preview"""
    command: str
    """what to type to start the same; empty where nobody knows"""
    sentence: str
    """why it failed or was lost, in English; empty if it did not. `told` says so in any language"""
    live: dict[str, dict[str, float]] = field(default_factory=dict)
    """what can be changed while it runs: "value", "low" and "high" by name"""
    phases: tuple[str, ...] = ()
    """of a step, such as ("discriminator", "generator"); each can be stepped by itself if there are several"""
    owner: str = ""
    """hash of the token of who started it; empty for the command line"""
    problem: tuple[str, dict[str, Any]] | None = None
    """key and values of `sentence` in the catalogue, where it stands there"""

    def told(self, language: str) -> str:
        """Return why it failed or was lost, in a language of the catalogue; empty if it did not."""
        if self.problem is not None:
            with suppress(KeyError, IndexError):  # of another version
                return message(self.problem[0], language, **self.problem[1])
        return self.sentence

    def plain(self) -> dict[str, Any]:
        """Return all but the owner as JSON-able data."""
        values = {name: value for name, value in asdict(self).items() if name not in ("owner", "problem")}
        files = {name: None if values[name] is None else str(values[name]) for name in ("folder", "thumbnail")}
        return values | files | {"phases": list(self.phases)}


def runs_folder(root: Path | None = None) -> Path:
    """Return the folder of the runs: `root`, or that of the settings."""
    return settings().runs if root is None else root


def all_runs(root: Path | None = None) -> list[Run]:
    """Return all runs: those at work first, then those that wait by their place, then the others, newest first.

    Args:
        root: folder of the runs; None for that of the settings.
    """
    known = [_Known.read(run) for run in list_runs(runs_folder(root))]
    waiting = sorted((one for one in known if one.waits), key=lambda one: (one.record.waiting, one.run.path.name))
    runs = [_read(one, waiting.index(one) + 1 if one.waits else None) for one in known]
    return sorted(runs, key=lambda run: (run.state not in AT_WORK, run.place or len(runs) + 1, -run.created, run.name))


def find(name: str, root: Path | None = None) -> Run:
    """Return the run of that name.

    Raises:
        UserError: there is none.
    """
    known = _Known.read(RunFolder(run_path(name, root)))
    if known.waits:  # its place depends on the others
        waiting = [run for run in all_runs(root) if run.name == name and run.place is not None]
        return waiting[0] if waiting else _read(_Known.read(known.run), None)  # its turn came meanwhile
    return _read(known, None)


def run_path(name: str, root: Path | None = None) -> Path:
    """Return the folder of the run of that name.

    Raises:
        UserError: there is none.
    """
    folder = runs_folder(root)
    run = run_named(folder, name)
    if run is None:
        raise UserError("runs.unknown", name=str(name)[:80])
    return run.path


@dataclass(frozen=True)
class _Known:
    run: RunFolder
    record: Record
    status: dict[str, Any]

    @classmethod
    def read(cls, run: RunFolder) -> _Known:
        return cls(run, read_record(run.path), run.read_status())

    @property
    def waits(self) -> bool:
        return self.record.waiting is not None and self.status.get("state") not in AT_WORK


def _read(known: _Known, place: int | None) -> Run:
    run, record, status = known.run, known.record, known.status
    config, options = _config(run.path), record.options
    state, problem, sentence = _state(run, record, status)
    if place is not None:
        state = "waiting"
    if state not in ("failed", "lost"):
        problem, sentence = None, ""
    fraction, seconds = _number(status, "fraction"), _number(status, "seconds")
    newest = run.newest_samples()
    return Run(
        folder=run.path,
        name=run.path.name,
        title=record.title or run.path.name,
        modality=record.modality,
        family=str(config.get("family") or options.get("model") or ""),
        data=record.data or _named(options.get("data")),
        state=state,
        doing=str(status.get("doing") or "") if state in AT_WORK else "",
        place=place,
        step=int(_number(status, "step")),
        fraction=min(fraction, 1.0),
        seconds=seconds,
        seconds_left=seconds / fraction * max(0.0, 1 - fraction) if fraction > 0 and seconds > 0 else None,
        best=_best(status.get("best")),
        created=record.created,
        thumbnail=newest[0] if newest else None,
        command=record.command,
        sentence=sentence,
        live=live if isinstance(live := status.get("live"), dict) else {},
        phases=tuple(map(str, status.get("phases") or ())),
        owner=record.owner,
        problem=problem,
    )


def _state(
    run: RunFolder, record: Record, status: Mapping[str, Any]
) -> tuple[str, tuple[str, dict[str, Any]] | None, str]:
    """Return the state of a run that does not wait, and why it failed or was lost: key, values and sentence."""
    state = status.get("state", "lost")
    if state == "failed":
        key, values = status.get("key"), status.get("values")
        problem = (key, values) if isinstance(key, str) and isinstance(values, dict) else None
        return state, problem, str(status.get("message") or "")
    if state != "lost":
        return (state if state in STATES else "lost"), None, ""
    if run.stop_file.exists():
        return "stopped", None, ""  # before it could say so
    # A process that was refused by its own options never came to say anything but this.
    refused = record.ended is not None and record.ended > 0
    if (refused or status.get("step") is None) and (said := _last_words(run.path)):
        return "failed", None, said
    lost: tuple[str, dict[str, Any]] = ("runs.lost", {})
    if record.ended is not None and record.ended < 0:
        lost = ("runs.killed", {"number": -record.ended})
    return "lost", lost, message(lost[0], "en", **lost[1])


def _last_words(folder: Path) -> str:
    """Return the sentence with which a process of the command line ended, or nothing."""
    with suppress(OSError), (folder / "log.txt").open("rb") as log:
        log.seek(max(0, log.seek(0, 2) - _LOG_END))
        lines = log.read().decode("utf-8", "replace").split("\n")
        last = next((line for line in reversed(lines) if line.strip()), "")
        for language in LANGUAGES:
            before, _, after = message("engine.error", language, sentence="\0").partition("\0")
            if last.startswith(before) and last.endswith(after):
                return last.removeprefix(before).removesuffix(after)
    return ""


def _config(folder: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError, RecursionError):
        values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return values if isinstance(values, dict) else {}
    return {}


def _number(status: Mapping[str, Any], name: str) -> float:
    value = status.get(name)
    return float(value) if isinstance(value, (int, float)) and value >= 0 else 0.0


def _best(told: Any) -> Best | None:
    with suppress(TypeError, KeyError, ValueError):
        return Best(str(told["name"]), float(told["value"]), int(told["step"]))
    return None


def _named(data: Any) -> str:
    """Return what an option names: files by their names, ids of the hub as they are."""
    values = data if isinstance(data, list) else [data] if isinstance(data, str) else []
    return ", ".join(Path(one).name if Path(one).is_absolute() or Path(one).suffix else one for one in values)
