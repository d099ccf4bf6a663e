"""Every face model trains, stops, goes on and grows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from genai_demo.engine.models.checkpoint import Checkpoint, read_checkpoint, save_checkpoint
from genai_demo.engine.models.lineage import open_start
from genai_demo.engine.training.config import Progress, TrainConfig
from genai_demo.engine.training.loop import train
from genai_demo.engine.training.run import RunFolder
from genai_demo.engine.training.state import read_state
from genai_demo.errors import UserError
from genai_demo.faces.data.batches import FaceBatches, shrink, to_bytes, to_floats
from genai_demo.faces.models import conditioning
from genai_demo.faces.models.gan import DEBUG as GAN_DEBUG
from genai_demo.faces.models.gan import Discriminator, GanConfig, Generator
from genai_demo.faces.models.judge import Judge
from genai_demo.faces.models.networks import debug_sizes, make_network
from genai_demo.faces.models.vae import DEBUG as VAE_DEBUG
from genai_demo.faces.models.vae import Vae
from genai_demo.faces.training.adversarial_finetuning import VaeFinetuningTask, adaptive_weight
from genai_demo.faces.training.configs import (
    EncoderTraining,
    FaceTrainRequest,
    FinetuningTraining,
    GanTraining,
    VaeTraining,
)
from genai_demo.faces.training.encoder import EncoderTask
from genai_demo.faces.training.gan import GanTask
from genai_demo.faces.training.tasks import make_task
from genai_demo.faces.training.vae import VaeTask
from tests.common.tasks import TaskSuite
from tests.helpers.faces import no_faces, toy_faces, write_toys

CONFIG = TrainConfig(examples=48, batch_size=8, precision="fp32", snapshots=2, tick_seconds=0.0)


def finetuning_task(folder: Path, **changes: float) -> VaeFinetuningTask:
    """Return the polishing of a VAE that was just made."""
    torch.manual_seed(3)
    start = folder / "start"
    save_checkpoint(start, make_network("vae", VAE_DEBUG).state_dict(), "vae", VAE_DEBUG, {}, half=False)
    return VaeFinetuningTask(
        FinetuningTraining(penalty_every=2, **changes), toy_faces(), toy_faces(6), start, (16, 8, 8)
    )


class FaceTaskSuite(TaskSuite):
    def network(self, checkpoint: Checkpoint) -> nn.Module:
        return make_network(checkpoint.family, checkpoint.model)


class TestGanTask(FaceTaskSuite):
    starts = "networks"
    judged = True

    def make(self, folder: Path, seed: int = 0, start: Path | None = None) -> GanTask:
        training = GanTraining(penalty_every=2, first_augmentation=0.3, seed=seed)
        return GanTask(training, toy_faces(), toy_faces(6), folder, debug_sizes("gan"), start)


class TestVaeTask(FaceTaskSuite):
    starts = "checkpoint"

    def make(self, folder: Path, seed: int = 0, start: Path | None = None) -> VaeTask:
        origin = open_start(start, "vae") if start else None
        sizes = {} if start else debug_sizes("vae")
        return VaeTask(VaeTraining(seed=seed), toy_faces(), toy_faces(6), sizes, origin)


class TestVaeFinetuningTask(FaceTaskSuite):
    def make(self, folder: Path, seed: int = 0, start: Path | None = None) -> VaeFinetuningTask:
        return finetuning_task(folder, seed=seed)


class TestEncoderTask(FaceTaskSuite):
    def make(self, folder: Path, seed: int = 0, start: Path | None = None) -> EncoderTask:
        return EncoderTask(EncoderTraining(seed=seed), toy_faces(), toy_faces(6), debug_sizes("encoder"))


def test_a_gan_grows(tmp_path: Path) -> None:
    small, large = RunFolder(tmp_path / "small"), tmp_path / "large"
    task = GanTask(GanTraining(), toy_faces(), no_faces(), _made(small.path), {**GAN_DEBUG, "resolution": 8})
    train(task, replace(CONFIG, examples=16), small)
    large.mkdir()
    grown = GanTask(GanTraining(), toy_faces(), no_faces(), large, GAN_DEBUG, start=small.path)
    latents, known = torch.randn(2, 8), torch.zeros(2, 6)
    with torch.no_grad():
        before, after = (one.networks["generator"](latents, known) for one in (task, grown))
        assert after.shape == (2, 3, 16, 16)
        assert torch.allclose(shrink(to_bytes(after), 8).float(), to_bytes(before).float(), atol=12)
    assert grown.data()["started_from"]["model"]["resolution"] == 8
    assert grown.data()["started_from"]["trained"]["examples"] == 16
    train(grown, replace(CONFIG, examples=16), RunFolder(large))


def test_a_gan_starts_as_the_decoder_of_a_vae(tmp_path: Path) -> None:
    torch.manual_seed(4)
    vae, faces = make_network("vae", VAE_DEBUG), toy_faces(60)
    assert isinstance(vae, Vae)
    for weight in vae.parameters():  # a fresh one paints plain grey
        torch.nn.init.normal_(weight, std=0.2)
    save_checkpoint(tmp_path / "vae", vae.state_dict(), "vae", VAE_DEBUG, {"examples": 7}, half=False)
    sizes = {**GAN_DEBUG, **{name: VAE_DEBUG[name] for name in ("latent", "widths", "blocks")}}
    task = GanTask(GanTraining(warm_up=0.5), faces, no_faces(), _made(tmp_path / "run"), sizes, tmp_path / "vae")
    generator = task.networks["generator"]
    assert isinstance(generator, Generator)
    told = task.data()["started_from"]
    assert (told["family"], told["trained"]["examples"]) == ("vae", 7)
    with torch.no_grad():
        mean, log_variance = vae.encode(to_floats(faces.pictures))
        known = conditioning.encode(*faces.labels().T)
        latents = torch.randn(4000, VAE_DEBUG["latent"])
        # The first three are painted below.
        grounds = generator.read_latent(latents) + generator.read_condition(known[torch.arange(4000) % 60])
        # What the generator reads is what the decoder makes of codes that lie as those of the faces.
        codes = torch.linalg.lstsq(vae.from_code.weight, (grounds - vae.from_code.bias).T).solution.T
        assert torch.allclose(vae.from_code(codes), grounds, atol=1e-3)
        assert torch.allclose(codes.mean(0), mean.mean(0), atol=0.15)
        expected = mean.var(0) + log_variance.exp().mean(0)
        assert torch.allclose(codes.var(0), expected, rtol=0.25)
        painted = generator(latents[:3], known[:3])
        assert torch.allclose(painted, vae.decode(codes[:3]), atol=1e-3)
    assert task.phases[1].rate(0.0) < task.phases[1].rate(0.5) and task.phases[0].rate(0.0) == 1.0
    train(task, replace(CONFIG, examples=16), RunFolder(tmp_path / "run"))
    with pytest.raises(UserError, match="latent=8"):
        GanTask(GanTraining(), faces, no_faces(), _made(tmp_path / "x"), {**sizes, "latent": 9}, tmp_path / "vae")


def test_a_gan_is_told_of_the_labels_it_missed(tmp_path: Path) -> None:
    task = GanTask(GanTraining(label_weight=1.0), toy_faces(), no_faces(), tmp_path, GAN_DEBUG)
    generator, critic = task.networks["generator"], task.networks["discriminator"]
    assert isinstance(critic, Discriminator)
    torch.nn.init.normal_(critic.read_labels.weight)
    # Nothing but labels can be seen: all pictures score the same.
    torch.nn.init.zeros_(critic.score.weight)
    last = critic.read_condition[-1]
    assert isinstance(last, torch.nn.Linear)
    torch.nn.init.zeros_(last.weight)
    torch.nn.init.zeros_(last.bias)
    batch = task.batch(0, 32, 0)

    def missed() -> torch.Tensor:
        torch.manual_seed(7)
        return task.phases[1].loss(batch, Progress(0, 0, 0.0, 0.0))["loss"]

    first = missed()
    first.backward()
    slope = torch.cat([weight.grad.flatten() for weight in generator.parameters() if weight.grad is not None])
    with torch.no_grad():
        for weight in generator.parameters():
            if weight.grad is not None:
                weight -= 0.01 / float(slope.norm()) * weight.grad
    assert float(missed().detach()) < float(first.detach())


def test_a_discriminator_learns_labels_from_real_faces(tmp_path: Path) -> None:
    task = GanTask(GanTraining(augmentation=0.0), toy_faces(), no_faces(), tmp_path, GAN_DEBUG)
    critic, batch = task.networks["discriminator"], task.batch(0, 32, 0)

    def misread() -> float:
        return float(task.phases[0].loss(batch, Progress(1, 0, 0.0, 0.0))["labels"])

    before = misread()
    optimizer = torch.optim.Adam(critic.parameters(), lr=3e-3)
    for step in range(40):
        optimizer.zero_grad()
        task.phases[0].loss(task.batch(step, 16, 0), Progress(1, 0, 0.0, 0.0))["loss"].backward()
        optimizer.step()
    assert misread() < 0.8 * before


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_a_gan_does_not_go_on_from_other_sizes(tmp_path: Path) -> None:
    run = RunFolder(_made(tmp_path / "run"))
    train(TestGanTask().make(run.path), replace(CONFIG, examples=8), run)
    other = {**GAN_DEBUG, "widths": (24, 8, 8)}
    with pytest.raises(UserError, match="run"):
        GanTask(GanTraining(), toy_faces(), no_faces(), _made(tmp_path / "other"), other, start=run.path)


def test_a_gan_goes_on_from_a_checkpoint_with_a_new_discriminator(tmp_path: Path) -> None:
    torch.manual_seed(5)
    shipped = make_network("gan", GAN_DEBUG).state_dict()
    save_checkpoint(tmp_path / "shipped", shipped, "gan", GAN_DEBUG, {})
    task, fresh = (
        GanTask(GanTraining(warm_up=0.5), toy_faces(), no_faces(), _made(tmp_path / name), GAN_DEBUG, start)
        for name, start in (("on", tmp_path / "shipped"), ("new", None))
    )
    for key, weight in task.networks["generator"].state_dict().items():
        torch.testing.assert_close(weight, shipped[key].float(), atol=1e-3, rtol=1e-2)
    for key, weight in task.networks["discriminator"].state_dict().items():
        torch.testing.assert_close(weight, fresh.networks["discriminator"].state_dict()[key])
    discriminator, generator = (phase.rate for phase in task.phases)
    assert generator(0.05) < 0.2 * discriminator(0.05)  # what knows nothing yet does not teach much
    assert task.data()["started_from"]["family"] == "gan"
    # Where the checkpoint keeps its discriminator, that goes on as well.
    taught = Discriminator(GanConfig(**GAN_DEBUG))  # type: ignore[arg-type]
    Judge(taught, torch.zeros(1), torch.zeros(1)).write(tmp_path / "shipped")
    task = GanTask(
        GanTraining(warm_up=0.5), toy_faces(), no_faces(), _made(tmp_path / "both"), GAN_DEBUG, tmp_path / "shipped"
    )
    for key, weight in task.networks["discriminator"].state_dict().items():
        torch.testing.assert_close(weight, taught.state_dict()[key], atol=1e-3, rtol=1e-2)
    discriminator, generator = (phase.rate for phase in task.phases)
    assert generator(0.05) > 0.25 * discriminator(0.05)


def test_tasks_by_name(tmp_path: Path) -> None:
    data = str(write_toys(tmp_path, count=12))

    def asked(family: str, sizes: dict[str, Any], start: Path | None = None) -> FaceTrainRequest:
        return FaceTrainRequest(family=family, run=tmp_path, data=data, sizes=sizes, start=start)

    for family in ("gan", "vae", "encoder"):
        task = make_task(asked(family, debug_sizes(family)))
        assert task.family == family and task.data()["faces"]["faces"] == 9
        assert task.data()["validation"]["faces"] == 3
        with pytest.raises(UserError, match="hat"):
            make_task(asked(family, {"hat": 1}))
    with pytest.raises(UserError, match="encoder"):
        make_task(asked("encoder", {}, tmp_path))
    with pytest.raises(UserError, match="--size"):
        make_task(asked("vae", VAE_DEBUG, tmp_path))
    with pytest.raises(UserError, match="gan"):
        save_checkpoint(tmp_path / "other", make_network("gan", GAN_DEBUG).state_dict(), "gan", GAN_DEBUG, {})
        make_task(asked("vae", {}, tmp_path / "other"))


def test_batches_are_functions_of_their_place_and_mirror_half() -> None:
    faces = toy_faces(12)
    batches = FaceBatches(faces, 16, seed=0)
    first = batches.batch(3, 400)
    assert torch.equal(first["pictures"], batches.batch(3, 400)["pictures"])
    assert not torch.equal(first["pictures"], batches.batch(4, 400)["pictures"])
    assert not torch.equal(first["pictures"], batches.batch(3, 400, rank=1)["pictures"])
    originals = to_floats(faces.pictures)
    plain = [bool((picture == originals).flatten(1).all(1).any()) for picture in first["pictures"]]
    mirrored = [bool((picture.flip(2) == originals).flatten(1).all(1).any()) for picture in first["pictures"]]
    assert all(a or b for a, b in zip(plain, mirrored, strict=True))
    assert 120 < sum(not a for a in plain) < 250 and 120 < sum(not b for b in mirrored) < 250


def test_bytes_and_numbers() -> None:
    every = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16)
    assert torch.equal(to_bytes(to_floats(every)), every)
    assert to_bytes(torch.tensor([-5.0, 5.0])).tolist() == [0, 255]
    flat = torch.full((2, 3, 8, 8), 77, dtype=torch.uint8)
    assert torch.equal(shrink(flat, 4), flat[:, :, :4, :4])


def test_polishing_moves_the_decoder_alone(tmp_path: Path) -> None:
    before = {key: value.clone() for key, value in finetuning_task(tmp_path).networks["vae"].state_dict().items()}
    run = RunFolder(tmp_path / "run")
    train(finetuning_task(tmp_path), CONFIG, run)
    tensors = read_state(run)[0]
    moved = {key for key, value in before.items() if not torch.equal(tensors[f"network.vae/{key}"], value)}
    assert moved and all(key.startswith(("from_code", "painter")) for key in moved)
    snapshot = run.last_snapshot()
    assert snapshot is not None
    told = read_checkpoint(snapshot).trained["data"]
    assert told["started_from"]["checkpoint"] == read_checkpoint(tmp_path / "start").id
    assert told["training"]["pull"] == FinetuningTraining().pull


def test_the_discriminator_pulls_as_strongly_as_it_shall() -> None:
    torch.manual_seed(0)
    painted = torch.randn(3, 3, 8, 8, requires_grad=True)
    first, second = painted.abs().mean(), 40 * (painted @ torch.randn(8, 8)).square().sum()
    weight = adaptive_weight(first, second, painted)
    pulls = [torch.autograd.grad(loss, painted, retain_graph=True)[0].norm() for loss in (first, weight * second)]
    assert torch.allclose(pulls[0], pulls[1], rtol=1e-4)
    assert not weight.requires_grad
    assert torch.isfinite(adaptive_weight(first, (painted * 0).sum(), painted)), "no pull at all is no reason to stop"


def test_without_a_pull_the_decoder_only_comes_nearer(tmp_path: Path) -> None:
    task = finetuning_task(tmp_path, pull=0.0)
    loss = task.phases[1].loss(task.batch(0, 8, 0), Progress(0, 0, 0.0, 0.0))
    assert torch.equal(loss["loss"], loss["near"])
