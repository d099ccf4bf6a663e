"""Makes the networks and training tasks of the face models by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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


def make_task(
    family: str,
    changes: dict[str, Any],
    sizes: dict[str, Any],
    data: str,
    labels: str | None,
    folder: Path,
    start: Path | None,
    seed: int,
    where: str = "",
) -> Task:
    """Return the task that the command line asks for.

    Args:
        family: "gan", "vae", "encoder" or "dcgan".
        changes: fields of the training's configuration that differ from the defaults.
        sizes: fields of the network's configuration that differ from the defaults.
        data: path or hub id of faces; a part of them is held out to measure on.
        labels: path of a table of labels; None looks for one beside the data.
        folder: the run's folder.
        start: a run to go on from: of a GAN at the same or a smaller side, or of a VAE, whose decoder is polished.
        seed: of data and weights.
        where: which rows of the labels to choose, see `read_faces`.

    Raises:
        UserError: data or starting point cannot be used, or a field is unknown.
    """
    if start is not None and family not in ("gan", "vae"):
        raise UserError("faces.start_is_for_painters", family=family)
    faces, held_out = (read_faces(data, labels, split, where=where) for split in ("train", "validation"))
    try:
        if family == "gan":
            return GanTask(GanTraining(seed=seed, **changes), faces, held_out, folder, sizes, start)
        if family == "vae" and start is not None:
            if sizes:
                raise UserError("faces.sizes_of_the_start", start=start)
            return VaeFinetuningTask(FinetuningTraining(seed=seed, **changes), faces, held_out, start)
        if family == "vae":
            return VaeTask(VaeTraining(seed=seed, **changes), faces, held_out, sizes)
        if family == "encoder":
            return EncoderTask(EncoderTraining(seed=seed, **changes), faces, held_out, sizes)
        return DcganTask(DcganTraining(seed=seed, **changes), faces.pictures, held_out.pictures, sizes)
    except TypeError as error:
        raise UserError("engine.bad_field", reason=error) from error
