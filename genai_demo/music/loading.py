"""Finds and loads the music checkpoints, once per process."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from genai_demo.engine.checkpoint import CONFIG, Checkpoint, read_checkpoint
from genai_demo.errors import UserError
from genai_demo.settings import settings

if TYPE_CHECKING:
    from torch import nn

FOLDERS = {"composer": "piano-composer", "gan": "piano-gan", "masked": "piano-masked"}
"""folder of the checkpoint of each model that writes"""
ENCODER = "piano-encoder"
"""folder of the checkpoint that compares music"""


@dataclass(frozen=True)
class LoadedModel:
    """A checkpoint ready to use."""

    checkpoint: Checkpoint
    network: nn.Module
    """what `training.make_network` makes of the checkpoint's family"""


_loaded: dict[tuple[Path, int], LoadedModel] = {}
_lock = threading.Lock()


def checkpoint_folder(model: str) -> Path:
    """Return the folder of a model: a key of `FOLDERS`, "encoder", a folder's name among the checkpoints, or a path.

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


def load(model: str, family: str | None = None) -> LoadedModel:
    """Return a model ready to use; the second call for the same files is immediate.

    Args:
        model: see `checkpoint_folder`.
        family: what it has to be; None takes any that writes, or the encoder.

    Raises:
        UserError: a file is missing or damaged, or it is another kind of model.
    """
    folder = checkpoint_folder(model)
    config = folder / CONFIG
    key = (folder.resolve(), config.stat().st_mtime_ns if config.is_file() else 0)
    with _lock:
        if key not in _loaded:
            _loaded[key] = _load(folder)
        loaded = _loaded[key]
    if family is not None and loaded.checkpoint.family != family:
        raise UserError("music.other_family", folder=model, found=loaded.checkpoint.family, wanted=family)
    return loaded


def _load(folder: Path) -> LoadedModel:
    checkpoint = read_checkpoint(folder)
    if checkpoint.family not in (*FOLDERS, "encoder"):
        raise UserError("music.not_a_music_model", folder=folder, family=checkpoint.family)

    from genai_demo.engine.device import choose_device
    from genai_demo.music.training import make_network

    try:
        network = make_network(checkpoint.family, checkpoint.model)
        network.load_state_dict(checkpoint.weights())
    except (RuntimeError, TypeError, ValueError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError("engine.damaged", file=folder / CONFIG, reason=str(error).splitlines()[0]) from error
    network.to(choose_device()).eval().requires_grad_(False)
    return LoadedModel(checkpoint, network)
