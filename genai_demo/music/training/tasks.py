"""Makes the networks and training tasks of the music models by name."""

from __future__ import annotations

from genai_demo.engine.training.task import Task
from genai_demo.errors import UserError
from genai_demo.music.data.reading import read_together
from genai_demo.music.training.composer import ComposerTask
from genai_demo.music.training.configs import (
    ComposerTraining,
    EncoderTraining,
    GanTraining,
    MaskedTraining,
    MusicTrainRequest,
)
from genai_demo.music.training.encoder import EncoderTask
from genai_demo.music.training.gan import GanTask
from genai_demo.music.training.masked import MaskedTask


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
