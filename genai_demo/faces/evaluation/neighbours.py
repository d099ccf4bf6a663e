"""What nearest neighbours tell about generated faces: what they cover, how varied they are, what they copy.

Faces are rows of features. All distances are Euclidean.
"""

from __future__ import annotations

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
