"""Distances between two sets of faces: Fréchet and kernel distance of features, sliced Wasserstein of patches.

All are biased or noisy at a finite number of faces: read them beside the same distance between two sets of real ones.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

SCALES = (64, 32, 16)
"""heights in pixels of the levels of the Laplacian pyramid"""
_PATCH = 7


def frechet_distance(real: Tensor, fake: Tensor, dimensions: int = 128) -> float:
    """Return the squared Fréchet distance of Gaussians fitted to two sets of features (Heusel et al. 2017, section 2).

    Both are first projected on the principal components of the real ones: as many dimensions as a few hundred
    pictures can fill. 0 for equal sets; otherwise too large, the more so the fewer pictures there are (Chong and
    Forsyth 2020).

    Args:
        real: (N, F) features of the reference.
        fake: (M, F) features.
        dimensions: most components, at least 1.
    """
    real, fake = real.double(), fake.double()
    center = real.mean(0)
    real, fake = real - center, fake - center
    axes = _principal_axes(real, dimensions)
    real, fake = real @ axes, fake @ axes  # (N, D), (M, D)
    first, second = (_covariance(side) for side in (real, fake))
    # The trace of (A B)^1/2 is the sum of the singular values of A^1/2 B^1/2, which no rounding can make negative.
    overlap = torch.linalg.svdvals(_square_root(first) @ _square_root(second)).sum()
    distance = (real.mean(0) - fake.mean(0)).square().sum() + first.trace() + second.trace() - 2 * overlap
    return max(0.0, float(distance))


def _principal_axes(centered: Tensor, most: int) -> Tensor:
    """Return orthonormal axes (F, D) of centered features (N, F), D at most `most` and the features' rank."""
    # Of the two matrices of inner products, the smaller one has the same eigenvalues above 0.
    wide = len(centered) < centered.shape[1]
    values, vectors = torch.linalg.eigh(centered @ centered.T if wide else centered.T @ centered)
    values, vectors = values[-most:], vectors[:, -most:]
    seen = values > 1e-10 * values[-1]
    values, vectors = values[seen], vectors[:, seen]
    return centered.T @ vectors / values.sqrt() if wide else vectors


def _covariance(features: Tensor) -> Tensor:
    centered = features - features.mean(0)
    return centered.T @ centered / (len(features) - 1)  # (D, D)


def _square_root(matrix: Tensor) -> Tensor:
    """Return the symmetric root of a covariance (D, D), whose eigenvalues below 0 are rounding errors."""
    values, vectors = torch.linalg.eigh(matrix)
    return (vectors * values.clamp_min(0).sqrt()) @ vectors.T


def kernel_distance(a: Tensor, b: Tensor, subsets: int = 20, size: int = 500, seed: int = 0) -> float:
    """Return the kernel distance of two sets of features: unbiased squared MMD (Binkowski et al. 2018, section 4).

    The kernel is ((x . y) / F + 1)^3, the estimate the mean over random subsets. 0 in the mean, and therefore
    sometimes below 0, for sets from the same source.

    Args:
        a: (N, F) features, at least 2.
        b: (M, F) features, at least 2.
        subsets: how many are drawn of each set.
        size: pictures in a subset; smaller sets are taken whole.
        seed: of the drawing.
    """
    generator = torch.Generator().manual_seed(seed)
    size = min(size, len(a), len(b))
    a, b = a.double(), b.double()
    among_a, among_b, between = _kernel(a, a), _kernel(b, b), _kernel(a, b)
    total = 0.0
    for _ in range(subsets):
        x = torch.randperm(len(a), generator=generator)[:size].to(a.device)
        y = torch.randperm(len(b), generator=generator)[:size].to(b.device)
        within = _mean_off_diagonal(among_a[x][:, x]) + _mean_off_diagonal(among_b[y][:, y])
        total += within - 2 * float(between[x][:, y].mean())
    return total / subsets


def _kernel(x: Tensor, y: Tensor) -> Tensor:
    return (x @ y.T / x.shape[1] + 1) ** 3  # (N, M)


def _mean_off_diagonal(matrix: Tensor) -> float:
    count = len(matrix)
    return float((matrix.sum() - matrix.trace()) / (count * (count - 1)))


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


def unit_scale(reference: Tensor, *others: Tensor) -> tuple[Tensor, ...]:
    """Return features (N, F), shifted and scaled alike, so that the reference's have mean 0 and mean square 1.

    The kernel distance depends on the scale of the features, which means nothing in itself.
    """
    center = reference.mean(0)
    scale = (reference - center).square().mean().sqrt().clamp_min(math.sqrt(torch.finfo(reference.dtype).tiny))
    return tuple((features - center) / scale for features in (reference, *others))
