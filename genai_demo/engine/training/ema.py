"""Exponential moving average of a network's weights (EMA), which is what a run makes."""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn


class EMA:
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
        move = get_ema_multi_avg_fn(0.5 ** (batch / max(half_life, 1e-8)))
        move(list(self.network.parameters()), list(network.parameters()), None)
        for mine, theirs in zip(self.network.buffers(), network.buffers(), strict=True):
            mine.copy_(theirs)
