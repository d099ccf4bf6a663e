"""Augmentation that the generator can be trained through, so that a discriminator cannot learn a small set by heart.

Colour and translation as in Zhao et al. 2020, "Differentiable augmentation for data-efficient GAN training",
section 3. Real and generated pictures go through the same kinds of change; each is left alone with
probability 1 - p, which keeps the changes out of what the generator paints (Karras et al. 2020, section 2.2).

torchvision's transforms draw once for a whole batch, and cut colours off at black and white, where no gradient passes;
called picture by picture they are no faster (15 ms for 32 pictures and their gradients either way, on one core).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from genai_demo.faces.data.views import BRIGHTNESS, CONTRAST, SATURATION, recolour


def augment(pictures: Tensor, probability: float, most_shift: float = 0.125) -> Tensor:
    """Return pictures (B, 3, S, S) of which each was changed with `probability` (0 to 1) in each of two ways.

    Randomness comes from torch's global generator.

    Args:
        pictures: (B, 3, S, S).
        probability: of a colour change, and of a shift, independently.
        most_shift: share of the side by which pictures are shifted at most, either way; what is uncovered is 0.
    """
    if probability <= 0:
        return pictures
    return _shift(_recolour(pictures, probability), probability, most_shift)


def _chosen(pictures: Tensor, probability: float) -> Tensor:
    return torch.rand(len(pictures), 1, 1, 1, device=pictures.device) < probability


def _uniform(pictures: Tensor, low: float, high: float) -> Tensor:
    return torch.empty(len(pictures), 1, 1, 1, device=pictures.device).uniform_(low, high)


def _recolour(x: Tensor, probability: float) -> Tensor:
    changed = recolour(x, *(_uniform(x, *bounds) for bounds in (BRIGHTNESS, SATURATION, CONTRAST)))
    return torch.where(_chosen(x, probability), changed, x)


def _shift(x: Tensor, probability: float, most_shift: float) -> Tensor:
    count, channels, side, _ = x.shape
    most = round(side * most_shift)
    drawn = torch.randint(-most, most + 1, (count, 2, 1), device=x.device)
    shifts = drawn * _chosen(x, probability)[:, :, 0]  # (B, 2, 1)
    padded = F.pad(x, (most,) * 4)
    indices = torch.arange(side, device=x.device) + most + shifts  # (B, 2, S)
    rows = indices[:, 0, None, :, None].expand(count, channels, side, padded.shape[3])  # (B, C, S, S + 2 most)
    columns = indices[:, 1, None, None, :].expand(count, channels, side, side)  # (B, C, S, S)
    return padded.gather(2, rows).gather(3, columns)
