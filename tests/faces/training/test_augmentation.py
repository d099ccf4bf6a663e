"""Augmentation: what it changes, how often, that gradients pass it, and that it stays out of what is painted."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from genai_demo.engine.nn.adversarial import discriminator_loss, generator_loss, gradient_penalty
from genai_demo.faces.training.augmentation import _shift, augment


def test_off_is_off() -> None:
    x = torch.randn(2, 3, 8, 8)
    assert augment(x, 0.0) is x


@given(st.integers(0, 1000), st.sampled_from([8, 16]))
def test_a_shift_moves_and_uncovers_black(seed: int, side: int) -> None:
    torch.manual_seed(seed)
    x = torch.rand(4, 3, side, side) + 1
    shifted = augment(x, 1.0)
    most = side // 8
    for after in shifted:
        seen = (after.abs().sum(0) > 1e-6).nonzero()
        top, left = (seen.min(0).values).tolist()
        bottom, right = (side - 1 - seen.max(0).values).tolist()
        assert max(top, bottom) <= most and max(left, right) <= most
        assert min(top, bottom) == 0 and min(left, right) == 0


def test_shift_alone_is_a_shift() -> None:
    torch.manual_seed(3)
    x = torch.randn(64, 1, 16, 16).expand(-1, 3, -1, -1).contiguous()
    shifted = _shift(x, 1.0, 0.125)
    for before, after in zip(x, shifted, strict=True):
        found = [
            (down, right)
            for down in range(-2, 3)
            for right in range(-2, 3)
            if torch.equal(_moved(before, down, right), after)
        ]
        assert len(found) == 1


def _moved(picture: torch.Tensor, down: int, right: int) -> torch.Tensor:
    """Return a picture (C, S, S) moved, pixel by pixel, the slow way."""
    side = picture.shape[1]
    moved = torch.zeros_like(picture)
    for row in range(side):
        for column in range(side):
            if 0 <= row - down < side and 0 <= column - right < side:
                moved[:, row, column] = picture[:, row - down, column - right]
    return moved


def test_each_picture_is_left_alone_as_often_as_asked() -> None:
    torch.manual_seed(0)
    x = torch.rand(4000, 3, 8, 8)
    same = (augment(x, 0.3) == x).flatten(1).all(1).float().mean()
    # Neither recoloured nor shifted; a shift by nothing happens too: one place in nine.
    expected = 0.7 * (0.7 + 0.3 / 9)
    assert abs(float(same) - expected) < 0.03


def test_gradients_pass() -> None:
    x = torch.randn(3, 3, 8, 8, requires_grad=True)
    augment(x, 1.0).square().sum().backward()
    assert x.grad is not None and float(x.grad.abs().sum()) > 0


def test_what_is_painted_stays_free_of_it() -> None:
    """A toy GAN whose reals are all one pattern learns that pattern, not its shifted and recoloured kin."""
    torch.manual_seed(0)
    pattern = torch.full((1, 3, 8, 8), -0.5)
    pattern[:, 0, 2:6, 2:6] = 0.6
    generator = nn.Sequential(nn.Linear(4, 3 * 64), nn.Unflatten(1, (3, 8, 8)))
    critic = nn.Sequential(nn.Flatten(), nn.Linear(192, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1), nn.Flatten(0))
    optimizers = [torch.optim.Adam(net.parameters(), lr=5e-3, betas=(0.0, 0.99)) for net in (critic, generator)]
    real = pattern.expand(16, -1, -1, -1)
    for _ in range(400):
        for number, optimizer in enumerate(optimizers):
            seen, fake = augment(real, 0.3), augment(generator(torch.randn(16, 4)), 0.3)
            if number == 0:
                fake = fake.detach()
                loss = discriminator_loss(critic(seen), critic(fake))
                loss = loss + 0.05 * (gradient_penalty(critic, seen) + gradient_penalty(critic, fake))
            else:
                loss = generator_loss(critic(seen), critic(fake))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    with torch.no_grad():
        painted = generator(torch.randn(64, 4))
    assert float((painted.mean(0) - pattern[0]).abs().mean()) < 0.15
    # Leaked recolouring would spread the pictures' brightness by 0.16 and more.
    assert float(painted.mean((1, 2, 3)).std()) < 0.08
