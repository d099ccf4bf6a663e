"""Models of the tiny world, trained once."""

from __future__ import annotations

from pathlib import Path

import pytest

from genai_demo.settings import settings
from genai_demo.text.sampling.loading import FOLDERS
from tests.helpers.news import titled, train_tiny


@pytest.fixture(scope="session")
def tiny_checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of checkpoints with a debug model of each family."""
    folder = tmp_path_factory.mktemp("checkpoints")
    for family, name in FOLDERS.items():
        train_tiny(family, tmp_path_factory.mktemp(family)).rename(folder / name)
    return folder


@pytest.fixture
def tiny(tiny_checkpoints: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The debug models take the place of the real ones."""
    monkeypatch.setenv("GENAI_DEMO_CHECKPOINTS", str(tiny_checkpoints))
    settings.cache_clear()
    return tiny_checkpoints


@pytest.fixture(scope="session")
def headlines(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Folder of a model that has met headlines."""
    return str(train_tiny("gru", tmp_path_factory.mktemp("headlines"), 3200, titled()))
