"""Finds and loads the face checkpoints, once per process."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from genai_demo.engine.checkpoint import CONFIG, Checkpoint, read_checkpoint
from genai_demo.errors import UserError
from genai_demo.settings import settings

if TYPE_CHECKING:
    from genai_demo.faces.encoder import FaceEncoder
    from genai_demo.faces.painting import GanPainter, VaePainter

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


_loaded: dict[tuple[Path, int], LoadedPainter | LoadedEncoder] = {}
_lock = threading.Lock()


def checkpoint_folder(model: str) -> Path:
    """Return the folder of a model: "gan", "vae", "encoder", a folder's name among the checkpoints, or a path.

    A run's folder stands for its newest snapshot.
    """
    from genai_demo.engine.run import RunFolder

    names = {**FOLDERS, "encoder": ENCODER}
    named = settings().checkpoints / names.get(model, model)
    folder = named if model in names or named.is_dir() else Path(model)
    return RunFolder(folder).last_snapshot() or folder


def problem(model: str) -> UserError | None:
    """Return what keeps `model` from being used, or None; loads no torch."""
    try:
        read_checkpoint(checkpoint_folder(model))
    except UserError as error:
        return error
    return None


def load(model: str) -> LoadedPainter:
    """Return a model ready to paint; the second call for the same files is immediate.

    Raises:
        UserError: a file is missing or damaged, or it is another kind of model.
    """
    loaded = _cached(model)
    if not isinstance(loaded, LoadedPainter):
        raise UserError("faces.other_family", folder=model, found=loaded.checkpoint.family, wanted=", ".join(FOLDERS))
    return loaded


def load_encoder(model: str = "encoder") -> LoadedEncoder:
    """Return the encoder ready to use; the second call for the same files is immediate.

    Raises:
        UserError: a file is missing or damaged, or it is another kind of model.
    """
    loaded = _cached(model)
    if not isinstance(loaded, LoadedEncoder):
        raise UserError("faces.other_family", folder=model, found=loaded.checkpoint.family, wanted="encoder")
    return loaded


def _cached(model: str) -> LoadedPainter | LoadedEncoder:
    folder = checkpoint_folder(model)
    config = folder / CONFIG
    key = (folder.resolve(), config.stat().st_mtime_ns if config.is_file() else 0)
    with _lock:
        if key not in _loaded:
            _loaded[key] = _load(folder)
        return _loaded[key]


def _load(folder: Path) -> LoadedPainter | LoadedEncoder:
    checkpoint = read_checkpoint(folder)
    if checkpoint.family not in (*FOLDERS, "encoder"):
        raise UserError("faces.not_a_face_model", folder=folder, family=checkpoint.family)

    from genai_demo.engine.device import choose_device
    from genai_demo.faces.blocks import channels_last
    from genai_demo.faces.training import make_network

    try:
        network = make_network(checkpoint.family, checkpoint.model)
        network.load_state_dict(checkpoint.weights())
    except (RuntimeError, TypeError, ValueError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError("engine.damaged", file=folder / CONFIG, reason=str(error).splitlines()[0]) from error
    channels_last(network).to(choose_device()).eval().requires_grad_(False)

    from genai_demo.faces.about import About
    from genai_demo.faces.encoder import FaceEncoder
    from genai_demo.faces.gan import Generator
    from genai_demo.faces.latents import FILE, Latents, unfitted
    from genai_demo.faces.painting import GanPainter, VaePainter
    from genai_demo.faces.vae import Vae

    if isinstance(network, FaceEncoder):
        return LoadedEncoder(checkpoint, network)
    about = About.read(folder)
    if isinstance(network, Generator):
        return LoadedPainter(checkpoint, GanPainter(network, about.table), about.table.known, about.directions)
    assert isinstance(network, Vae)
    # A snapshot of a running training has no fitted codes yet.
    latents = Latents.read_from(folder) if (folder / FILE).is_file() else unfitted(network.config.latent)
    age, gender, smile = (~latents.readings.isnan().any(1)).tolist()
    return LoadedPainter(checkpoint, VaePainter(network, latents), (age, gender, smile), about.directions)
