"""Tells how well music holds together: how much its parts surprise the masked model, each hearing all others."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from genai_demo.music.canvas import Canvas
from genai_demo.music.masked import MaskedRoll

_LENGTH = 4
"""steps of one hand that are heard by all the rest"""
_PARTS = 4
"""into how many parts these are divided, which are judged one after the other"""


@torch.inference_mode()
def surprise(network: MaskedRoll, canvas: Canvas, wanted: Tensor) -> Tensor:
    """Return the nats (B,) that the wanted columns cost: the negative logarithm of a pseudo-likelihood (Besag 1975).

    Args:
        network: the model.
        canvas: B windows, on the CPU, whose wanted columns are filled; `lowest` and `highest` say which notes count.
        wanted: bool (B, 2, T): columns to judge.
    """
    device = next(network.parameters()).device
    steps = wanted.shape[2]
    beat = torch.arange(-(-steps // _LENGTH)).repeat_interleave(_LENGTH)[:steps]  # (T,)
    # Neighbours in time and the other hand at the same time belong to different parts.
    part = torch.stack([beat, beat + _PARTS // 2]) % _PARTS  # (2, T)
    total = torch.zeros(len(wanted), dtype=torch.float64)
    for number in range(_PARTS):
        judged = wanted & (part == number)
        if judged.any():
            keys, lengths, _ = network.costs(replace(canvas, hidden=judged).to(device))
            total.index_add_(0, judged.nonzero()[:, 0], (keys + lengths).double().cpu())
    return total
