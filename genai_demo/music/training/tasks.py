"""Makes the networks and training tasks of the music models by name."""

from __future__ import annotations

from genai_demo.engine.data.items import Items, reasons
from genai_demo.engine.fields import check_values
from genai_demo.engine.training.task import Task
from genai_demo.music.data.labels import Label
from genai_demo.music.data.reading import read_together
from genai_demo.music.models.composer import ComposerConfig
from genai_demo.music.models.encoder import EncoderConfig
from genai_demo.music.models.gan import GanConfig
from genai_demo.music.models.masked import MaskedConfig
from genai_demo.music.training.composer import ComposerTask
from genai_demo.music.training.configs import (
    TRAININGS,
    ComposerTraining,
    EncoderTraining,
    GanTraining,
    MaskedTraining,
    MusicTrainRequest,
)
from genai_demo.music.training.encoder import EncoderTask
from genai_demo.music.training.gan import GanTask
from genai_demo.music.training.masked import MaskedTask

_Training = ComposerTraining | EncoderTraining | GanTraining | MaskedTraining
CONFIGS: dict[str, type] = {
    "composer": ComposerConfig,
    "encoder": EncoderConfig,
    "gan": GanConfig,
    "masked": MaskedConfig,
}
"""what the sizes of each network are"""


def check(request: MusicTrainRequest) -> None:
    """Raise `UserError` that names the first setting that is not allowed; reads nothing."""
    _training(request)
    check_values(CONFIGS[request.family], request.sizes, "engine.no_such_size")
    if request.start is None:
        CONFIGS[request.family](**request.sizes)


def make_task(request: MusicTrainRequest) -> Task:
    """Return the task that is asked for.

    Raises:
        UserError: a setting is not allowed, or data or starting point cannot be used.
    """
    check(request)
    training, sizes, start = _training(request), request.sizes, request.start
    music, held_out = (read_together(request.data, split, request.where) for split in ("train", "validation"))
    task: Task
    if isinstance(training, EncoderTraining):
        task = EncoderTask(training, music, held_out, sizes)
    elif isinstance(training, GanTraining):
        task = GanTask(training, music, held_out, sizes, start)
    elif isinstance(training, MaskedTraining):
        task = MaskedTask(training, music, held_out, sizes, start)
    else:
        task = ComposerTask(training, music, held_out, sizes, start)
    labelled = sum(label != Label() for label in music.labels)
    left_out = reasons(music.left_out, held_out.left_out)
    task.items = Items("music", len(music), len(held_out), labelled, left_out)
    return task


def _training(request: MusicTrainRequest) -> _Training:
    return request.training(TRAININGS[request.family])
