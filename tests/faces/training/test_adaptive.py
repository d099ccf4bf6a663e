"""Augmentation grows while the discriminator tells too many pairs right, shrinks while too few, and is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from genai_demo.engine.training.config import Progress
from genai_demo.faces.models.gan import DEBUG
from genai_demo.faces.training.adaptive import MOST, RISE, AdaptiveAugmentation
from genai_demo.faces.training.configs import GanTraining
from genai_demo.faces.training.gan import GanTask
from tests.helpers.faces import no_faces, toy_faces


def after(one: AdaptiveAugmentation, right: float, pairs: int, batch: int = 32) -> float:
    for _ in range(pairs // batch):
        one.follow(torch.tensor(right), batch)
    return one.now()


def test_it_follows_the_discriminator() -> None:
    one = AdaptiveAugmentation(0.8)
    assert one.now() == 0
    grown = after(one, 1.0, RISE // 10)
    assert 0.05 < grown <= 0.11
    assert after(one, 0.5, RISE // 4) < grown / 2
    assert after(one, 1.0, 3 * RISE) == torch.tensor(MOST)
    assert after(one, 0.5, 3 * RISE) == 0


def test_it_goes_on_where_it_was() -> None:
    one, again = AdaptiveAugmentation(0.8), AdaptiveAugmentation(0.8)
    after(one, 0.95, 20_000)
    again.load_state_dict(one.state_dict())
    assert again.now() == one.now() > 0
    assert after(again, 0.6, 9_600) == after(one, 0.6, 9_600)


def test_a_gan_learns_with_it(tmp_path: Path) -> None:
    task = GanTask(GanTraining(adaptive=0.6, seed=1), toy_faces(), no_faces(), tmp_path, DEBUG)
    usual = GanTask(GanTraining(seed=1), toy_faces(), no_faces(), tmp_path, DEBUG)
    assert set(task.networks) == {*usual.networks, "augmentation"}
    progress = Progress(1, 0, 0.0, 0.9)
    told = task.phases[0].loss(task.batch(1, 8, 0), progress)
    assert float(told["augmentation"]) in (0.0, pytest.approx(8 / RISE))
    assert "augmentation" not in usual.phases[0].loss(usual.batch(1, 8, 0), progress)
