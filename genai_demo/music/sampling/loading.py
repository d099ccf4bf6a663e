"""Finds and loads the music checkpoints, once per process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from genai_demo.engine.models.checkpoint import Checkpoint
from genai_demo.engine.models.registry import Registry, load_network

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
    """what `make_network` makes of the checkpoint's family"""


def _load(checkpoint: Checkpoint) -> LoadedModel:
    from genai_demo.music.models.networks import make_network

    return LoadedModel(checkpoint, load_network(checkpoint, make_network))


registry = Registry("music", FOLDERS, {"encoder": ENCODER}, dict.fromkeys((*FOLDERS, "encoder"), _load))
checkpoint_folder, load, problem = registry.folder, registry.load, registry.problem
