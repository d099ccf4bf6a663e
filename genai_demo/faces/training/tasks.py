"""Makes the networks and training tasks of the face models by name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genai_demo.engine.training.config import TrainRequest
from genai_demo.engine.training.task import Task
from genai_demo.errors import UserError
from genai_demo.faces.data.reading import read_faces
from genai_demo.faces.training.adversarial_finetuning import FinetuningTraining, VaeFinetuningTask
from genai_demo.faces.training.dcgan import TEXTBOOK, DcganTask, DcganTraining
from genai_demo.faces.training.encoder import EncoderTask, EncoderTraining
from genai_demo.faces.training.gan import GanTask, GanTraining
from genai_demo.faces.training.vae import VaeTask, VaeTraining


def engine_fields(family: str, start: Path | None = None) -> dict[str, Any]:
    """Return the fields of the engine's configuration that `family` needs otherwise than the engine's defaults."""
    if family == "dcgan":
        return TEXTBOOK
    penalised = family == "gan" or start is not None
    # A penalised step's gradient is several times longer than the others', and Adam evens that out.
    return {"batch_size": 32, "clip_norm": 1000.0 if penalised else 1.0}


@dataclass(frozen=True, kw_only=True)
class FaceTrainRequest(TrainRequest):
    """What a run is asked to learn of faces: family "gan", "vae", "encoder" or "dcgan".

    A GAN goes on from one at the same or a smaller side, or starts from a VAE; a VAE's decoder is polished.
    """

    data: str
    """path or hub id of faces; a part of them is held out to measure on"""
    labels: str | None = None
    """path of a table of labels; None looks for one beside the data"""
    where: str = ""
    """which rows of the labels to choose, see `read_faces`"""


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
