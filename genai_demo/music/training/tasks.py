"""Makes the networks and training tasks of the music models by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from genai_demo.engine.training.task import Task
from genai_demo.errors import UserError
from genai_demo.music.data.reading import read_together
from genai_demo.music.training.composer import ComposerTask, ComposerTraining
from genai_demo.music.training.encoder import EncoderTask, EncoderTraining
from genai_demo.music.training.gan import GanTask, GanTraining
from genai_demo.music.training.masked import MaskedTask, MaskedTraining


def engine_fields(family: str) -> dict[str, Any]:
    """Return the fields of the engine's configuration that `family` needs otherwise than the engine's defaults."""
    fields: dict[str, dict[str, Any]] = {
        "composer": {"batch_size": 16},
        "encoder": {"batch_size": 256},
        # A penalised step's gradient is several times longer than the others', and Adam evens that out. Cells are on or
        # off: the mean of the weights of a long time has more or fewer of them on than any of those weights.
        "gan": {"batch_size": 16, "clip_norm": 1000.0, "ema_half_life": 500},
        "masked": {"batch_size": 64},
    }
    return fields[family]


def make_task(
    family: str,
    changes: dict[str, Any],
    sizes: dict[str, Any],
    data: Sequence[str],
    where: str,
    folder: Path,
    start: Path | None,
    seed: int,
) -> Task:
    """Return the task that the command line asks for.

    Args:
        family: which network to train.
        changes: fields of the training's configuration that differ from the defaults.
        sizes: fields of the network's configuration that differ from the defaults.
        data: paths or hub ids of music; a part of each is held out to measure on.
        where: which rows of their labels to choose, see `read_music`.
        folder: the run's folder.
        start: a run or checkpoint to go on from.
        seed: of data and weights.

    Raises:
        UserError: data or starting point cannot be used, or a field is unknown.
    """
    music, held_out = (read_together(data, split, where) for split in ("train", "validation"))
    try:
        if family == "encoder":
            return EncoderTask(EncoderTraining(seed=seed, **changes), music, held_out, sizes)
        if family == "gan":
            return GanTask(GanTraining(seed=seed, **changes), music, held_out, sizes, start)
        if family == "masked":
            return MaskedTask(MaskedTraining(seed=seed, **changes), music, held_out, sizes, start)
        return ComposerTask(ComposerTraining(seed=seed, **changes), music, held_out, sizes, start)
    except TypeError as error:
        raise UserError("engine.bad_field", reason=error) from error
