"""Models of the drawn faces, trained once; folders and archives of tiny pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from genai_demo.engine.training.config import TrainConfig
from genai_demo.engine.training.loop import train
from genai_demo.engine.training.run import RunFolder
from genai_demo.faces.models.networks import debug_sizes
from genai_demo.faces.sampling.loading import ENCODER, FOLDERS
from genai_demo.faces.training.export import export_face_checkpoint
from genai_demo.faces.training.tasks import make_task
from genai_demo.settings import settings
from tests.helpers.faces import write_toys
from tests.helpers.pictures import encoded, picture, write_zip

CSV = (
    "file,split,age,gender,smile,kind\n"
    "one,train,20,female,1,photo\n"
    "two,train,41.5,man,0,drawing\n"
    "three.png,validation,,,,photo\n"
    "absent,train,60,m,1,photo\n"
)
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
        task = make_task(family, {"learning_rate": 0.01}, debug_sizes(family), data, None, run, None, 0)
        train(task, CONFIG, RunFolder(run))
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


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A ZIP archive of three pictures, one of them in a folder, with its labels beside it."""
    members = {f"{name}.png": encoded(picture(seed)) for seed, name in enumerate(("one", "two", "deep/three"))}
    (tmp_path / "set.csv").write_text(CSV, encoding="utf-8")
    return write_zip(tmp_path / "set_64.zip", members)
