"""Pictures that take the place of faces in tests: smooth, all different, made in a moment."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def pictures(count: int, seed: int, size: int = 64) -> Tensor:
    """Return uint8 (count, 3, size, size): a bright oval on a ground, both with colours and marks of their own."""
    generator = torch.Generator().manual_seed(seed)
    axis = torch.linspace(-1, 1, size)
    oval = torch.sigmoid(8 * (0.6 - (axis[:, None] ** 2 + 1.5 * axis**2)))  # (S, S)
    colours = torch.rand(2, count, 3, 1, 1, generator=generator)
    marks = torch.randn(count, 3, 8, 8, generator=generator) * 0.15
    marks = F.interpolate(marks, size=size, mode="bicubic")  # (N, 3, S, S)
    fine = torch.randn(count, 3, size, size, generator=generator) * 0.02
    made = colours[0] * oval + colours[1] * (1 - oval) * 0.5 + marks + fine
    return (made.clamp(0, 1) * 255).round().to(torch.uint8)
