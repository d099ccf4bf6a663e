"""The masked model learns: two steps of a debug model, figures beside those of frequencies, and runs that go on."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from genai_demo.engine.models.checkpoint import Checkpoint
from genai_demo.engine.models.export import export_checkpoint
from genai_demo.engine.training.config import TrainConfig
from genai_demo.engine.training.loop import train
from genai_demo.engine.training.run import RunFolder
from genai_demo.errors import UserError
from genai_demo.music.data.column_batches import ColumnBatches
from genai_demo.music.data.labels import Label
from genai_demo.music.data.reading import Music
from genai_demo.music.models.masked_window import MASK_KINDS, mask_at_random
from genai_demo.music.models.networks import debug_sizes, make_network
from genai_demo.music.theory.piece import TICKS, Key, Note, Piece
from genai_demo.music.tokens.columns import LONGEST, NONE
from genai_demo.music.tokens.roll import PIANO_KEYS
from genai_demo.music.training.configs import MaskedTraining
from genai_demo.music.training.masked import MaskedTask
from genai_demo.music.training.masked_metrics import Frequencies
from tests.common.tasks import TaskSuite
from tests.helpers.music import bars_of, scale

MUSIC = Music(tuple(scale(bars, Key(0, "major")) for bars in (12, 16)), (Label(),) * 2, ("one", "two"))
NOTHING = Music((), (), ())
BRIEF = TrainConfig(examples=16, batch_size=8, precision="fp32", snapshots=1)


def make_task(start: Path | None = None, validation: Music = MUSIC, seed: int = 0, **sizes: int) -> MaskedTask:
    training = MaskedTraining(learning_rate=0.02, measured=2, seed=seed)
    return MaskedTask(training, MUSIC, validation, sizes if start else debug_sizes("masked") | sizes, start)


class TestMaskedTask(TaskSuite):
    starts = "checkpoint"

    def make(self, folder: Path, seed: int = 0, start: Path | None = None) -> MaskedTask:
        return make_task(start, seed=seed)

    def network(self, checkpoint: Checkpoint) -> nn.Module:
        return make_network("masked", checkpoint.model)


def test_two_steps_and_then_a_picture(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    task = make_task()
    before = {name: weight.clone() for name, weight in task.networks["model"].state_dict().items()}
    assert train(task, BRIEF, run).step == 2
    after = task.networks["model"].state_dict()
    assert all(not torch.equal(before[name], after[name]) for name in before)
    line = run.read_stats()[-1]
    for kind in ("whole", "stretch", "right", "left"):
        assert 0 < line[f"validation_bits_{kind}"] < 200
        assert 0 < line[f"validation_bits_{kind}_by_frequencies"] < 200
    sample = next((tmp_path / "samples").rglob("sample.png"))
    assert Image.open(io.BytesIO(sample.read_bytes())).width == 4 * 144


def test_it_learns_what_it_is_shown(tmp_path: Path) -> None:
    task = make_task()
    before = task.validate(task.networks["model"])["bits_right"]
    train(task, TrainConfig(examples=480, batch_size=8, precision="fp32", snapshots=1), RunFolder(tmp_path))
    assert task.validate(task.networks["model"])["bits_right"] < before / 2


def test_figures_leave_the_noise_alone() -> None:
    task = make_task()
    network = task.networks["model"].eval()
    torch.manual_seed(5)
    noise = torch.rand(3)
    torch.manual_seed(5)
    task.validate(network)
    assert torch.equal(torch.rand(3), noise)


def test_without_validation_nothing_is_measured() -> None:
    task = make_task(validation=NOTHING)
    assert task.validate(task.networks["model"]) == {}
    assert task.sample(task.networks["model"].eval())


def test_it_starts_from_a_checkpoint_with_its_sizes(tmp_path: Path) -> None:
    train(make_task(), BRIEF, RunFolder(tmp_path / "run"))
    checkpoint = export_checkpoint(tmp_path / "run", tmp_path / "kept")
    task = make_task(tmp_path / "kept")
    assert task.data()["started_from"]["checkpoint"] == checkpoint.id
    weights = task.networks["model"].state_dict()
    assert all(torch.equal(weights[name], weight) for name, weight in checkpoint.weights().items())
    with pytest.raises(UserError, match="other sizes"):
        make_task(tmp_path / "kept", width=32)


def test_music_that_no_window_can_show() -> None:
    bent = Piece(tuple(Note(place * TICKS // 3, 60, 100) for place in range(90)), bars_of([(4, 4)] * 10))
    with pytest.raises(UserError, match="sixteenths"):
        MaskedTask(MaskedTraining(), Music((bent,), (Label(),), ("bent",)), NOTHING, debug_sizes("masked"))


def test_frequencies_are_probabilities_and_their_cost_is_that_of_the_cells() -> None:
    batches = ColumnBatches(MUSIC)
    windows = batches.windows(np.arange(4), np.zeros(4, int))
    frequencies = Frequencies(windows)
    assert (frequencies.struck > 0).all() and (frequencies.struck < 1).all()
    assert np.allclose(frequencies.length.sum(1), 1)
    assert frequencies.length.shape[1] == LONGEST
    tensors = {name: torch.from_numpy(array) for name, array in windows.items()}
    for kind in MASK_KINDS:
        torch.manual_seed(0)
        canvas = mask_at_random(tensors, kind, 0.5)
        free, secret = canvas.free(), canvas.secret()
        nats = 0.0
        for row, hand, step in canvas.hidden.nonzero().tolist():
            chance = frequencies.struck[hand, int(canvas.positions[row, step])]
            struck = np.zeros(PIANO_KEYS, bool)
            for slot in secret[row, hand, step].nonzero()[:, 0].tolist():
                key, length = int(canvas.keys[row, hand, step, slot]), int(canvas.lengths[row, hand, step, slot])
                assert key != NONE
                struck[key] = True
                nats -= np.log(frequencies.length[hand, length - 1])
            cells = np.where(struck, np.log(chance), np.log1p(-chance))
            nats -= cells[free[row, hand, step].numpy()].sum()
        assert frequencies.cost(canvas) == pytest.approx(nats)
