"""Untrained models that write music, for the page: what it sounds like does not matter there."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import torch

from genai_demo.engine.models.checkpoint import save_checkpoint
from genai_demo.music.models.networks import debug_sizes, make_network
from genai_demo.music.sampling.loading import FOLDERS


def write_music_models(folder: Path) -> Path:
    """Write a model of each family that writes, and is not there, into `folder` and return it."""
    for seed, (family, name) in enumerate(FOLDERS.items()):
        if (folder / name).exists():
            continue
        torch.manual_seed(seed)
        network = make_network(family, debug_sizes(family))
        for weight in network.parameters():
            torch.nn.init.normal_(weight, std=0.02)
        save_checkpoint(folder / name, network.state_dict(), family, asdict(network.config), {})  # type: ignore[arg-type]
    return folder
