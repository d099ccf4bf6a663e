"""Makes the networks and training tasks of the music models by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from genai_demo.engine.training.config import TrainRequest
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


@dataclass(frozen=True, kw_only=True)
class MusicTrainRequest(TrainRequest):
    """What a run is asked to learn of music: family "composer", "encoder", "gan" or "masked"."""

    data: Sequence[str]
    """paths or hub ids of music; a part of each is held out to measure on"""
    where: str = ""
    """which rows of their labels to choose, see `read_music`"""


def make_task(request: MusicTrainRequest) -> Task:
    """Return the task that is asked for.

    Raises:
        UserError: data or starting point cannot be used, or a field is unknown.
    """
    music, held_out = (read_together(request.data, split, request.where) for split in ("train", "validation"))
    told = {"seed": request.seed, **request.changes}
    try:
        if request.family == "encoder":
            return EncoderTask(EncoderTraining(**told), music, held_out, request.sizes)
        if request.family == "gan":
            return GanTask(GanTraining(**told), music, held_out, request.sizes, request.start)
        if request.family == "masked":
            return MaskedTask(MaskedTraining(**told), music, held_out, request.sizes, request.start)
        return ComposerTask(ComposerTraining(**told), music, held_out, request.sizes, request.start)
    except TypeError as error:
        raise UserError("engine.bad_field", reason=error) from error
