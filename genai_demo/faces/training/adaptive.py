"""Augmentation that follows the discriminator: more while it tells too many pairs right."""

from __future__ import annotations

import torch
from torch import Tensor, nn

MOST = 0.8
"""probability beyond which augmentations leak into what is painted (Karras et al. 2020, ADA, section 2.2)"""
RISE = 100_000
"""faces over which the probability could rise from 0 to 1"""
_MEMORY = 0.99
"""share of what was seen before that the running share keeps at each step"""


class AdaptiveAugmentation(nn.Module):
    """How likely an augmentation is, led by how many pairs of a real and a made face the discriminator tells apart.

    A discriminator that tells nearly all of them apart knows its faces by heart, and teaches nothing any more. Karras
    et al. 2020 go by the signs of its verdicts on real faces; here only differences within pairs mean anything. What it
    has come to is kept in buffers, so that a resumed run goes on with it.

    Args:
        target: share of pairs told right that is wanted, above 0.5 and below 1.
    """

    probability: Tensor
    right: Tensor

    def __init__(self, target: float) -> None:
        super().__init__()
        self.target = target
        self.register_buffer("probability", torch.zeros(()))
        self.register_buffer("right", torch.tensor(target))

    @torch.no_grad()
    def follow(self, right: Tensor, count: int) -> None:
        """Move the probability after `count` pairs, of which a share `right` was told right."""
        self.right.mul_(_MEMORY).add_((1 - _MEMORY) * right)
        self.probability.add_(torch.sign(self.right - self.target) * count / RISE).clamp_(0.0, MOST)

    def now(self) -> float:
        """Return the probability."""
        return float(self.probability)
