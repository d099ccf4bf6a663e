"""The generative adversarial network that courses begin with: two fully connected networks (Goodfellow et al. 2014)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from genai_demo.engine.nn.sizes import Width, Widths

FAMILY = "textbook-gan"


@dataclass(frozen=True)
class TextbookGanConfig:
    """Sizes of the networks."""

    side: Width = 8
    """of the pictures, in pixels"""
    latent: Width = 16
    """numbers a picture is made from"""
    hidden: Widths = (128, 256)
    """widths of the generator's hidden layers; the discriminator has them the other way round"""


DEBUG = {"latent": 4, "hidden": (8, 8)}
"""sizes at which tests train the networks in a moment"""


class TextbookGenerator(nn.Module):
    """Makes pictures from noise."""

    def __init__(self, config: TextbookGanConfig) -> None:
        super().__init__()
        self.config = config
        self.layers = _layers([config.latent, *config.hidden, config.side**2])

    def forward(self, noise: Tensor) -> Tensor:
        """Return pictures (B, 1, S, S), 0 to 1, of noise (B, latent)."""
        return self.layers(noise).sigmoid().unflatten(1, (1, self.config.side, self.config.side))


class TextbookDiscriminator(nn.Module):
    """Tells real pictures from made ones."""

    def __init__(self, config: TextbookGanConfig) -> None:
        super().__init__()
        self.layers = _layers([config.side**2, *reversed(config.hidden), 1])

    def forward(self, pictures: Tensor) -> Tensor:
        """Return logits (B,), above 0 for real, of pictures (B, 1, S, S), 0 to 1."""
        return self.layers(pictures.flatten(1) * 2 - 1).flatten()


def _layers(widths: list[int]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [nn.Linear(inputs, outputs), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers[:-1])


def discriminator_loss(on_real: Tensor, on_made: Tensor, skip_real: bool = False) -> dict[str, Tensor]:
    """Return the discriminator's "loss", and its verdicts: mean probabilities of being real, and the pairs told right.

    Args:
        on_real, on_made: (B,) logits of real and of made pictures.
        skip_real: a classic mistake: it learns from made pictures only.
    """
    on_real, on_made = on_real.float(), on_made.float()
    loss = F.softplus(on_made).mean()
    if not skip_real:
        loss = loss + F.softplus(-on_real).mean()
    verdicts = {"real": on_real.sigmoid().mean(), "fake": on_made.sigmoid().mean()}
    right = (on_real > on_made).float().mean()
    return {"loss": loss, **{name: value.detach() for name, value in verdicts.items()}, "pairs_right": right}


def generator_loss(verdicts: Tensor, pictures: Tensor, judge_pictures: bool = False) -> Tensor:
    """Return the generator's loss: minus the log of the probability that its pictures are real.

    Args:
        verdicts: (B,) logits of the discriminator.
        pictures: (B, 1, S, S) what it judged, 0 to 1.
        judge_pictures: a classic mistake: the loss is that of the pictures' own numbers, not of the verdict.
    """
    if judge_pictures:
        return (
            -pictures.float().clamp_min(1e-6).log().mean()
        )  # cross-entropy of each pixel with 1, as if it were "real"
    return F.softplus(-verdicts.float()).mean()
