"""Finds and loads the face checkpoints, once per process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from genai_demo.engine.models.checkpoint import Checkpoint
from genai_demo.engine.models.registry import Registry, load_network

if TYPE_CHECKING:
    from genai_demo.faces.models.encoder import FaceEncoder
    from genai_demo.faces.sampling.painting import GanPainter, VaePainter
    from genai_demo.faces.sampling.reference_faces import ReferenceFaces

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


def _painter(checkpoint: Checkpoint) -> LoadedPainter:
    from genai_demo.faces.models.blocks import channels_last
    from genai_demo.faces.models.gan import Generator
    from genai_demo.faces.models.latents import FILE, LatentMixture, standard_normal
    from genai_demo.faces.models.metadata import FaceMetadata
    from genai_demo.faces.models.networks import make_network
    from genai_demo.faces.models.vae import Vae
    from genai_demo.faces.sampling.painting import GanPainter, VaePainter

    network = channels_last(load_network(checkpoint, make_network))
    about = FaceMetadata.read(checkpoint.folder)
    if isinstance(network, Generator):
        return LoadedPainter(checkpoint, GanPainter(network, about.table), about.table.known, about.directions)
    assert isinstance(network, Vae)
    # A snapshot of a running training has no fitted codes yet.
    fitted = (checkpoint.folder / FILE).is_file()
    latents = LatentMixture.read_from(checkpoint.folder) if fitted else standard_normal(network.config.latent)
    age, gender, smile = (~latents.readings.isnan().any(1)).tolist()
    return LoadedPainter(checkpoint, VaePainter(network, latents), (age, gender, smile), about.directions)


def _encoder(checkpoint: Checkpoint) -> LoadedEncoder:
    from genai_demo.faces.models.blocks import channels_last
    from genai_demo.faces.models.encoder import FaceEncoder
    from genai_demo.faces.models.networks import make_network

    network = channels_last(load_network(checkpoint, make_network))
    assert isinstance(network, FaceEncoder)
    return LoadedEncoder(checkpoint, network)


registry: Registry[LoadedPainter | LoadedEncoder] = Registry(
    "faces", FOLDERS, {"encoder": ENCODER}, {**dict.fromkeys(FOLDERS, _painter), "encoder": _encoder}
)
checkpoint_folder, problem = registry.folder, registry.problem


def load(model: str, *families: str) -> LoadedPainter:
    """Return a model ready to paint, of any family or one of `families`; see `Registry.load`."""
    loaded = registry.load(model, *(families or FOLDERS))
    assert isinstance(loaded, LoadedPainter)
    return loaded


def load_encoder(model: str = "encoder") -> LoadedEncoder:
    """Return the encoder ready to use; see `Registry.load`."""
    loaded = registry.load(model, "encoder")
    assert isinstance(loaded, LoadedEncoder)
    return loaded


def load_reference_faces() -> ReferenceFaces:
    """Return the training faces as the encoder that ships sees them.

    Raises:
        UserError: they or the encoder cannot be used.
    """
    checkpoint = load_encoder().checkpoint
    return _reference_faces(checkpoint.folder, checkpoint.id)


@lru_cache(maxsize=2)
def _reference_faces(folder: Path, _checkpoint: str) -> ReferenceFaces:
    from genai_demo.faces.sampling.reference_faces import ReferenceFaces

    return ReferenceFaces.read_from(folder)
