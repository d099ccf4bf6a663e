"""Views of a face: the same picture turned, shifted, mirrored and recoloured, which the encoder learns to see past."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

SCALES, ANGLES, SHIFTS = (0.85, 1.1), (-0.15, 0.15), (-0.06, 0.06)
"""what the encoder is trained with: size of what is seen, turn in radians, shift in halves of the side"""
BRIGHTNESS, SATURATION, CONTRAST = (-0.5, 0.5), (0.0, 2.0), (0.5, 1.5)
"""what colours are changed by: added to each number; times the colour; times the difference from the mean"""


def warp(pictures: Tensor, scale: Tensor, angle: Tensor, mirror: Tensor, shift: Tensor) -> Tensor:
    """Return pictures (B, 3, S, S) nearer or farther, turned, shifted and mirrored, continued by reflection.

    torchvision's `affine` takes one picture at a time and cannot continue it beyond its edge by reflection.

    Args:
        pictures: (B, 3, S, S).
        scale: (B,) side of what is seen, as a share of the picture's.
        angle: (B,) radians.
        mirror: (B,) -1 for a mirrored picture, otherwise 1.
        shift: (B, 2) across and down, in halves of the side.
    """
    across = torch.stack([mirror * scale * angle.cos(), -scale * angle.sin(), shift[:, 0]], 1)  # (B, 3)
    down = torch.stack([mirror * scale * angle.sin(), scale * angle.cos(), shift[:, 1]], 1)  # (B, 3)
    grid = F.affine_grid(torch.stack([across, down], 1), list(pictures.shape), align_corners=False)  # (B, S, S, 2)
    return F.grid_sample(pictures, grid, padding_mode="reflection", align_corners=False)


def recolour(pictures: Tensor, brightness: Tensor, saturation: Tensor, contrast: Tensor) -> Tensor:
    """Return pictures (B, 3, S, S) in other colours.

    Args:
        pictures: (B, 3, S, S), -1 to 1.
        brightness: (B, 1, 1, 1) added to each number.
        saturation: (B, 1, 1, 1) by which the difference from grey is multiplied.
        contrast: (B, 1, 1, 1) by which the difference from the picture's mean is multiplied.
    """
    changed = pictures + brightness
    grey = changed.mean(1, keepdim=True)  # (B, 1, S, S)
    changed = (changed - grey) * saturation + grey
    middle = changed.mean((1, 2, 3), keepdim=True)  # (B, 1, 1, 1)
    return (changed - middle) * contrast + middle
