"""What an installation is in a Space, and where nothing can be written."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from genai_demo import settings as module
from genai_demo.engine import places
from genai_demo.settings import Settings, settings

NOWHERE = Path("/proc/nowhere")
"""where nobody can write, not even root"""
Look = Callable[..., Settings]


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Look]:
    """Read the settings anew, with some variables, from an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module.tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    for name in ("HOST", "SPACE_ID", "GENAI_DEMO_RUNS", "GENAI_DEMO_DATA", "GENAI_DEMO_TRAINING"):
        monkeypatch.delenv(name, raising=False)

    def read(**variables: str) -> Settings:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()
        return settings()

    yield read
    settings.cache_clear()


def test_a_space_is_open_to_its_proxy_and_careful_with_training(look: Look) -> None:
    here, there = look(), look(SPACE_ID="someone/demo", SPACE_HOST="someone-demo.hf.space")
    assert (here.host, there.host) == ("127.0.0.1", "0.0.0.0")
    assert (here.training, there.training) == ("on", "limited")
    assert (here.behind_proxy, there.behind_proxy) == (False, True)
    assert (here.own_hosts, there.own_hosts) == ((), ("someone-demo.hf.space",))
    assert "https://huggingface.co" in there.frame_ancestors and here.frame_ancestors == "'self'"
    assert look(SPACE_ID="someone/demo", GENAI_DEMO_TRAINING="off").training == "off", "the owner decides"


def test_a_bucket_keeps_runs_where_one_is_attached(look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BUCKET", tmp_path / "data")
    assert look(SPACE_ID="someone/demo").kept_runs is None
    (tmp_path / "data").mkdir()
    assert look().kept_runs == tmp_path / "data" / "runs"
    monkeypatch.setattr(module, "_BUCKET", Path("/proc"))
    assert look().kept_runs is None, "one that is mounted to be read only keeps nothing"
    monkeypatch.delenv("SPACE_ID")
    monkeypatch.setattr(module, "_BUCKET", tmp_path / "data")
    assert look().kept_runs is None, "elsewhere the folder may be anybody's"
    assert look(GENAI_DEMO_KEPT_RUNS="mine").kept_runs == Path("mine")


def test_what_cannot_be_written_moves_to_the_temporary_files(
    look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert look().runs == Path("runs")
    monkeypatch.setattr(module, "_ROOT", NOWHERE)
    monkeypatch.setattr(module, "can_write", lambda folder: folder.is_absolute() and folder.is_relative_to(tmp_path))
    moved = look()
    assert (moved.runs, moved.data) == (tmp_path / "tmp/genai-demo/runs", tmp_path / "tmp/genai-demo/data")
    assert look(GENAI_DEMO_RUNS="/proc/mine").runs == Path("/proc/mine"), "what somebody chose is not changed silently"


def test_whether_a_folder_can_be_written_is_tried(tmp_path: Path) -> None:
    assert module.can_write(tmp_path) and module.can_write(tmp_path / "not" / "there" / "yet")
    assert not module.can_write(NOWHERE)
    assert list(tmp_path.iterdir()) == []


def test_caches_move_where_the_home_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(places.tempfile, "tempdir", str(tmp_path))
    for name in ("XDG_CACHE_HOME", "MPLCONFIGDIR", "TORCH_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", "/chosen")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert places.move_caches() is None
    monkeypatch.setenv("HOME", str(NOWHERE))
    folder = places.move_caches()
    assert folder is not None and folder.parent == tmp_path
    assert os.environ["XDG_CACHE_HOME"] == str(folder / "cache")
    assert os.environ["HF_HOME"] == "/chosen"
    for name in ("XDG_CACHE_HOME", "MPLCONFIGDIR", "TORCH_HOME"):
        monkeypatch.delenv(name)
