"""Where faces come from: a seed and what was asked for become the numbers that a model paints.

All random numbers are drawn on the CPU, one generator per face: the same seed gives the same faces everywhere,
and a face does not depend on how many others are shown.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

NUDGE = 0.25
"""share of a new draw in a small step aside"""


def face_generator(seed: int, index: int) -> torch.Generator:
    """Return the random numbers of face `index` of `seed`."""
    state = np.random.SeedSequence([seed, index]).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(state) % 2**63)


def nudged(latent: Tensor, nudges: tuple[int, ...]) -> Tensor:
    """Return a latent vector (L,) of the standard normal distribution after small steps aside, one per seed.

    Each step keeps the distribution: it mixes in a new draw as a rotation does.
    """
    for seed in nudges:
        fresh = torch.randn(latent.shape, generator=torch.Generator().manual_seed(seed))
        latent = (1 - NUDGE**2) ** 0.5 * latent + NUDGE * fresh
    return latent


def slerp(start: Tensor, end: Tensor, share: float) -> Tensor:
    """Return the vector at `share` (0 to 1) of the arc between two (Shoemake 1985), its length in proportion.

    Args:
        start, end: (L,) vectors, neither 0; opposite or parallel ones are joined by a straight line.
    """
    first, second = start.norm(), end.norm()
    cosine = (start @ end / (first * second)).clamp(-1, 1)
    angle = cosine.acos()
    if float(angle.sin()) < 1e-4:
        return start + (end - start) * share
    direction = ((1 - share) * angle).sin() * start / first + (share * angle).sin() * end / second
    return direction / angle.sin() * (first + (second - first) * share)
