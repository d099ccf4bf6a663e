"""The composer learns: its loss falls, its figures are those of what it is measured on, and runs resume."""

from __future__ import annotations

from math import log2
from pathlib import Path

import pytest
import torch
from torch import nn

from genai_demo.engine.models.checkpoint import Checkpoint
from genai_demo.engine.models.export import export_checkpoint
from genai_demo.engine.training.config import TrainConfig
from genai_demo.engine.training.loop import train
from genai_demo.engine.training.run import RunFolder
from genai_demo.errors import UserError
from genai_demo.music.data.labels import Label
from genai_demo.music.data.reading import Music
from genai_demo.music.midi.reading import read_midi
from genai_demo.music.models.networks import debug_sizes, make_network
from genai_demo.music.theory.piece import Key
from genai_demo.music.tokens import events
from genai_demo.music.training.composer import ComposerTask
from genai_demo.music.training.configs import ComposerTraining
from tests.common.tasks import TaskSuite
from tests.helpers.music import scale

MUSIC = Music(tuple(scale(bars, Key(0, "major")) for bars in (3, 5, 8)), (Label(),) * 3, ("one", "two", "three"))
BRIEF = TrainConfig(examples=16, batch_size=8, precision="fp32", snapshots=1)
CONFIG = TrainConfig(examples=400, batch_size=8, precision="fp32", snapshots=2)


def make_task(start: Path | None = None, seed: int = 0, **sizes: int) -> ComposerTask:
    sizes = sizes if start else debug_sizes("composer") | sizes
    return ComposerTask(ComposerTraining(learning_rate=0.01, seed=seed), MUSIC, MUSIC, sizes, start)


class TestComposerTask(TaskSuite):
    starts = "checkpoint"

    def make(self, folder: Path, seed: int = 0, start: Path | None = None) -> ComposerTask:
        return make_task(start, seed)

    def network(self, checkpoint: Checkpoint) -> nn.Module:
        return make_network("composer", checkpoint.model)


def test_two_steps_and_then_a_tune(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    progress = train(make_task(), BRIEF, run)
    assert progress.step == 2
    sample = next((tmp_path / "samples").rglob("sample.mid"))
    piece = read_midi(sample).piece
    assert len(piece.bars) == 8
    assert not piece.faults()


def test_it_learns_what_it_is_shown(tmp_path: Path) -> None:
    task = make_task()
    before = task.validate(task.networks["composer"])["bits_per_note"]
    # A fresh network holds all tokens equally likely, and a note has more than one.
    assert before > 2 * log2(events.SIZE)
    train(task, CONFIG, RunFolder(tmp_path))
    assert task.validate(task.networks["composer"])["bits_per_note"] < before / 3


def test_it_starts_from_a_checkpoint_with_its_sizes(tmp_path: Path) -> None:
    train(make_task(), BRIEF, RunFolder(tmp_path / "run"))
    checkpoint = export_checkpoint(tmp_path / "run", tmp_path / "kept")
    task = make_task(tmp_path / "kept")
    assert task.data()["started_from"]["checkpoint"] == checkpoint.id
    weights = task.networks["composer"].state_dict()
    assert all(torch.equal(weights[name], weight) for name, weight in checkpoint.weights().items())
    with pytest.raises(UserError, match="other sizes"):
        make_task(tmp_path / "kept", width=64)
