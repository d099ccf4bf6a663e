"""Makes a checkpoint to ship out of a run: the weights, and what has to be known of the faces it was trained on."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from genai_demo.engine.models.checkpoint import Checkpoint, read_checkpoint, save_checkpoint
from genai_demo.engine.models.export import export_checkpoint
from genai_demo.engine.models.lineage import best_checkpoint
from genai_demo.engine.training.run import RunFolder
from genai_demo.engine.training.state import read_networks
from genai_demo.errors import UserError
from genai_demo.faces.data.batches import shrink, to_floats
from genai_demo.faces.data.labels import Faces
from genai_demo.faces.data.reading import read_faces
from genai_demo.faces.models import conditioning
from genai_demo.faces.models.dcgan import FAMILY as BASELINE
from genai_demo.faces.models.encoder import FaceEncoder
from genai_demo.faces.models.gan import Generator
from genai_demo.faces.models.judge import Judge, discriminator
from genai_demo.faces.models.latents import fit
from genai_demo.faces.models.metadata import FaceMetadata, tabulate
from genai_demo.faces.models.networks import make_network
from genai_demo.faces.models.vae import MeanEncoder, Vae
from genai_demo.faces.requests import DIRECTIONS, FaceRequest
from genai_demo.faces.sampling.loading import load_encoder, problem
from genai_demo.faces.sampling.painting import FacePainter, GanPainter, VaePainter
from genai_demo.faces.sampling.reference_faces import index_reference_faces
from genai_demo.faces.training.configs import FAMILIES
from genai_demo.faces.training.directions import name_directions
from genai_demo.faces.training.face_task import in_batches
from genai_demo.faces.training.noise_scale import COUNT, calibrate_noise_scale
from genai_demo.faces.training.textbook.configs import FAMILIES as TEXTBOOK

_MIXTURE = 10
"""components of the mixture that codes are drawn from"""
_SHOWN = 64
"""faces that directions are named on"""


def export_face_checkpoint(
    source: Path, target: Path, data: str | None, labels: str | None, where: str = ""
) -> Checkpoint:
    """Write a run's best snapshot, or a checkpoint, to `target`, and return what was written.

    Args:
        source: folder of a run or of a checkpoint.
        target: folder to write; a checkpoint of the same family that is there already is replaced, its card kept.
        data: the faces it was trained on; the textbook's models need none.
        labels: table of their labels; None looks for one beside the data.
        where: which rows of the labels to choose, see `read_faces`.

    Raises:
        UserError: there is no whole checkpoint, the data cannot be used, or `target` holds another family's.
    """
    checkpoint = read_checkpoint(best_checkpoint(source))
    if checkpoint.family in TEXTBOOK:
        return export_checkpoint(source, target)  # it knows no labels, and nothing has to be named
    if data is None:
        raise UserError("faces.data_needed", family=checkpoint.family)
    if checkpoint.family == BASELINE:
        wanted = ", ".join(family for family in FAMILIES if family != BASELINE)
        raise UserError("faces.other_family", folder=source, found=BASELINE, wanted=wanted)
    network = make_network(checkpoint.family, checkpoint.model)
    network.load_state_dict(checkpoint.weights())
    network.eval().requires_grad_(False)
    faces = read_faces(data, labels, "train", where=where)
    with tempfile.TemporaryDirectory() as name:
        extra = Path(name)
        if isinstance(network, Generator):
            table = tabulate(faces.labels().numpy())
            scale = calibrate_noise_scale(network, table, faces.pictures)
            FaceMetadata(table, _names(GanPainter(network, table))).write(extra)
            _keep_discriminator(source, checkpoint, network, read_faces(data, labels, "validation", where=where), extra)
            files = {file.name: file for file in extra.iterdir()}
            exported = export_checkpoint(source, target, files)
            noise_scale = {"scale": scale, "faces": min(COUNT, len(faces.pictures))}
            trained = exported.trained | {"spread": noise_scale}  # cards read it by this name
            return save_checkpoint(target, network.state_dict(), "gan", exported.model, trained, files, half=True)
        if isinstance(network, Vae):
            pictures = to_floats(shrink(faces.pictures, network.config.resolution))
            fitted = fit(in_batches(MeanEncoder(network), pictures), faces.labels(), _MIXTURE)
            fitted.write(extra)
            FaceMetadata(tabulate(faces.labels().numpy()), _names(VaePainter(network, fitted))).write(extra)
        else:
            assert isinstance(network, FaceEncoder)
            index_reference_faces(network, faces, read_faces(data, labels, "validation", where=where)).write(extra)
        return export_checkpoint(source, target, {file.name: file for file in sorted(extra.iterdir())})


def _keep_discriminator(
    source: Path, checkpoint: Checkpoint, generator: Generator, held_out: Faces, folder: Path
) -> None:
    """Write the discriminator of a run as its last step left it, and its verdicts on faces it never learnt from.

    What is no run has none to give; where it is a checkpoint that keeps one already, that is taken along anyway.
    """
    run = RunFolder(source)
    if run.state_folder() is None:
        return
    weights = {name: tensor.half() for name, tensor in read_networks(run)["discriminator"].items()}
    judge = discriminator(checkpoint.model, weights)  # as it will be read again, in half precision
    real = shrink(held_out.pictures, generator.config.resolution)
    known = conditioning.encode(held_out.ages, held_out.women, held_out.smiles)
    latents = torch.randn(len(real), generator.config.latent, generator=torch.Generator().manual_seed(0))
    made = in_batches(generator, latents, known)
    scores = (in_batches(judge, pictures, known).sort().values for pictures in (to_floats(real), made))
    Judge(judge, *scores).write(folder)


def _names(painter: FacePainter) -> tuple[str, ...]:
    """Return what each direction of a painter changes most, as far as the encoder that ships can tell."""
    encoder = None if problem("encoder") else load_encoder().network
    requests = [FaceRequest(index=index) for index in range(_SHOWN)]

    def paint(direction: int, push: float) -> Tensor:
        pushes = (0.0,) * direction + (push,)
        return painter.paint([painter.code(replace(request, directions=pushes)) for request in requests])

    return name_directions(paint, DIRECTIONS, encoder)
