"""Makes the networks and training tasks of the face models by name."""

from __future__ import annotations

from genai_demo.engine.training.task import Task
from genai_demo.errors import UserError
from genai_demo.faces.data.reading import read_faces
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
from genai_demo.faces.training.vae import VaeTask


def make_task(request: FaceTrainRequest) -> Task:
    """Return the task that is asked for.

    Raises:
        UserError: data or starting point cannot be used, or a field is unknown.
    """
    family, start, sizes = request.family, request.start, request.sizes
    if start is not None and family not in ("gan", "vae"):
        raise UserError("faces.start_is_for_painters", family=family)
    faces, held_out = (
        read_faces(request.data, request.labels, split, where=request.where) for split in ("train", "validation")
    )
    told = {"seed": request.seed, **request.changes}
    try:
        if family == "gan":
            return GanTask(GanTraining(**told), faces, held_out, request.run, sizes, start)
        if family == "vae" and start is not None:
            if sizes:
                raise UserError("faces.sizes_of_the_start", start=start)
            return VaeFinetuningTask(FinetuningTraining(**told), faces, held_out, start)
        if family == "vae":
            return VaeTask(VaeTraining(**told), faces, held_out, sizes)
        if family == "encoder":
            return EncoderTask(EncoderTraining(**told), faces, held_out, sizes)
        return DcganTask(DcganTraining(**told), faces.pictures, held_out.pictures, sizes)
    except TypeError as error:
        raise UserError("engine.bad_field", reason=error) from error
