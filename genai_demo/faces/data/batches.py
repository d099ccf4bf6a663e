"""Training batches, each a pure function of (seed, process, step): nothing to keep when a run is interrupted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from genai_demo.faces.models import conditioning

if TYPE_CHECKING:
    from genai_demo.faces.data.labels import Faces


class FaceBatches:
    """Batches of faces drawn with replacement, half of them mirrored, with what is known of them.

    Args:
        faces: at least one face; sides a multiple of `resolution`.
        resolution: side of the pictures in a batch.
        seed: makes the batches of two runs differ.
    """

    def __init__(self, faces: Faces, resolution: int, seed: int) -> None:
        self._pictures = shrink(faces.pictures, resolution)
        self._conditions = conditioning.encode(faces.ages, faces.women, faces.smiles)
        self._seed = seed

    def batch(self, step: int, size: int, rank: int = 0) -> dict[str, Tensor]:
        """Return "pictures" (size, 3, S, S), -1 to 1, and "conditions" (size, conditioning.SIZE)."""
        random = np.random.default_rng([self._seed, rank, step])
        chosen = torch.from_numpy(random.integers(len(self._pictures), size=size))
        mirrored = torch.from_numpy(random.random(size) < 0.5)
        pictures = to_floats(self._pictures[chosen])
        pictures = torch.where(mirrored[:, None, None, None], pictures.flip(3), pictures)
        return {"pictures": pictures, "conditions": self._conditions[chosen]}


def to_floats(pictures: Tensor) -> Tensor:
    """Return bytes (N, 3, S, S) as numbers from -1 to 1.

    torchvision's `to_dtype` and `normalize` round two numbers in five otherwise, and take three times as long.
    """
    return pictures.float() / 127.5 - 1


def to_bytes(pictures: Tensor) -> Tensor:
    """Return numbers (N, 3, S, S), about -1 to 1, as bytes; what lies beyond is cut off."""
    return ((pictures.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def shrink(pictures: Tensor, resolution: int) -> Tensor:
    """Return bytes (N, 3, S, S) at the side `resolution`, a divisor of S, by averaging.

    torchvision's `resize` weighs pixels beyond the averaged square as well: other values nearly everywhere.
    """
    factor = pictures.shape[3] // resolution
    if factor == 1:
        return pictures
    parts = [F.avg_pool2d(part.float(), factor).round().to(torch.uint8) for part in pictures.split(1024)]
    return torch.cat(parts)
