"""Untrained models that paint, for the page: what faces look like does not matter there, and nothing takes its time."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from genai_demo.engine.models.checkpoint import save_checkpoint
from genai_demo.faces.models.networks import debug_sizes, make_network
from genai_demo.faces.sampling.loading import ENCODER, FOLDERS
from genai_demo.faces.training.export import export_face_checkpoint
from genai_demo.settings import settings
from tests.helpers.faces import write_toys


def write_face_models(folder: Path, work: Path) -> Path:
    """Write a model of each family into `folder` and return it.

    Args:
        folder: of the checkpoints.
        work: for the drawings that they know.
    """
    data = str(write_toys(work, count=32))
    torch.manual_seed(0)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GENAI_DEMO_CHECKPOINTS", str(folder))
        settings.cache_clear()
        # The encoder first: the others' directions are named by it.
        for family, name in {"encoder": ENCODER, **FOLDERS}.items():
            weights = make_network(family, debug_sizes(family)).state_dict()
            # Fresh networks paint plain grey: their last layers start at nothing.
            weights = {name: weight + 0.2 * torch.randn_like(weight) for name, weight in weights.items()}
            save_checkpoint(work / family, weights, family, debug_sizes(family), {})
            export_face_checkpoint(work / family, folder / name, data, None)
    settings.cache_clear()
    return folder
