"""Debug models of every family, as they are before any training."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from genai_demo.engine.models.checkpoint import save_checkpoint
from genai_demo.music.models.networks import debug_sizes, make_network
from genai_demo.music.sampling.loading import ENCODER, FOLDERS
from genai_demo.settings import settings


@pytest.fixture(scope="session")
def tiny_music_checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of checkpoints with a debug model of each family, whose weights are drawn at random."""
    folder = tmp_path_factory.mktemp("checkpoints")
    for seed, (family, name) in enumerate({**FOLDERS, "encoder": ENCODER}.items()):
        torch.manual_seed(seed + 7)
        network = make_network(family, debug_sizes(family))
        for weight in network.parameters():
            torch.nn.init.normal_(weight, std=0.1)
        save_checkpoint(folder / name, network.state_dict(), family, asdict(network.config), {})  # type: ignore[arg-type]
    return folder


@pytest.fixture
def tiny(tiny_music_checkpoints: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The debug models take the place of the real ones."""
    monkeypatch.setenv("GENAI_DEMO_CHECKPOINTS", str(tiny_music_checkpoints))
    settings.cache_clear()
    return tiny_music_checkpoints
