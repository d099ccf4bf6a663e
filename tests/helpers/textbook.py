"""Runs of the textbook's models on handwritten digits, each a second long and made once."""

from __future__ import annotations

import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from genai_demo.engine.training.config import TrainConfig
from genai_demo.engine.training.loop import train
from genai_demo.engine.training.run import RunFolder
from genai_demo.errors import UserError
from genai_demo.faces.data.textbook import DIGITS
from genai_demo.faces.training.configs import FaceTrainRequest, engine_fields
from genai_demo.faces.training.tasks import make_task
from genai_demo.faces.training.textbook.pictures_task import PicturesTask


def run(
    family: str, examples: int = 16_000, few: int = 0, **changes: Any
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the statistics of a run, and its configuration.

    Args:
        family: "textbook-vae" or "textbook-gan".
        examples: budget.
        few: pictures to learn from; 0 for all.
        changes: fields of its training that differ from the defaults.
    """
    return _run(family, examples, few, tuple(sorted(changes.items())))


@cache
def _run(family: str, examples: int, few: int, changes: tuple[tuple[str, Any], ...]) -> Any:
    with tempfile.TemporaryDirectory() as name:
        folder = RunFolder(Path(name))
        request = FaceTrainRequest(family=family, run=folder.path, data=DIGITS, changes=dict(changes))
        task = make_task(request)
        assert isinstance(task, PicturesTask)
        if few:
            task.pictures = task.pictures[:few]
        how = {**engine_fields(family), "snapshots": 6, "tick_seconds": 0.25}
        try:
            train(task, TrainConfig(examples=examples, precision="fp32", **how), folder)
        except UserError as error:
            assert error.key in ("engine.exploded", "engine.diverged")
        return folder.read_stats(), json.loads((folder.path / "config.json").read_text(encoding="utf-8"))
