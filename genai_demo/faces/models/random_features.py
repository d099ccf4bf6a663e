"""What the figures see of a face: features of fixed random convolutions, the same on every machine.

Networks trained on labels forgive what labels do not need, such as blur. Random ones forgive little, and rank
generators much as trained ones do (Lee et al. 2022, arXiv 2208.09218): use both. A distance between such features is
not the "FID" of the literature, which stands on the Inception network: it is named after its extractor.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from genai_demo.engine.training.device import choose_device

Features = Callable[[Tensor], Tensor]
"""turns floats (N, 3, 64, 64) in -1 to 1, on the CPU, into features (N, F), on any device"""

_WIDTHS = (16, 32, 64, 128)
_BATCH = 64


class RandomFeatures:
    """Four random 3x3 convolutions with stride 2; what each leaves, averaged over the quarters of the picture.

    Args:
        seed: of the weights.
        device: where to compute; None takes the setting's.
    """

    def __init__(self, seed: int = 0, device: torch.device | None = None) -> None:
        generator = torch.Generator().manual_seed(seed)
        digest = hashlib.sha256()
        self._device = device or choose_device()
        self._weights: list[Tensor] = []
        for inputs, outputs in zip((3, *_WIDTHS[:-1]), _WIDTHS, strict=True):
            # Uniform numbers, unlike normal ones, have the same bits on all processors. Their variance is that of
            # He et al. 2015, which keeps the size of the signal.
            weight = (torch.rand(outputs, inputs, 3, 3, generator=generator) * 2 - 1) * math.sqrt(6 / (9 * inputs))
            digest.update(weight.numpy().tobytes())
            self._weights.append(weight.to(self._device))
        self.id = f"random-{digest.hexdigest()[:12]}"
        """names the extractor in reports: a hash of its weights"""
        self.count = 4 * sum(_WIDTHS)
        """features per picture"""

    @torch.inference_mode()
    def __call__(self, pictures: Tensor) -> Tensor:
        """Return features (N, F) of pictures (N, 3, 64, 64) in -1 to 1."""
        x = pictures.to(self._device)
        found = []
        for weight in self._weights:
            x = F.relu(F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), weight, stride=2))
            found.append(F.adaptive_avg_pool2d(x, 2).flatten(1))  # (N, C * 4)
        return torch.cat(found, 1)


@torch.inference_mode()
def extract(features: Features, pictures: Tensor) -> Tensor:
    """Return what `features` finds, batch by batch, as (N, F) float32 on the CPU.

    Args:
        pictures: (N, 3, 64, 64), uint8 or floats in -1 to 1.
    """
    return torch.cat([features(as_floats(batch)).float().cpu() for batch in pictures.split(_BATCH)])


def as_floats(pictures: Tensor) -> Tensor:
    """Return pictures as floats in -1 to 1: uint8 ones are scaled, others are that already."""
    return pictures.float() / 127.5 - 1 if pictures.dtype == torch.uint8 else pictures


def as_shown(pictures: Tensor) -> Tensor:
    """Return pictures as uint8, the way a saved one is: floats in -1 to 1 are rounded, those beyond are cut off."""
    if pictures.dtype == torch.uint8:
        return pictures
    return torch.cat([((part.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8) for part in pictures.split(1024)])


def thumbnails(pictures: Tensor) -> Tensor:
    """Return pictures (N, 3, 64, 64) averaged to 16x16 pixels, as features (N, 768): what all but the details show."""
    return F.avg_pool2d(pictures, 4).flatten(1)  # (N, 3 * 16 * 16)
