"""Finds and loads the face checkpoints, once per process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from genai_demo.engine.models.checkpoint import Checkpoint, read_checkpoint
from genai_demo.engine.models.registry import Shelf, load_network
from genai_demo.errors import UserError

if TYPE_CHECKING:
    from genai_demo.faces.models.encoder import FaceEncoder
    from genai_demo.faces.sampling.painting import GanPainter, VaePainter

FOLDERS = {"gan": "faces-gan", "vae": "faces-vae"}
"""folder of the checkpoint of each model that paints"""
ENCODER = "faces-encoder"
"""folder of the checkpoint that compares faces and reads labels"""


@dataclass(frozen=True)
class LoadedPainter:
    """A checkpoint ready to paint."""

    checkpoint: Checkpoint
    painter: GanPainter | VaePainter
    known: tuple[bool, bool, bool]
    """whether age, gender and smile can be asked for"""
    directions: tuple[str, ...]
    """what moving along each direction changes most; "" where no label or measure explains it"""


@dataclass(frozen=True)
class LoadedEncoder:
    """The encoder ready to use."""

    checkpoint: Checkpoint
    network: FaceEncoder


def _load(folder: Path) -> LoadedPainter | LoadedEncoder:
    checkpoint = read_checkpoint(folder)
    if checkpoint.family not in (*FOLDERS, "encoder"):
        raise UserError("faces.not_a_face_model", folder=folder, family=checkpoint.family)

    from genai_demo.faces.models.blocks import channels_last
    from genai_demo.faces.models.encoder import FaceEncoder
    from genai_demo.faces.models.gan import Generator
    from genai_demo.faces.models.latents import FILE, LatentMixture, standard_normal
    from genai_demo.faces.models.metadata import FaceMetadata
    from genai_demo.faces.models.networks import make_network
    from genai_demo.faces.models.vae import Vae
    from genai_demo.faces.sampling.painting import GanPainter, VaePainter

    network = channels_last(load_network(checkpoint, make_network))
    if isinstance(network, FaceEncoder):
        return LoadedEncoder(checkpoint, network)
    about = FaceMetadata.read(folder)
    if isinstance(network, Generator):
        return LoadedPainter(checkpoint, GanPainter(network, about.table), about.table.known, about.directions)
    assert isinstance(network, Vae)
    # A snapshot of a running training has no fitted codes yet.
    latents = LatentMixture.read_from(folder) if (folder / FILE).is_file() else standard_normal(network.config.latent)
    age, gender, smile = (~latents.readings.isnan().any(1)).tolist()
    return LoadedPainter(checkpoint, VaePainter(network, latents), (age, gender, smile), about.directions)


_shelf = Shelf({**FOLDERS, "encoder": ENCODER}, _load)
checkpoint_folder, problem = _shelf.folder, _shelf.problem


def load(model: str) -> LoadedPainter:
    """Return a model ready to paint; the second call for the same files is immediate.

    Raises:
        UserError: a file is missing or damaged, or it is another kind of model.
    """
    loaded = _shelf.load(model)
    if not isinstance(loaded, LoadedPainter):
        raise UserError("faces.other_family", folder=model, found=loaded.checkpoint.family, wanted=", ".join(FOLDERS))
    return loaded


def load_encoder(model: str = "encoder") -> LoadedEncoder:
    """Return the encoder ready to use; the second call for the same files is immediate.

    Raises:
        UserError: a file is missing or damaged, or it is another kind of model.
    """
    loaded = _shelf.load(model)
    if not isinstance(loaded, LoadedEncoder):
        raise UserError("faces.other_family", folder=model, found=loaded.checkpoint.family, wanted="encoder")
    return loaded
