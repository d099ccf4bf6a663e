"""What the textbook's two models have in common in training: small grey pictures, and what is measured on them."""

from __future__ import annotations

import hashlib
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai_demo.engine.evaluation.distances import frechet_distance
from genai_demo.engine.evaluation.variety import nearest_share, variety
from genai_demo.engine.training.task import Batch, Task, Training, batch_generator
from genai_demo.faces.sampling.grid import grid_png
from genai_demo.faces.training.face_task import in_batches

_MADE = 512
"""pictures that are measured"""
_SHOWN = 64
_SHEET = 32
"""least side of a picture on a sheet, in pixels"""
_COMPARED = 8
"""side at which pictures are compared"""


class PicturesTask(Task):
    """Pictures, batches and figures of a textbook model.

    Args:
        training: how to train.
        config: of the network that is kept.
        pictures: to learn from, uint8 (N, 1, S, S), at least two.
        held_out: to measure on, uint8 (M, 1, S, S); fewer than two measure nothing.
        latent: numbers that a picture is made from.
    """

    def __init__(self, training: Training, config: Any, pictures: Tensor, held_out: Tensor, latent: int) -> None:
        data = {"pictures": pictures, "validation": held_out}
        described = {name: {"pictures": len(some), "hash": _hash(some)} for name, some in data.items()}
        super().__init__(training, config, described)
        self._seed, self._latent = training.seed, latent
        self.pictures, self.held_out = pictures, held_out

    def batch(self, step: int, size: int, rank: int) -> Batch:
        """Return "pictures" (size, 1, S, S), 0 to 1."""
        generator = batch_generator(self._seed, step, rank)
        return {"pictures": floats(self.pictures[torch.randint(len(self.pictures), (size,), generator=generator)])}

    def made(self, network: nn.Module, count: int, seed: int) -> Tensor:
        """Return pictures (count, 1, S, S), 0 to 1, that `network` makes of a seed's noise."""
        noise = torch.randn(count, self._latent, generator=torch.Generator().manual_seed(seed))
        return in_batches(network, noise, size=_MADE)

    def measured(self, network: nn.Module) -> dict[str, float]:
        """Return the distance of what is made from held-out pictures, its variety, and how near to training ones it is.

        The distance is Fréchet's, of the pixels themselves.
        """
        if len(self.held_out) < 2:
            return {}
        made, held_out = self.made(network, _MADE, seed=0), floats(self.held_out)
        return {
            "distance": frechet_distance(_small(held_out), _small(made)),
            "variety": variety(_small(made), _small(held_out)),
            "nearest": nearest_share(_small(made), _small(floats(self.pictures)), _small(held_out)),
        }

    def sheet(self, pictures: Tensor) -> bytes:
        """Return pictures (N, 1, S, S), 0 to 1, side by side as a PNG, each pixel as large as can be seen."""
        times = -(-_SHEET // pictures.shape[3])
        grey = (pictures * 255).round().to(torch.uint8).expand(-1, 3, -1, -1)
        return grid_png(grey.repeat_interleave(times, 2).repeat_interleave(times, 3), columns=8)

    def drawn(self, network: nn.Module) -> bytes:
        """Return a sheet of made pictures, not chosen."""
        return self.sheet(self.made(network, _SHOWN, seed=1))


def floats(pictures: Tensor) -> Tensor:
    """Return bytes as numbers from 0 to 1."""
    return pictures.float() / 255


def _small(pictures: Tensor) -> Tensor:
    """Return pictures as features (N, F): what all but the details show."""
    return F.adaptive_avg_pool2d(pictures, min(_COMPARED, pictures.shape[3])).flatten(1)


def _hash(pictures: Tensor) -> str:
    digest = hashlib.sha256(str(tuple(pictures.shape)).encode())
    digest.update(pictures.numpy().tobytes())
    return digest.hexdigest()[:12]
