"""The contrastive loss: views of one example should meet, and keep away from all others."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def contrastive_loss(first: Tensor, second: Tensor, temperature: float, negatives: Tensor | None = None) -> Tensor:
    """Return how hard it is to find each example's other view among all of the batch (Chen et al. 2020, eq. 1).

    Args:
        first, second: (B, E) vectors of length 1; those at the same index are views of one example.
        temperature: above 0; the lower, the more the nearest of the others count.
        negatives: (S, E) vectors of length 1 of what is no view of any of the examples, and to be kept away from.
    """
    both = torch.cat([first, second])  # (2B, E)
    count = len(first)
    similarity = both @ both.T / temperature  # (2B, 2B)
    similarity.fill_diagonal_(-torch.inf)
    if negatives is not None:
        similarity = torch.cat([similarity, both @ negatives.T / temperature], 1)  # (2B, 2B + S)
    partner = torch.arange(2 * count, device=both.device).roll(count)
    return F.cross_entropy(similarity, partner)
