"""How near generated faces come to training faces, beside how near unseen ones come."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from genai_demo.faces.evaluation.neighbours import LOW, nearest_distances


@dataclass(frozen=True)
class Memorization:
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


def memorization_ratio(samples: Tensor, train: Tensor, held_out: Tensor) -> Memorization:
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
    return Memorization(
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
