"""Runs of models that learn pictures, seconds long and made once: the textbook's, on handwritten digits, and others."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from genai_demo.engine.training.config import TrainConfig
from genai_demo.engine.training.loop import train
from genai_demo.engine.training.run import RunFolder
from genai_demo.errors import UserError
from genai_demo.faces.data.textbook import DIGITS
from genai_demo.faces.models.networks import debug_sizes
from genai_demo.faces.training.configs import FaceTrainRequest, engine_fields
from genai_demo.faces.training.tasks import make_task
from genai_demo.faces.training.textbook.configs import FAMILIES as TEXTBOOK
from genai_demo.faces.training.textbook.pictures_task import PicturesTask


def run(
    family: str, examples: int = 16_000, few: int = 0, **changes: Any
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the statistics of a run, and its configuration.

    Args:
        family: what to train; one that is not the textbook's has the sizes of tests, and learns drawn faces.
        examples: budget.
        few: pictures to learn from; 0 for all.
        changes: fields of its training that differ from the defaults.
    """
    return _run(family, examples, few, tuple(sorted(changes.items())))


@cache
def _run(family: str, examples: int, few: int, changes: tuple[tuple[str, Any], ...]) -> Any:
    with tempfile.TemporaryDirectory() as name:
        folder = RunFolder(Path(name))
        ours = family in TEXTBOOK
        what = {"data": DIGITS} if ours else {"data": "sample:200", "sizes": debug_sizes(family)}
        task = make_task(FaceTrainRequest(family=family, run=folder.path, changes=dict(changes), **what))
        if few:
            assert isinstance(task, PicturesTask) and task.items is not None
            task.pictures, task.items = task.pictures[:few], replace(task.items, used=few)
        how = {**engine_fields(family), "snapshots": 6, "tick_seconds": 0.25}
        try:
            train(task, TrainConfig(examples=examples, precision="fp32", **how), folder)
        except UserError as error:
            assert error.key in ("engine.exploded", "engine.diverged")
        return folder.read_stats(), json.loads((folder.path / "config.json").read_text(encoding="utf-8"))
