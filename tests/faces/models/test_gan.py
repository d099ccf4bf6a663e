"""Generator and discriminator: what acts on what."""

from __future__ import annotations

import pytest
import torch

from genai_demo.engine.nn.adversarial import gradient_penalty
from genai_demo.faces.models import conditioning
from genai_demo.faces.models.gan import DEBUG, Discriminator, GanConfig, Generator

CONFIG = GanConfig(**DEBUG)  # type: ignore[arg-type]


def lively(network: torch.nn.Module) -> torch.nn.Module:
    """Give every weight a value, those that start at zero too."""
    torch.manual_seed(1)
    for weight in network.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    return network


def some_conditions(count: int) -> torch.Tensor:
    return conditioning.encode(torch.linspace(20, 80, count), torch.arange(count) % 2, torch.full((count,), torch.nan))


def test_shapes() -> None:
    pictures = Generator(CONFIG)(torch.randn(3, CONFIG.latent), some_conditions(3))
    assert pictures.shape == (3, 3, CONFIG.resolution, CONFIG.resolution)
    assert Discriminator(CONFIG)(pictures, some_conditions(3)).shape == (3,)


@torch.no_grad()
def test_latents_and_labels_both_change_the_face() -> None:
    generator = lively(Generator(CONFIG))
    latents, known = torch.randn(2, CONFIG.latent), some_conditions(2)
    first = generator(latents, known)
    assert torch.equal(first, generator(latents, known))
    assert not torch.allclose(first, generator(latents.flip(0), known))
    assert not torch.allclose(first, generator(latents, known.flip(0)))


@torch.no_grad()
def test_a_face_does_not_depend_on_its_neighbours() -> None:
    generator, critic = lively(Generator(CONFIG)), lively(Discriminator(CONFIG))
    latents, known = torch.randn(4, CONFIG.latent), some_conditions(4)
    together = generator(latents, known)
    alone = torch.cat([generator(latents[i : i + 1], known[i : i + 1]) for i in range(4)])
    assert torch.allclose(together, alone, atol=1e-4)
    scores = torch.cat([critic(together[i : i + 1], known[i : i + 1]) for i in range(4)])
    assert torch.allclose(critic(together, known), scores, rtol=1e-3, atol=1e-3)


@torch.no_grad()
def test_the_discriminator_minds_the_labels() -> None:
    critic, picture = lively(Discriminator(CONFIG)), torch.randn(1, 3, CONFIG.resolution, CONFIG.resolution)
    scores = critic(picture.expand(4, -1, -1, -1), some_conditions(4))
    assert len(set(scores.tolist())) == 4


def test_the_penalty_reaches_every_layer_that_looks_at_the_picture() -> None:
    critic = lively(Discriminator(CONFIG))
    known = some_conditions(2)
    gradient_penalty(lambda pictures: critic(pictures, known), torch.randn(2, 3, 16, 16)).backward()
    for name, weight in critic.named_parameters():
        # A bias moves the score, not its slope, unless an activation comes after it; labels are no part of the score.
        if name.endswith("weight") and not name.startswith("read_labels"):
            assert weight.grad is not None and float(weight.grad.abs().max()) > 0, name


def test_unknown_labels_are_told_from_known_ones() -> None:
    nan = torch.tensor([torch.nan])
    unknown = conditioning.encode(nan, nan, nan)
    average = conditioning.encode(torch.tensor([conditioning.MIDDLE_AGE]), torch.tensor([0.5]), torch.tensor([0.5]))
    assert not torch.equal(unknown, average)
    assert torch.isfinite(unknown).all()
    assert unknown.shape == (1, conditioning.SIZE)


@pytest.mark.parametrize(("age", "woman", "smile"), [(40.0, 1.0, 0.0), (60.0, 0.0, 1.0)])
def test_conditions_by_hand(age: float, woman: float, smile: float) -> None:
    found = conditioning.encode(torch.tensor([age]), torch.tensor([woman]), torch.tensor([smile]))[0].tolist()
    assert found == [(age - 40) / 20, 1, woman * 2 - 1, 1, smile * 2 - 1, 1]


def test_a_fresh_discriminator_sees_the_finest_details() -> None:
    """A checkerboard is invisible at every coarser side; all lenses but the finest see plain grey."""
    torch.manual_seed(0)
    critic = Discriminator(CONFIG)
    side = CONFIG.resolution
    board = (torch.arange(side)[:, None] + torch.arange(side)) % 2 * 2.0 - 1
    with torch.no_grad():
        plain, fine = (critic(picture.expand(1, 3, -1, -1), some_conditions(1)) for picture in (board * 0, board))
    assert abs(float(plain - fine)) > 0.05
