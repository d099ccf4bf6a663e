"""The waiting list: runs that start when a place is free; it lies on disk and outlives the app."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genai_demo.engine.runs.registry import Run


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
        options: of `train`, by their names with underscores, such as {"model": "gru", "data": ["news.csv"],
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
    raise NotImplementedError


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
    raise NotImplementedError
