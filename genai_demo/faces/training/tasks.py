"""Makes the networks and training tasks of the face models by name."""

from __future__ import annotations

from genai_demo.engine.data.items import Items, reasons
from genai_demo.engine.fields import check_values, fields_of
from genai_demo.engine.training.task import Task
from genai_demo.errors import UserError
from genai_demo.faces.data.reading import read_faces
from genai_demo.faces.data.textbook import is_textbook_set, read_grey
from genai_demo.faces.models.dcgan import DcganConfig
from genai_demo.faces.models.encoder import EncoderConfig
from genai_demo.faces.models.gan import GanConfig
from genai_demo.faces.models.textbook_gan import TextbookGanConfig
from genai_demo.faces.models.textbook_vae import TextbookVaeConfig
from genai_demo.faces.models.vae import VaeConfig
from genai_demo.faces.training.adversarial_finetuning import VaeFinetuningTask
from genai_demo.faces.training.configs import (
    DcganTraining,
    EncoderTraining,
    FaceTrainRequest,
    FinetuningTraining,
    GanTraining,
    VaeTraining,
)
from genai_demo.faces.training.dcgan import DcganTask
from genai_demo.faces.training.encoder import EncoderTask
from genai_demo.faces.training.gan import GanTask
from genai_demo.faces.training.textbook.configs import FAMILIES as TEXTBOOK
from genai_demo.faces.training.textbook.configs import TextbookGanTraining, TextbookVaeTraining
from genai_demo.faces.training.textbook.gan import TextbookGanTask
from genai_demo.faces.training.textbook.vae import TextbookVaeTask
from genai_demo.faces.training.vae import VaeTask

_Training = (
    GanTraining
    | VaeTraining
    | FinetuningTraining
    | EncoderTraining
    | DcganTraining
    | TextbookVaeTraining
    | TextbookGanTraining
)
CONFIGS: dict[str, type] = {
    "gan": GanConfig,
    "vae": VaeConfig,
    "encoder": EncoderConfig,
    "dcgan": DcganConfig,
    "textbook-vae": TextbookVaeConfig,
    "textbook-gan": TextbookGanConfig,
}
"""what the sizes of each network are"""


def check(request: FaceTrainRequest) -> None:
    """Raise `UserError` that names the first setting that is not allowed; reads nothing."""
    family, start = request.family, request.start
    if start is not None and family not in ("gan", "vae"):
        raise UserError("faces.start_is_for_painters", family=family)
    if start is not None and family == "vae" and request.sizes:
        raise UserError("faces.sizes_of_the_start", start=start)
    if start is None and family == "vae":
        known = {one: {field.name for field in fields_of(one)} for one in (VaeTraining, FinetuningTraining)}
        for name in request.changes:
            if name in known[FinetuningTraining] - known[VaeTraining]:
                raise UserError("faces.needs_start", option=f"--{name.replace('_', '-')}")
    _training(request)
    check_values(CONFIGS[family], request.sizes, "engine.no_such_size")
    CONFIGS[family](**request.sizes)
    if family in TEXTBOOK and "side" in request.sizes:
        raise UserError("textbook.side")
    if family not in TEXTBOOK and is_textbook_set(request.data):
        raise UserError("textbook.needed", source=request.data, families=", ".join(TEXTBOOK))


def make_task(request: FaceTrainRequest) -> Task:
    """Return the task that is asked for.

    Raises:
        UserError: a setting is not allowed, or data or starting point cannot be used.
    """
    check(request)
    start, sizes, training = request.start, request.sizes, _training(request)
    if isinstance(training, (TextbookVaeTraining, TextbookGanTraining)):
        return _textbook_task(request, training)
    faces, held_out = (
        read_faces(request.data, request.labels, split, where=request.where) for split in ("train", "validation")
    )
    task: Task
    if isinstance(training, GanTraining):
        task = GanTask(training, faces, held_out, request.run, sizes, start)
    elif isinstance(training, FinetuningTraining):
        assert start is not None
        task = VaeFinetuningTask(training, faces, held_out, start)
    elif isinstance(training, VaeTraining):
        task = VaeTask(training, faces, held_out, sizes)
    elif isinstance(training, EncoderTraining):
        task = EncoderTask(training, faces, held_out, sizes)
    else:
        task = DcganTask(training, faces.pictures, held_out.pictures, sizes)
    labelled = int((~faces.labels().isnan()).any(1).sum())
    left_out = reasons(faces.left_out, held_out.left_out)
    task.items = Items("faces", len(faces), len(held_out), labelled, left_out)
    return task


def _textbook_task(request: FaceTrainRequest, training: TextbookVaeTraining | TextbookGanTraining) -> Task:
    pictures, held_out = read_grey(request.data, request.labels, request.where)
    task: Task
    if isinstance(training, TextbookVaeTraining):
        task = TextbookVaeTask(training, pictures, held_out, request.sizes)
    else:
        task = TextbookGanTask(training, pictures, held_out, request.sizes)
    # They learn no labels: that nothing is labelled is nothing to warn of.
    task.items = Items("textbook", len(pictures), len(held_out), len(pictures))
    return task


def _training(request: FaceTrainRequest) -> _Training:
    kinds: dict[str, type[_Training]] = {
        "gan": GanTraining,
        "vae": VaeTraining if request.start is None else FinetuningTraining,
        "encoder": EncoderTraining,
        "dcgan": DcganTraining,
        "textbook-vae": TextbookVaeTraining,
        "textbook-gan": TextbookGanTraining,
    }
    return request.training(kinds[request.family])
