"""What every test of the engine starts from."""

from __future__ import annotations

from pathlib import Path

import pytest

from genai_demo.engine.training.run import RunFolder


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "run")
