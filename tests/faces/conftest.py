"""Models of the drawn faces, trained once."""

from __future__ import annotations

from pathlib import Path

import pytest

from genai_demo.engine.training.config import TrainConfig
from genai_demo.engine.training.loop import train
from genai_demo.engine.training.run import RunFolder
from genai_demo.faces.models.networks import debug_sizes
from genai_demo.faces.sampling.loading import ENCODER, FOLDERS
from genai_demo.faces.training.configs import FaceTrainRequest
from genai_demo.faces.training.export import export_face_checkpoint
from genai_demo.faces.training.tasks import make_task
from genai_demo.settings import settings
from tests.helpers.faces import write_toys

CONFIG = TrainConfig(examples=160, batch_size=8, precision="fp32", snapshots=1)


@pytest.fixture(scope="session")
def tiny_face_checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of checkpoints with a debug model of each family, the encoder first since the others are named by it."""
    data = str(write_toys(tmp_path_factory.mktemp("faces"), count=32))
    folder = tmp_path_factory.mktemp("checkpoints")
    patch = pytest.MonkeyPatch()
    patch.setenv("GENAI_DEMO_CHECKPOINTS", str(folder))
    settings.cache_clear()
    for family, name in {"encoder": ENCODER, **FOLDERS}.items():
        run = tmp_path_factory.mktemp(family)
        how = {"changes": {"learning_rate": 0.01}, "sizes": debug_sizes(family)}
        train(make_task(FaceTrainRequest(family=family, run=run, data=data, **how)), CONFIG, RunFolder(run))
        export_face_checkpoint(run, folder / name, data, None)
    patch.undo()
    settings.cache_clear()
    return folder


@pytest.fixture
def tiny(tiny_face_checkpoints: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The debug models take the place of the real ones."""
    monkeypatch.setenv("GENAI_DEMO_CHECKPOINTS", str(tiny_face_checkpoints))
    settings.cache_clear()
    return tiny_face_checkpoints
