"""How much training is allowed: what is refused before it starts."""

from __future__ import annotations

import math
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from genai_demo.engine.runs.access import is_presenter
from genai_demo.engine.runs.record import owner_of, read_record
from genai_demo.engine.runs.registry import AT_WORK, Run, all_runs, runs_folder
from genai_demo.engine.zero_gpu import may_use_gpu
from genai_demo.errors import UserError
from genai_demo.settings import settings

_OURS = ("run", "resume", "json", "track")
"""options that nobody chooses for a run from the page: a tracker would talk to others"""
_NAME = re.compile("[a-z][a-z_]*")
_DATA = ("data", "background", "validation")
"""options that name files, or data of the hub"""
_HERE = ("sample", "digits")
"""data that come with the installation"""


@dataclass(frozen=True)
class Limits:
    """What may be trained from the page."""

    training: str
    """"off", "limited" or "on\""""
    at_once: int
    """runs that are at work at once"""
    minutes: float
    """longest budget of a run"""
    waiting: int
    """runs that may wait"""
    each: int
    """runs of one visitor that wait or are at work"""
    pause_minutes: float
    """after which a paused run is stopped if others wait"""
    upload_bytes: int
    """largest upload to learn from"""
    hub: bool
    """whether data may be fetched from the hub"""


def limits() -> Limits:
    """Return what the settings allow."""
    ours = settings()
    return Limits(
        training=ours.training,
        at_once=ours.runs_at_once or max(1, gpus()),
        minutes=ours.run_minutes,
        waiting=ours.waiting_runs,
        each=ours.visitor_runs,
        pause_minutes=ours.pause_minutes,
        upload_bytes=ours.training_bytes,
        hub=ours.hub,
    )


@cache
def gpus() -> int:
    """Return how many GPUs runs may be spread over; 0 where the settings name one device, or there is none."""
    if settings().device not in ("auto", "cuda") or not may_use_gpu():
        return 0
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def threads() -> int:
    """Return with how many threads a run computes, so that a core stays free where there are two."""
    known = getattr(os, "sched_getaffinity", None)
    cores = len(known(0)) if known else os.cpu_count() or 1
    return max(1, (cores - 1) // limits().at_once)


def check_start(modality: str, options: Mapping[str, Any], token: str, key: str, root: Path | None = None) -> None:
    """Raise `UserError` unless a run may be put on the waiting list, see `waiting.start`.

    The presenter may start any number of runs of any length.
    """
    allowed = limits()
    if allowed.training == "off":
        raise UserError("runs.off")
    _check_words(options)
    minutes = options.get("minutes")
    if (minutes is None) == (options.get("examples") is None):
        raise UserError("engine.one_budget")
    presenter = is_presenter(key)
    if minutes is not None:
        longest = 100_000 if presenter else allowed.minutes
        if not (isinstance(minutes, (int, float)) and math.isfinite(minutes) and 0 < minutes <= longest):
            raise UserError("runs.too_long", value=minutes, most=f"{longest:g}")
    if not allowed.hub and not presenter:
        for value in (options.get(name) for name in _DATA):
            for one in value if isinstance(value, (list, tuple)) else [value]:
                if one is not None and str(one).partition(":")[0] not in _HERE and not Path(str(one)).exists():
                    raise UserError("runs.no_hub", value=str(one)[:80])
    folder = runs_folder(root)
    while not folder.exists():
        folder = folder.absolute().parent
    if shutil.disk_usage(folder).free < settings().free_bytes:
        raise UserError("runs.no_room", free=f"{shutil.disk_usage(folder).free / 1e9:.1f}")
    if not presenter:
        _check_places(owner_of(token), root)


def check_resume(run: Run, key: str, root: Path | None = None) -> None:
    """Raise `UserError` unless a run that ended may be put on the waiting list again.

    The presenter may resume any run.
    """
    if is_presenter(key):
        return
    if limits().training == "off":
        raise UserError("runs.off")
    longest = read_record(run.folder).longest
    if longest is not None and run.seconds >= longest * 60:
        raise UserError("runs.trained_enough", title=run.title, most=f"{longest:g}")
    _check_places(run.owner, root)


def _check_words(options: Mapping[str, Any]) -> None:
    """Raise `UserError` unless options make the words that they seem to; argparse knows a name by its beginning."""
    for name, value in options.items():
        if value is None or value is False:
            continue
        if not _NAME.fullmatch(name) or any(ours.startswith(name) for ours in _OURS):
            raise UserError("runs.not_an_option", option=f"--{name[:40]}")
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if str(one).startswith("-") and not _is_number(str(one)):
                raise UserError("runs.looks_like_option", value=str(one)[:40])


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _check_places(owner: str, root: Path | None) -> None:
    """Raise `UserError` unless one more run of somebody may wait."""
    allowed, runs = limits(), all_runs(root)
    mine = sum(run.owner == owner and run.state in ("waiting", *AT_WORK) for run in runs)
    if mine >= allowed.each:
        raise UserError("runs.enough", count=mine, most=allowed.each)
    waiting = sum(run.state == "waiting" for run in runs)
    if waiting >= allowed.waiting:
        raise UserError("runs.full", count=waiting)
