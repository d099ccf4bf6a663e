"""The baseline trains, exactly the same again after an interruption, and makes the same pictures from the same seed."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import nn

from genai_demo.engine.models.checkpoint import Checkpoint, read_checkpoint
from genai_demo.engine.training.config import Progress, TrainConfig
from genai_demo.engine.training.loop import train
from genai_demo.engine.training.run import RunFolder
from genai_demo.engine.training.task import Phase
from genai_demo.faces.models.dcgan import DEBUG, FAMILY, DcganConfig, DcganDiscriminator, DcganGenerator, generate
from genai_demo.faces.training.configs import PAPER, DcganTraining
from genai_demo.faces.training.dcgan import DcganTask
from tests.common.tasks import TaskSuite
from tests.helpers.ovals import pictures
from tests.helpers.toys import same

CONFIG = TrainConfig(examples=4 * 8, precision="fp32", snapshots=1, tick_seconds=0.0, **{**PAPER, "batch_size": 8})
FACES, UNSEEN = pictures(20, 0), pictures(16, 1)
NOW = Progress(0, 0, 0.0, 0.0)


def debug_task(**changes: object) -> DcganTask:
    return DcganTask(DcganTraining(**changes), FACES, UNSEEN, DEBUG, {"source": "tests"})  # type: ignore[arg-type]


class TestDcganTask(TaskSuite):
    judged = True
    config = replace(TaskSuite.config, **{**PAPER, "batch_size": 8})

    def make(self, folder: Path, seed: int = 0, start: Path | None = None) -> DcganTask:
        return debug_task(seed=seed)

    def network(self, checkpoint: Checkpoint) -> nn.Module:
        return DcganGenerator(DcganConfig(**checkpoint.model))


def test_sizes_are_those_of_the_textbook() -> None:
    generator, discriminator = DcganGenerator(DcganConfig()), DcganDiscriminator(DcganConfig())
    count = sum(weight.numel() for weight in generator.parameters())
    assert count == pytest.approx(3.58e6, rel=0.01)
    assert sum(weight.numel() for weight in discriminator.parameters()) == pytest.approx(2.77e6, rel=0.01)
    made = generator(torch.randn(2, 100))
    assert made.shape == (2, 3, 64, 64) and made.abs().max() <= 1
    assert discriminator(made).shape == (2,)


def test_two_steps_of_a_debug_model(tmp_path: Path) -> None:
    task = debug_task()
    run = RunFolder(tmp_path)
    assert train(task, replace(CONFIG, examples=16), run).step == 2
    line = run.read_stats()[-1]
    assert {"discriminator_loss", "generator_loss", "validation_random_frechet"} <= line.keys()
    folder = run.last_snapshot()
    assert folder is not None
    checkpoint = read_checkpoint(folder)
    assert (checkpoint.family, checkpoint.model) == (FAMILY, DEBUG)
    network = DcganGenerator(DcganConfig(**checkpoint.model))
    network.load_state_dict(checkpoint.weights())
    # No average: what is kept is the generator as it was trained.
    assert same(network.state_dict(), task.networks["generator"].state_dict())
    sheet = Image.open(io.BytesIO((run.path / "samples" / "00000002" / "sample.png").read_bytes()))
    assert sheet.size == (512, 512)
    shown = torch.frombuffer(bytearray(sheet.crop((64, 0, 128, 64)).tobytes()), dtype=torch.uint8).view(64, 64, 3)
    assert torch.equal(shown.permute(2, 0, 1), generate(network.eval(), 64, seed=0)[1])


def test_every_other_picture_is_mirrored() -> None:
    task = debug_task()
    first = task.batch(3, 8, 0)["pictures"]
    assert first.dtype == torch.uint8 and first.shape == (8, 3, 64, 64)
    known = {face.numpy().tobytes() for face in FACES}
    plain = debug_task(flip=False).batch(0, 64, 0)["pictures"]
    assert {face.numpy().tobytes() for face in plain} <= known
    mirrored = {face.flip(2).numpy().tobytes() for face in FACES}
    faces = {face.numpy().tobytes() for face in task.batch(0, 64, 0)["pictures"]}
    assert faces & known and faces & mirrored and faces <= known | mirrored


def phase(task: DcganTask, name: str) -> Phase:
    return next(phase for phase in task.phases if phase.name == name)


def test_losses_start_at_chance_and_reach_their_own_network() -> None:
    task = debug_task()
    batch = task.batch(0, 16, 0)
    for name, expected in (("discriminator", 2 * math.log(2)), ("generator", math.log(2))):
        for network in task.networks.values():
            network.zero_grad()
        loss = phase(task, name).loss(batch, NOW)["loss"]
        assert loss.item() == pytest.approx(expected, rel=0.2)
        loss.backward()
        weights = task.networks[name].parameters()
        assert all(weight.grad is not None and weight.grad.abs().max() > 0 for weight in weights), name
    assert [phase.name for phase in task.phases] == ["discriminator", "generator"]


def test_pictures_of_a_seed_do_not_depend_on_their_number() -> None:
    network = DcganGenerator(DcganConfig(**DEBUG)).eval()
    torch.testing.assert_close(generate(network, 3, seed=5), generate(network, 70, seed=5)[:3], rtol=0, atol=1)
    assert not torch.equal(generate(network, 3, seed=5), generate(network, 3, seed=6))


def test_nothing_to_validate_on() -> None:
    task = DcganTask(DcganTraining(), FACES, sizes=DEBUG)
    assert task.validate(task.networks["generator"].eval()) == {}
    assert task.data()["pictures"] == 20
