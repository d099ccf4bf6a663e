"""The variational autoencoder that courses begin with: fully connected, one hidden layer (Kingma and Welling 2014)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai_demo.engine.nn.sizes import Width

FAMILY = "textbook-vae"
_ACTIVE = 0.05
"""nats from which a number of the code says something"""
_LEAST_SPREAD = 1e-3
"""where the true divergence is told: below that no number can tell it apart from none"""


@dataclass(frozen=True)
class TextbookVaeConfig:
    """Sizes of the network."""

    side: Width = 8
    """of the pictures, in pixels"""
    hidden: Width = 128
    latent: Width = 8
    """numbers in a picture's code"""


DEBUG = {"hidden": 8, "latent": 3}
"""sizes at which tests train the network in a moment"""


class TextbookVae(nn.Module):
    """Encoder and decoder with a normal code between them."""

    def __init__(self, config: TextbookVaeConfig) -> None:
        super().__init__()
        self.config = config
        pixels = config.side**2
        self.read = nn.Linear(pixels, config.hidden)
        self.mean = nn.Linear(config.hidden, config.latent)
        self.log_variance = nn.Linear(config.hidden, config.latent)
        self.expand = nn.Linear(config.latent, config.hidden)
        self.paint = nn.Linear(config.hidden, pixels)

    def encode(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log variance, both (B, latent), of the codes of pictures (B, 1, S, S), 0 to 1."""
        hidden = F.relu(self.read(pictures.flatten(1)))
        return self.mean(hidden), self.log_variance(hidden)

    def decode(self, codes: Tensor) -> Tensor:
        """Return the logits (B, S * S) of how bright each pixel is for codes (B, latent)."""
        return self.paint(F.relu(self.expand(codes)))

    def forward(self, codes: Tensor) -> Tensor:
        """Return pictures (B, 1, S, S), 0 to 1, of codes (B, latent)."""
        return self.decode(codes).sigmoid().unflatten(1, (1, self.config.side, self.config.side))


def vae_loss(
    network: TextbookVae,
    pictures: Tensor,
    kl_weight: float = 1.0,
    raw_variance: bool = False,
    clamp_codes: bool = False,
) -> dict[str, Tensor]:
    """Return the "loss" in nats per picture, and what it is made of.

    Besides it: "reconstruction", and the true "divergence" of the codes from the standard normal distribution, both in
    nats per picture; the share of the code's numbers that are "active"; the mean "spread" of a number around its mean;
    and the share of numbers "inside" ±1.

    Args:
        network: encoder and decoder.
        pictures: (B, 1, S, S), 0 to 1.
        kl_weight: of the divergence in the loss; 1 for the evidence lower bound.
        raw_variance: a classic mistake: the logarithm of the variance is taken for the spread itself.
        clamp_codes: another one: the codes are cut off at ±1.
    """
    mean, log_variance = (part.float() for part in network.encode(pictures))
    spread = log_variance if raw_variance else (0.5 * log_variance).exp()
    codes = mean + spread * torch.randn_like(mean)
    if clamp_codes:
        codes = codes.clamp(-1, 1)
    logits = network.decode(codes).float()
    reconstruction = F.binary_cross_entropy_with_logits(logits, pictures.flatten(1), reduction="none").sum(1).mean()
    kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()
    with torch.no_grad():
        width = spread.abs().clamp_min(_LEAST_SPREAD)
        true = (0.5 * (mean.square() + width.square() - 1) - width.log()).mean(0)  # (latent,)
        told = {
            "divergence": true.sum(),
            "active": (true > _ACTIVE).float().mean(),
            "spread": spread.abs().mean(),
            "inside": (codes.abs() <= 1).float().mean(),
        }
    return {"loss": reconstruction + kl_weight * kl, "reconstruction": reconstruction.detach(), **told}
