"""The piano GAN learns: runs are the same each time, go on, and a toy is learnt without collapse."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from genai_demo.engine.models.checkpoint import Checkpoint, read_checkpoint
from genai_demo.engine.models.export import export_checkpoint
from genai_demo.engine.training.config import Progress, TrainConfig
from genai_demo.engine.training.loop import train
from genai_demo.engine.training.run import RunFolder
from genai_demo.errors import UserError
from genai_demo.music.data.gan_batches import spread
from genai_demo.music.data.labels import Label
from genai_demo.music.data.reading import Music
from genai_demo.music.data.roll_batches import RollWindows
from genai_demo.music.data.roll_statistics import FEATURES, distances, measure
from genai_demo.music.models.gan import Gan, RollBatch
from genai_demo.music.models.networks import debug_sizes, make_network
from genai_demo.music.models.roll_conditioning import PHRASE_BARS
from genai_demo.music.theory.piece import TICKS, Key, Note, Piece
from genai_demo.music.training.configs import GanTraining, engine_fields
from genai_demo.music.training.gan import GanTask
from tests.common.tasks import TaskSuite
from tests.helpers.music import bars_of, scale

MUSIC = Music(tuple(scale(bars, Key(0, "major")) for bars in (5, 8)), (Label(),) * 2, ("one", "two"))
_C = Key(0, "major")
BRIEF = TrainConfig(examples=16, batch_size=8, precision="fp32", snapshots=1)


def make_task(music: Music = MUSIC, start: Path | None = None, **changes: float) -> GanTask:
    sizes = {} if start else debug_sizes("gan")
    return GanTask(GanTraining(**changes), music, MUSIC, sizes, start)  # type: ignore[arg-type]


class TestGanTask(TaskSuite):
    judged = True
    starts = "networks"

    def make(self, folder: Path, seed: int = 0, start: Path | None = None) -> GanTask:
        return make_task(start=start, seed=seed)

    def network(self, checkpoint: Checkpoint) -> nn.Module:
        return make_network("gan", checkpoint.model)


def test_two_steps_and_then_pictures(tmp_path: Path) -> None:
    progress = train(make_task(), BRIEF, RunFolder(tmp_path))
    assert progress.step == 2
    sample = next((tmp_path / "samples").rglob("sample.png"))
    assert Image.open(io.BytesIO(sample.read_bytes())).width > 100
    folder = RunFolder(tmp_path).last_snapshot()
    assert folder is not None
    checkpoint = read_checkpoint(folder)
    assert set(checkpoint.trained["validation"]) == {"feature_distance", "variety", *FEATURES}
    export_checkpoint(tmp_path, tmp_path / "shipped")
    shipped = read_checkpoint(tmp_path / "shipped")
    make_network(shipped.family, shipped.model).load_state_dict(shipped.weights())


def test_a_run_goes_on_where_another_ended(tmp_path: Path) -> None:
    first = make_task()
    train(first, BRIEF, RunFolder(tmp_path / "one"))
    second = make_task(start=tmp_path / "one")
    for mine, theirs in zip(second.networks["gan"].parameters(), first.networks["gan"].parameters(), strict=True):
        assert torch.equal(mine, theirs)
    with pytest.raises(UserError, match="other sizes"):
        GanTask(GanTraining(), MUSIC, MUSIC, debug_sizes("gan") | {"width": 32}, tmp_path / "one")


def test_each_phase_moves_its_own_network_only() -> None:
    task = make_task()
    batch, progress = task.batch(0, 4, 0), Progress(0, 0, 0.0, 0.0)
    for phase in task.phases:
        for network in task.networks.values():
            network.zero_grad(set_to_none=True)
        phase.loss(batch, progress)["loss"].backward()
        moved = {
            name: any(weight.grad is not None and weight.grad.any() for weight in network.parameters())
            for name, network in task.networks.items()
            if name != "gan"
        }
        assert moved == {name: name == phase.network for name in ("generator", "discriminator")}


def test_music_that_is_too_short_is_refused() -> None:
    with pytest.raises(UserError, match="4 bars"):
        make_task(Music((scale(3, Key(0, "major")),), (Label(),), ("short",)))


def test_both_kinds_of_a_toy_are_written(tmp_path: Path) -> None:
    """Two pieces of the same notes, for the right hand and for the left: only the latent vectors tell them apart."""
    bars = bars_of([(2, 4)] * 4)
    places = [(bar.start + beat, pitch) for bar in bars for beat in (0, TICKS) for pitch in (60, 64)]
    pieces = [Piece(tuple(Note(start, pitch, TICKS, hand) for start, pitch in places), bars, _C) for hand in (0, 1)]
    toy = Music(tuple(pieces), (Label(),) * 2, ("right", "left"))
    training = GanTraining(learning_rate=2e-3, gamma=0.5, final_gamma=0.5, generator_share=0.25)
    widths = {"width": 32, "grid": 16, "critic_widths": (16, 16, 16), "critic_stream": 16, "critic_features": 32}
    task = GanTask(training, toy, toy, debug_sizes("gan") | widths)
    budget = TrainConfig(examples=16 * 250, batch_size=16, precision="fp32", snapshots=1, clip_norm=1000.0)
    train(task, budget, RunFolder(tmp_path))
    asked = spread(RollWindows(toy, PHRASE_BARS, PHRASE_BARS), 1)[0]
    many = RollBatch(*(part.repeat(64, 0) for part in (asked.cells, asked.known, asked.conditions)))
    both = task.networks["gan"]
    assert isinstance(both, Gan)
    written = both.write(many, seed=1).cells[..., PHRASE_BARS * 8 :, :]
    left = measure(written, np.zeros(64, bool), PHRASE_BARS)[:, FEATURES.index("left_share")]
    assert (left < 0.35).mean() > 0.1
    assert (left > 0.65).mean() > 0.1


def test_features_by_hand() -> None:
    cells = np.zeros((1, 2, 2, 16, 72), bool)
    cells[0, 0, 0, (0, 4, 8, 12), 36] = True  # four quarter notes C for the right hand, held
    cells[0, 0, 1, :, 36] = ~cells[0, 0, 0, :, 36]
    cells[0, 1, 0, 0, 13] = True  # one sixteenth C sharp for the left
    found = dict(zip(FEATURES, measure(cells, np.array([False]), 2)[0], strict=True))
    assert found["notes_per_quarter"] == pytest.approx(5 / 4)
    assert found["struck_together"] == pytest.approx(5 / 4)
    assert found["polyphony"] == pytest.approx(17 / 16)
    assert found["silence"] == 0
    assert found["pitch_classes"] == pytest.approx(1.5)
    assert found["in_key"] == pytest.approx(4 / 5)
    assert found["left_share"] == pytest.approx(1 / 5)
    assert found["length"] == pytest.approx(np.log2(17 / 5))
    assert found["same_rhythm"] == pytest.approx(1)
    assert found["same_chroma"] == pytest.approx(4 / (2 * 5**0.5))


def test_distances_are_nothing_for_the_same_and_in_units_of_spread() -> None:
    random = np.random.default_rng(0)
    some = random.standard_normal((400, len(FEATURES))) * 3
    assert all(value == 0 for value in distances(some, some).values())
    assert all(0.9 < value < 1.1 for value in distances(some + 3, some).values())


def test_the_engine_is_told_what_a_gan_needs() -> None:
    TrainConfig(examples=1, **engine_fields("gan"))
