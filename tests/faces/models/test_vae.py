"""The VAE's pyramid, likelihood and divergence against their definitions."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.distributions import Normal
from torch.distributions import kl_divergence as reference_divergence

from genai_demo.faces.models.blocks import upsample
from genai_demo.faces.models.vae import (
    DEBUG,
    LEVELS,
    Decoder,
    MeanEncoder,
    Vae,
    VaeConfig,
    kl_divergence,
    laplacian_pyramid,
    reconstruction_loss,
    vae_loss,
)

CONFIG = VaeConfig(**DEBUG)  # type: ignore[arg-type]


@given(st.integers(1, 4), st.integers(0, 100))
def test_a_pyramid_adds_up_to_its_picture(levels: int, seed: int) -> None:
    picture = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(seed))
    parts = laplacian_pyramid(picture, levels)
    assert len(parts) == levels
    whole = parts[-1]
    for part in reversed(parts[:-1]):
        whole = upsample(whole) + part
    assert torch.allclose(whole, picture, atol=1e-5)


def test_the_likelihood_is_that_of_the_best_laplace_distribution() -> None:
    torch.manual_seed(0)
    pictures, painted = torch.randn(2, 3, 16, 16), torch.randn(2, 3, 16, 16)
    expected = 0.0
    for part in laplacian_pyramid(painted - pictures, LEVELS):
        width = part.abs().mean()
        # -log p = log(2 b) + |d| / b per number; with the best b the second term is 1 in the mean.
        likelihood = torch.distributions.Laplace(0.0, width).log_prob(part).sum() / len(pictures)
        expected += float(-likelihood) - part[0].numel() * (math.log(2) + 1)
    assert float(reconstruction_loss(pictures, painted)) == pytest.approx(expected, rel=1e-4)


def test_divergence_is_the_textbooks() -> None:
    torch.manual_seed(0)
    mean, log_variance = torch.randn(5, 3), torch.randn(5, 3)
    expected = reference_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).mean(0)
    assert torch.allclose(kl_divergence(mean, log_variance), expected, atol=1e-5)


def test_free_nats_cost_nothing() -> None:
    torch.manual_seed(0)
    vae, pictures = Vae(CONFIG), torch.randn(4, 3, 16, 16)
    torch.manual_seed(1)
    dear = vae_loss(vae, pictures, free=0.0)
    torch.manual_seed(1)
    free = vae_loss(vae, pictures, free=1e6)
    numbers = pictures[0].numel()
    assert free["loss"].item() == pytest.approx(free["reconstruction"].item() / numbers, rel=1e-5)
    assert (dear["loss"] - free["loss"]).item() == pytest.approx(dear["divergence"].item() / numbers, rel=1e-2)


@torch.no_grad()
def test_its_halves_are_its_halves() -> None:
    torch.manual_seed(0)
    vae, pictures = Vae(CONFIG), torch.randn(3, 3, 16, 16)
    codes = MeanEncoder(vae)(pictures)
    assert codes.shape == (3, CONFIG.latent)
    assert torch.equal(Decoder(vae)(codes), vae.decode(vae.encode(pictures)[0]))


@torch.no_grad()
def test_an_odd_picture_does_not_overflow() -> None:
    painted, mean, log_variance = Vae(CONFIG)(torch.full((1, 3, 16, 16), 1e6))
    assert torch.isfinite(painted).all() and torch.isfinite(log_variance).all() and torch.isfinite(mean).all()
