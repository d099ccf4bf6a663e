"""The distance between two sets of faces that needs no features: sliced Wasserstein of patches."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

SCALES = (64, 32, 16)
"""heights in pixels of the levels of the Laplacian pyramid"""
_PATCH = 7


def sliced_wasserstein(
    a: Tensor, b: Tensor, seed: int = 0, patches: int = 32, directions: int = 64
) -> dict[int, float]:
    """Return 1000 times the sliced Wasserstein distance of patches per scale (Karras et al. 2018, section 5).

    Patches of 7x7 pixels are taken from each level of a Laplacian pyramid, projected on random directions and sorted.
    Unlike in the paper both sets are scaled by what they have in common: each by its own would hide a lack
    of contrast.

    Args:
        a: (N, 3, 64, 64) floats in -1 to 1.
        b: as many pictures as `a`.
        seed: of patches and directions.
        patches: per picture and scale.
        directions: random ones, per scale.

    Returns:
        the distance by height of the level in pixels, one for each of `SCALES`.
    """
    generator = torch.Generator().manual_seed(seed)
    found: dict[int, float] = {}
    for scale, level_a, level_b in zip(SCALES, _pyramid(a), _pyramid(b), strict=True):
        x, y = _patches(level_a, patches, generator), _patches(level_b, patches, generator)  # (K, 3, 49)
        both = torch.cat([x, y])
        mean, deviation = both.mean((0, 2), keepdim=True), both.std((0, 2), keepdim=True)
        axes = torch.randn(x[0].numel(), directions, generator=generator).to(x.device)  # (147, D)
        axes = axes / axes.norm(dim=0)
        x, y = (((side - mean) / (deviation + 1e-8)).flatten(1) @ axes for side in (x, y))  # (K, D)
        # Sorting runs along the last dimension.
        gaps = x.T.contiguous().sort().values - y.T.contiguous().sort().values  # (D, K)
        found[scale] = 1000 * float(gaps.abs().mean())
    return found


def _pyramid(pictures: Tensor) -> list[Tensor]:
    """Return details (N, 3, S, S) for each of `SCALES`, and at the last what remains (Burt and Adelson 1983)."""
    levels = []
    for _ in SCALES[1:]:
        coarse = _smooth(pictures)[:, :, ::2, ::2]
        spread = torch.zeros_like(pictures)
        spread[:, :, ::2, ::2] = coarse * 4
        levels.append(pictures - _smooth(spread))
        pictures = coarse
    return [*levels, pictures]


def _smooth(pictures: Tensor) -> Tensor:
    weights = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0], device=pictures.device) / 16
    kernel = weights.outer(weights).expand(3, 1, 5, 5)
    return F.conv2d(F.pad(pictures, (2, 2, 2, 2), mode="reflect"), kernel, groups=3)


def _patches(pictures: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Return `count` random patches of each picture as (N * count, 3, 49)."""
    places = pictures.shape[-1] - _PATCH + 1
    corners = torch.randint(places * places, (len(pictures), count), generator=generator).to(pictures.device)  # (N, P)
    offsets = torch.arange(_PATCH, device=pictures.device)
    rows = (corners // places)[..., None, None] + offsets[:, None]  # (N, P, 7, 1)
    columns = (corners % places)[..., None, None] + offsets  # (N, P, 1, 7)
    picture = torch.arange(len(pictures), device=pictures.device)[:, None, None, None]
    return pictures.movedim(1, -1)[picture, rows, columns].flatten(0, 1).flatten(1, 2).mT  # (N * P, 3, 49)
