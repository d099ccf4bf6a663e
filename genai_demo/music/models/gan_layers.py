"""The layers that the piano GAN's networks are built of, the grid of octaves that they work on, and binary neurons."""

from __future__ import annotations

import math
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai_demo.music.models import roll_conditioning
from genai_demo.music.models.roll_conditioning import WINDOW_BARS
from genai_demo.music.tokens.roll import CHANNELS, COMPACT_KEYS, HAND_COUNT, HOLD, ONSET

CLASSES, OCTAVES = 12, COMPACT_KEYS // 12
STEPS = 16
"""steps of the longest bar"""
CELLS = HAND_COUNT * CHANNELS * CLASSES
TIME_SIGNATURE_COUNT = len(roll_conditioning.ROLL_TIME_SIGNATURES)
_SLOPE = 0.2
GAIN = math.sqrt(2 / (1 + _SLOPE**2))
BETWEEN_BARS = 0.3
"""by how much less than other things what tells bars apart counts at first: in music they are much alike"""
ADDED = 0.5
"""what a block of the generator adds at first, as a share of its input"""
RARE = 6.0
"""by how much what reads cells, of which few are on, is larger at first than what reads normal numbers"""


def to_grid(cells: Tensor) -> Tensor:
    """Return cells (B, 2 hands, 2 channels, T, 72) as a grid (B, 48, T, 6 octaves)."""
    grid = cells.unflatten(4, (OCTAVES, CLASSES))  # (B, 2, 2, T, 6, 12)
    return grid.permute(0, 1, 2, 5, 3, 4).flatten(1, 3)  # (B, 2, 2, 12, T, 6) -> (B, 48, T, 6)


def from_grid(grid: Tensor) -> Tensor:
    """Return a grid (B, 48, T, 6 octaves) as cells (B, 2 hands, 2 channels, T, 72)."""
    cells = grid.unflatten(1, (HAND_COUNT, CHANNELS, CLASSES))  # (B, 2, 2, 12, T, 6)
    return cells.permute(0, 1, 2, 4, 5, 3).flatten(4)  # (B, 2, 2, T, 6, 12) -> (B, 2, 2, T, 72)


def conv(inputs: int, outputs: int, size: int, gain: float = 1.0) -> nn.Conv2d:
    """Return a convolution over a grid that keeps its size; see `_scaled` for its gain."""
    return _scaled(nn.Conv2d(inputs, outputs, size, padding=size // 2), gain)


def conv1d(inputs: int, outputs: int, size: int, gain: float = GAIN) -> nn.Conv1d:
    """Return a convolution over steps that keeps their number; see `_scaled` for its gain."""
    return _scaled(nn.Conv1d(inputs, outputs, size, padding=size // 2), gain)


def linear(inputs: int, outputs: int, gain: float = 1.0) -> nn.Linear:
    """Return a linear layer; see `_scaled` for its gain."""
    return _scaled(nn.Linear(inputs, outputs), gain)


L = TypeVar("L", nn.Conv2d, nn.Conv1d, nn.Linear)


def _scaled(layer: L, gain: float) -> L:
    """Return `layer` with outputs of standard deviation `gain` at first, for inputs of mean square 1."""
    nn.init.normal_(layer.weight, std=gain * layer.weight[0].numel() ** -0.5)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer


def activate(x: Tensor) -> Tensor:
    """Return the leaky rectification of x; what follows makes up for the lost variance by `GAIN`."""
    return F.leaky_relu(x, _SLOPE)


class PositionEmbedding(nn.Module):
    """Says where in the window and in its bar a step lies, and whether its bar is known."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.steps = nn.Parameter(torch.randn(TIME_SIGNATURE_COUNT, STEPS, width))
        self.bars = nn.Parameter(BETWEEN_BARS * torch.randn(WINDOW_BARS, 2, width))

    def forward(self, conditions: Tensor, known: Tensor, steps: int) -> Tensor:
        """Return (B, 8 bars x steps, C).

        Args:
            conditions: (B, roll_conditioning.SIZE), of which the metre counts.
            known: bool (B, 8 bars).
            steps: in a bar.
        """
        time_signature = conditions[:, -TIME_SIGNATURE_COUNT:].argmax(1)  # (B,)
        step = self.steps[time_signature][:, None, :steps]  # (B, 1, S, C)
        bar = self.bars[torch.arange(WINDOW_BARS, device=known.device), known.long()][:, :, None]  # (B, 8, 1, C)
        return (step + bar).flatten(1, 2)  # (B, 8, S, C) -> (B, T, C)


class Layer(nn.Module):
    """What happens at a step depends on all steps by attention, and on those around it by convolution."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList(nn.RMSNorm(width, eps=1e-6) for _ in range(2))
        self.attend = nn.Linear(width, 3 * width, bias=False)
        self.attended = nn.Linear(width, width, bias=False)
        self.near = nn.Conv1d(width, 3 * width // 2, 5, padding=2)
        self.mix = nn.Linear(3 * width // 2, width, bias=False)
        for layer in (self.attended, self.mix):
            nn.init.normal_(layer.weight, std=ADDED * layer.in_features**-0.5)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, T, C) for x (B, T, C)."""
        three = self.attend(self.norms[0](x)).unflatten(2, (3, self.heads, -1))  # (B, T, 3, H, C / H)
        query, key, value = three.permute(2, 0, 3, 1, 4)  # each (B, H, T, C / H)
        attended = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)  # (B, T, C)
        x = x + self.attended(attended)
        near = self.near(self.norms[1](x).transpose(1, 2)).transpose(1, 2)
        return x + self.mix(F.silu(near))


class GridBlock(nn.Module):
    """Adds to a grid what two 3x3 convolutions over steps and octaves make of it."""

    def __init__(self, channels: int, start: float) -> None:
        super().__init__()
        self.first = conv(channels, channels, 3, GAIN)
        self.second = conv(channels, channels, 3, start * GAIN)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, C, T, O) for x (B, C, T, O)."""
        return x + self.second(activate(self.first(activate(x))))


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
