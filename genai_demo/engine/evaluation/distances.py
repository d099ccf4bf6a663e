"""Distances between two sets of examples by their features, whatever these are of.

All are biased or noisy at a finite number of examples: read them beside the same distance between real and real.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def frechet_distance(real: Tensor, fake: Tensor, dimensions: int = 128) -> float:
    """Return the squared Fréchet distance of Gaussians fitted to two sets of features (Heusel et al. 2017, section 2).

    Both are first projected on the principal components of the real ones: as many dimensions as a few hundred
    examples can fill. 0 for equal sets; otherwise too large, the more so the fewer there are (Chong and Forsyth
    2020).

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
        size: examples in a subset; smaller sets are taken whole.
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


def unit_scale(reference: Tensor, *others: Tensor) -> tuple[Tensor, ...]:
    """Return features (N, F), shifted and scaled alike, so that the reference's have mean 0 and mean square 1.

    The kernel distance depends on the scale of the features, which means nothing in itself.
    """
    center = reference.mean(0)
    scale = (reference - center).square().mean().sqrt().clamp_min(math.sqrt(torch.finfo(reference.dtype).tiny))
    return tuple((features - center) / scale for features in (reference, *others))
