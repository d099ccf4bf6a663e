"""Exponential moving average of a network's weights; the average is the product of a run."""

from __future__ import annotations

import copy

import torch
from torch import nn


class MovingAverage:
    """The averaged twin of a network, with its half-life in examples (Karras et al. 2022, EDM, appendix F.2).

    Args:
        network: the network that is trained.
        half_life: examples after which an old weight counts half.
        ramp: the half-life is never longer than this share of the examples seen.
    """

    def __init__(self, network: nn.Module, half_life: float, ramp: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self._half_life = half_life
        self._ramp = ramp

    @torch.no_grad()
    def update(self, network: nn.Module, batch: int, seen: int) -> None:
        """Move the average towards `network`.

        Args:
            batch: examples of this step.
            seen: examples of all steps, this one included.
        """
        half_life = min(self._half_life, self._ramp * seen)
        weight = 1 - 0.5 ** (batch / max(half_life, 1e-8))
        torch._foreach_lerp_(list(self.network.parameters()), list(network.parameters()), weight)
        for mine, theirs in zip(self.network.buffers(), network.buffers(), strict=True):
            mine.copy_(theirs)
