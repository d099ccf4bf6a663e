"""Finds and loads the music checkpoints, once per process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from genai_demo.engine.models.checkpoint import Checkpoint, read_checkpoint
from genai_demo.engine.models.registry import Shelf, load_network
from genai_demo.errors import UserError

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


def _load(folder: Path) -> LoadedModel:
    checkpoint = read_checkpoint(folder)
    if checkpoint.family not in (*FOLDERS, "encoder"):
        raise UserError("music.not_a_music_model", folder=folder, family=checkpoint.family)

    from genai_demo.music.models.networks import make_network

    return LoadedModel(checkpoint, load_network(checkpoint, make_network))


_shelf = Shelf({**FOLDERS, "encoder": ENCODER}, _load)
checkpoint_folder, problem = _shelf.folder, _shelf.problem


def load(model: str, family: str | None = None) -> LoadedModel:
    """Return a model ready to use; the second call for the same files is immediate.

    Args:
        model: see `Shelf.folder`.
        family: what it has to be; None takes any that writes, or the encoder.

    Raises:
        UserError: a file is missing or damaged, or it is another kind of model.
    """
    loaded = _shelf.load(model)
    if family is not None and loaded.checkpoint.family != family:
        raise UserError("music.other_family", folder=model, found=loaded.checkpoint.family, wanted=family)
    return loaded
