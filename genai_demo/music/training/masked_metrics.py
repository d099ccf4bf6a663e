"""How well hidden notes are predicted, kind of mask by kind of mask, beside what mere frequencies predict."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from genai_demo.music.data.column_batches import ColumnWindows
from genai_demo.music.models.masked import MaskedRoll
from genai_demo.music.models.masked_window import MASK_KINDS, MaskedWindow, mask_at_random
from genai_demo.music.tokens.columns import LONGEST, NONE, OUTSIDE, POSITION_COUNT
from genai_demo.music.tokens.roll import HAND_COUNT, PIANO_KEYS

_SHARES = {"whole": 0.7, "stretch": 1.0, "right": 1.0, "left": 1.0, "range": 1.0, "inner": 1.0}
"""share of the region that is hidden when a kind of mask is measured"""
_AT_ONCE = 32


class Frequencies:
    """Predicts each note by itself: how often a hand strikes at a place of the bar, and each key and length at all.

    Args:
        windows: what is counted, see `ColumnWindows`.
    """

    def __init__(self, windows: ColumnWindows) -> None:
        keys, lengths = windows["keys"], windows["lengths"]
        self.struck = np.empty((HAND_COUNT, POSITION_COUNT, PIANO_KEYS))
        """probability that a hand strikes a key at a place"""
        self.length = np.empty((HAND_COUNT, LONGEST))
        """probability of each length from one step on"""
        inside = np.bincount(windows["positions"].ravel(), minlength=POSITION_COUNT)
        for hand in range(HAND_COUNT):
            there = keys[:, hand] != NONE  # (B, T, NOTES_PER_STEP)
            places = np.broadcast_to(windows["positions"][..., None], there.shape)[there]
            notes = np.bincount(places, minlength=POSITION_COUNT)
            by_key = np.bincount(keys[:, hand][there], minlength=PIANO_KEYS)[:PIANO_KEYS] + 0.5
            rate = (notes + 0.5) / (inside + 1.0)  # notes per column at each place
            self.struck[hand] = np.clip(rate[:, None] * by_key / by_key.sum(), 1e-9, 0.5)
            by_length = np.bincount(lengths[:, hand][there] - 1, minlength=LONGEST) + 0.5
            self.length[hand] = by_length / by_length.sum()

    def cost(self, window: MaskedWindow) -> float:
        """Return the nats that all hidden notes and silences of a window cost."""
        free, secret = window.free().numpy(), window.secret().numpy()
        total = 0.0
        for hand in range(HAND_COUNT):
            chance = self.struck[hand][window.positions.numpy()]  # (B, T, 88)
            total -= np.log1p(-chance)[free[:, hand]].sum()
            row, step, slot = np.nonzero(secret[:, hand])
            chosen = chance[row, step, window.keys[:, hand].numpy()[row, step, slot]]
            total -= (np.log(chosen) - np.log1p(-chosen)).sum()
            total -= np.log(self.length[hand][window.lengths[:, hand].numpy()[row, step, slot] - 1]).sum()
        return total


@torch.inference_mode()
def bits_per_note(
    network: MaskedRoll, windows: ColumnWindows, frequencies: Frequencies | None = None
) -> dict[str, float]:
    """Return the bits that hidden music costs for each of its notes, by kind of mask; silences count as well.

    Args:
        network: the model.
        windows: held-out windows.
        frequencies: measured on the same masks where given, as "..._by_frequencies".
    """
    device = next(network.parameters()).device
    figures: dict[str, float] = {}
    tensors = {name: torch.from_numpy(array) for name, array in windows.items()}
    # The state of the run's own noise stays as it was, and the masks are the same on every device.
    with torch.random.fork_rng(devices=[]):
        for kind in MASK_KINDS:
            torch.manual_seed(MASK_KINDS.index(kind))
            window = mask_at_random(tensors, kind, _SHARES[kind])
            notes = int(window.secret().sum())
            if not notes:
                continue
            nats = 0.0
            for first in range(0, len(window.keys), _AT_ONCE):
                keys, lengths, _ = network.costs(window.rows(first, first + _AT_ONCE).to(device))
                nats += float(keys.double().sum() + lengths.double().sum())
            figures[f"bits_{kind}"] = nats / notes / math.log(2)
            if frequencies is not None:
                figures[f"bits_{kind}_by_frequencies"] = float(frequencies.cost(window)) / notes / math.log(2)
    return figures


def middle_hidden(windows: dict[str, Tensor]) -> MaskedWindow:
    """Return windows whose middle third is hidden in both hands."""
    window = mask_at_random(windows, "whole", 1.0)
    steps = window.positions.shape[1]
    third = torch.zeros(steps, dtype=torch.bool)
    third[steps // 3 : 2 * steps // 3] = True
    hidden = (third & (window.positions != OUTSIDE))[:, None].repeat(1, HAND_COUNT, 1)  # (B, 2, T)
    return MaskedWindow(
        window.keys, window.lengths, window.positions, window.conditions, hidden, window.lowest, window.highest
    )
