"""What nearest neighbours tell about generated faces: what they cover, how varied they are, what they copy.

Faces are rows of features. All distances are Euclidean.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

_CHUNK = 256
LOW = 0.01
"""the quantile that stands for the faces which are nearest to a training face"""


def nearest_distances(queries: Tensor, gallery: Tensor, apart: bool = False) -> Tensor:
    """Return the distance of each query to its nearest face of the gallery, (N,).

    Args:
        queries: (N, F), or (N, V, F) with V views of each face, such as its mirror image: the nearest view counts.
        gallery: (M, F).
        apart: the queries are the gallery's own faces in the same order, and none is its own neighbour.
    """
    views = queries if queries.ndim == 3 else queries[:, None]  # (N, V, F)
    center = gallery.mean(0)
    gallery, views = gallery - center, views - center
    norms = gallery.square().sum(1)
    found = []
    for start in range(0, len(views), _CHUNK):
        part = views[start : start + _CHUNK]
        # Less the query's own norm, which does not change the order.
        squares = norms - 2 * part @ gallery.T  # (B, V, M)
        if apart:
            rows = torch.arange(len(part))
            squares[rows, :, start + rows] = torch.inf
        neighbours = gallery[squares.argmin(-1)]  # (B, V, F)
        # Computed anew, because the difference of large products leaves little of a small distance.
        found.append((part - neighbours).norm(dim=-1).min(1).values)
    return torch.cat(found)


def _radii(faces: Tensor, k: int) -> Tensor:
    """Return the distance of each face to its k-th nearest among the others, (N,)."""
    # The face itself is the nearest, at 0.
    return torch.cat([_distances(part, faces).kthvalue(k + 1).values for part in faces.split(_CHUNK)])


def _distances(a: Tensor, b: Tensor) -> Tensor:
    """Return all distances (N, M), those of equal rows exactly 0."""
    return torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist")


def coverage(real: Tensor, fake: Tensor, k: int = 5) -> float:
    """Return the share of real faces whose k nearest real ones are not all nearer than some fake one, 0 to 1.

    Naeem et al. 2020, equation 4. For fakes as good as real ones, and as many, it is about 1 - 2^-k.

    Args:
        real: (N, F), more than `k`.
        fake: (M, F).
    """
    pairs = zip(real.split(_CHUNK), _radii(real, k).split(_CHUNK), strict=True)
    covered = [_distances(part, fake).min(1).values <= radii for part, radii in pairs]
    return float(torch.cat(covered).float().mean())


def density(real: Tensor, fake: Tensor, k: int = 5) -> float:
    """Return in how many real neighbourhoods a fake face lies, in the mean, over k (Naeem et al. 2020, equation 3).

    About 1 for real faces, more for averaged ones, which lie where most neighbourhoods meet: never read it alone.

    Args:
        real: (N, F), more than `k`; a neighbourhood reaches from a face to its k-th nearest.
        fake: (M, F).
    """
    radii = _radii(real, k)
    inside = sum(int((_distances(part, real) <= radii).sum()) for part in fake.split(_CHUNK))
    return inside / (k * len(fake))


def diversity(samples: Tensor, real: Tensor) -> float:
    """Return how far apart samples are: their median nearest-neighbour distance over that of as many real faces.

    1 for samples as varied as real faces, 0 when half of them have a twin. Noise adds to it: read it beside
    the distances.

    Args:
        samples: (N, F), at least 2.
        real: (N or more, F), in random order; the first N are used.
    """
    count = len(samples)
    among_real = nearest_distances(real[:count], real[:count], apart=True).median()
    return float(nearest_distances(samples, samples, apart=True).median() / among_real)


@dataclass(frozen=True)
class Memorisation:
    """Whether faces are nearer to the training data than strangers are."""

    median: float
    """of the samples' ratios: distance to the nearest training face over that to the nearest held-out one"""
    low: float
    """1 % quantile of the samples' ratios: the likeliest copies"""
    copies: float
    """share of samples with a ratio below the 1 % quantile of real faces; of real ones it is 0.01"""
    real_median: float
    """of the held-out faces' ratios, each measured against the other held-out ones"""
    real_low: float
    """1 % quantile of the held-out faces' ratios"""
    real_median_spread: float
    """standard deviation of `real_median` when as many real faces are drawn as there are samples (bootstrap)"""
    real_low_spread: float
    """standard deviation of `real_low` likewise"""


def memorisation_ratio(samples: Tensor, train: Tensor, held_out: Tensor) -> Memorisation:
    """Compare how near samples come to training faces with how near real faces do that nobody trained on.

    A face's ratio is its distance to the nearest training face over its distance to the nearest held-out face.
    Training faces are more, so the ratio is below 1 for strangers as well; how much is measured on the held-out
    faces. A plain distance would call smooth faces copies, since they are near to everybody; the ratio of two does
    not: without a copy, training and held-out faces are strangers alike (after Meehan et al. 2020, who compare the
    samples' distances to the training data with the held-out faces').

    Args:
        samples: (N, F) or (N, V, F), views as in `nearest_distances`.
        train: (M, F), all that the model has seen.
        held_out: (K, F), or (K, V, F) if the samples have views, the first of which is the face as it is.
    """
    strangers = held_out[:, 0] if held_out.ndim == 3 else held_out
    own = _ratios(held_out, train, strangers, apart=True)
    ratios = _ratios(samples, train, strangers, apart=False)
    real_low = own.quantile(LOW)
    generator = torch.Generator().manual_seed(0)
    drawn = own[torch.randint(len(own), (200, len(ratios)), generator=generator)]  # (200, N)
    return Memorisation(
        median=float(ratios.median()),
        low=float(ratios.quantile(LOW)),
        copies=float((ratios < real_low).float().mean()),
        real_median=float(own.median()),
        real_low=float(real_low),
        real_median_spread=float(drawn.median(1).values.std()),
        real_low_spread=float(drawn.quantile(LOW, 1).std()),
    )


def _ratios(faces: Tensor, train: Tensor, strangers: Tensor, apart: bool) -> Tensor:
    to_strangers = nearest_distances(faces, strangers, apart)
    return nearest_distances(faces, train) / to_strangers.clamp_min(torch.finfo(to_strangers.dtype).tiny)
