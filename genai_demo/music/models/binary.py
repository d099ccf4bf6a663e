"""Binary neurons: cells of a roll are on or off, and yet a generator can learn by gradients."""

from __future__ import annotations

import torch
from torch import Tensor

from genai_demo.music.tokens.roll import HOLD, ONSET


def binary(logits: Tensor, slope: float) -> Tensor:
    """Return 1 where logits are above 0, else 0; the gradient is that of their sigmoid.

    Deterministic binary neurons with a straight-through estimator (Dong and Yang 2018, "Convolutional generative
    adversarial networks with binary neurons for polyphonic music generation", section 3.1).

    Args:
        logits: (...).
        slope: of the sigmoid, above 0; raising it over a training brings the gradient closer to that of the step.
    """
    soft = torch.sigmoid(slope * logits)
    # In this order, so that what is on is exactly 1.
    return (logits > 0).to(soft.dtype) + (soft - soft.detach())


def tied(cells: Tensor) -> Tensor:
    """Return cells without the holds that follow neither an onset nor a hold of their key: every run is a note.

    Args:
        cells: (B, 2 hands, 2 channels, T, P), 0 or 1; a hold at an onset is none, either.
    """
    onset, hold = cells[:, :, ONSET], cells[:, :, HOLD]  # (B, 2, T, P)
    with torch.no_grad():
        struck, held = onset > 0.5, hold > 0.5
        place = torch.arange(1, onset.shape[2] + 1, device=cells.device, dtype=torch.int32)[:, None]
        # A key sounds if it was struck after it was last let go.
        last_struck = torch.cummax(place * struck, 2).values
        last_silent = torch.cummax(place * ~(struck | held), 2).values
        sounding = last_struck > last_silent
        may_hold = torch.zeros_like(struck)
        may_hold[:, :, 1:] = sounding[:, :, :-1] & ~struck[:, :, 1:]
    return torch.stack([onset, hold * may_hold], 2)
