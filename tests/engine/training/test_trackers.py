"""Figures also go to experiment trackers, without network."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from genai_demo.engine.training.config import TRACKERS, TrainConfig
from genai_demo.engine.training.loop import train
from genai_demo.engine.training.run import RunFolder
from genai_demo.errors import UserError
from tests.helpers.toys import Toy, stop_at

CONFIG = TrainConfig(examples=80, batch_size=8, precision="fp32", snapshots=2, tick_seconds=0.0)


def test_tensorboard(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator  # type: ignore[import-untyped]

    toy = Toy()
    monkeypatch.setattr(toy, "verdicts", lambda network: {"edges": [0.0, 1.0], "real": [1], "made": [1]})
    train(toy, CONFIG, run, track="tensorboard")
    assert any("verdicts" in line for line in run.read_stats()), "they are for the page, not for trackers"
    files = list(run.path.rglob("events.out.tfevents.*"))
    assert files
    losses: list[tuple[int, float]] = []
    for folder in {file.parent for file in files}:
        events = EventAccumulator(str(folder)).Reload()
        assert not any("verdicts" in tag for tags in events.Tags().values() if isinstance(tags, list) for tag in tags)
        if "loss" in events.Tags()["scalars"]:
            losses += [(event.step, event.value) for event in events.Scalars("loss")]
    assert [step for step, _ in losses] == [line["step"] for line in run.read_stats()]
    assert [loss for _, loss in losses] == pytest.approx([line["loss"] for line in run.read_stats()])


@pytest.mark.parametrize("name", TRACKERS)
def test_a_tracker_that_is_not_installed(name: str, run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UserError, match=f"pip install {name}"):
        train(Toy(), CONFIG, run, track=name)
    assert not run.path.exists() or not list(run.path.iterdir())


def test_resumed_run_is_tracked_on(run: RunFolder) -> None:
    pytest.importorskip("tensorboard")
    train(Toy(before_step=stop_at(run, 3)), CONFIG, run, track="tensorboard")
    before = set(run.path.rglob("events.out.tfevents.*"))
    train(Toy(), CONFIG, run, resume=True, track="tensorboard")
    assert set(run.path.rglob("events.out.tfevents.*")) > before


def test_wandb_without_network(run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path / "wandb"))
    (tmp_path / "wandb").mkdir()
    end = train(Toy(), replace(CONFIG, examples=24), run, track="wandb")
    assert end.step == 3
    records = list((tmp_path / "wandb").rglob("*.wandb"))
    assert len(records) == 1
    assert b"gradient_norm" in records[0].read_bytes()
