"""The layers that all face networks are built of: plain residual blocks, and steps between resolutions.

The keys of the weights in checkpoints keep older names: a network's decoder is its `painter`, the layers to RGB are
`brushes`; its encoder is its `observer`, the layers from RGB are `lenses`.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, TypeVar, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

N = TypeVar("N", bound=nn.Module)

SMALLEST = 4
"""side of the coarsest feature map; every stage after it doubles the side"""
_SLOPE = 0.2
ACTIVATION_GAIN = math.sqrt(2 / (1 + _SLOPE**2))
"""what `activate` divides the standard deviation of a normal input by, for the layer after it to put back"""


def depth(resolution: int) -> int:
    """Return how many stages lead from `SMALLEST` to `resolution`, a power of two, both counted."""
    return (resolution // SMALLEST).bit_length()


def conv(inputs: int, outputs: int, size: int, gain: float = 1.0) -> nn.Conv2d:
    """Return a convolution that keeps the side.

    Args:
        inputs, outputs: channels.
        size: side of the kernel, odd.
        gain: standard deviation of its outputs at first, for inputs of mean square 1; 0 makes it start at zero.
    """
    layer = nn.Conv2d(inputs, outputs, size, padding=size // 2)
    nn.init.normal_(layer.weight, std=gain * (inputs * size**2) ** -0.5)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer


def activate(x: Tensor) -> Tensor:
    """Return the leaky rectification of x; what follows makes up for the lost variance by `ACTIVATION_GAIN`."""
    return F.leaky_relu(x, _SLOPE)


class ResidualBlock(nn.Module):
    """Adds to its input what two 3x3 convolutions make of it.

    Args:
        channels: of input and output.
        start: standard deviation of what is added at first, as a share of the input's. At 0 a deep network starts as a
            shallow one (Zhang, Dauphin and Ma 2019, Fixup).
    """

    def __init__(self, channels: int, start: float = 0) -> None:
        super().__init__()
        self.first = conv(channels, channels, 3, ACTIVATION_GAIN)
        self.second = conv(channels, channels, 3, start * ACTIVATION_GAIN)

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, C, H, W) for x (B, C, H, W)."""
        return x + self.second(activate(self.first(activate(x))))


def upsample(x: Tensor) -> Tensor:
    """Return x (B, C, H, W) at twice the side, bilinearly: (B, C, 2H, 2W)."""
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def downsample(x: Tensor) -> Tensor:
    """Return the means of 2x2 neighbours of x (B, C, H, W): (B, C, H / 2, W / 2)."""
    return F.avg_pool2d(x, 2)


def channels_last(network: N) -> N:
    """Return `network` with its weights laid out so that convolutions on a CPU are about 1.3 times as fast."""
    moved: N = cast(Any, network).to(memory_format=torch.channels_last)
    return moved


class ConvDecoder(nn.Module):
    """From a coarse feature map to a picture: at each stage blocks work and add their part of the picture.

    The picture is the sum of what every stage paints, brought to the full side (Karras et al. 2020, StyleGAN2,
    section 4.1). A stage more therefore only adds detail: a network trained at half the side can go on at the full one.

    Args:
        widths: channels per stage, coarsest first.
        blocks: residual blocks per stage.
    """

    def __init__(self, widths: tuple[int, ...], blocks: tuple[int, ...]) -> None:
        super().__init__()
        self.transitions = nn.ModuleList(conv(a, b, 1) for a, b in pairwise(widths))
        self.blocks = nn.ModuleList(
            nn.Sequential(*(ResidualBlock(width) for _ in range(count)))
            for width, count in zip(widths, blocks, strict=True)
        )
        self.brushes = nn.ModuleList(conv(width, 3, 1, gain=0) for width in widths)

    def forward(self, x: Tensor) -> Tensor:
        """Return pictures (B, 3, S, S) for feature maps x (B, widths[0], SMALLEST, SMALLEST)."""
        coarsest, *finer = self.parts(x)
        picture = coarsest
        for part in finer:
            picture = upsample(picture) + part
        return picture

    def parts(self, x: Tensor) -> list[Tensor]:
        """Return what each stage paints, coarsest first, (B, 3, s, s) at its own side: `forward` adds them up.

        Args:
            x: feature maps (B, widths[0], SMALLEST, SMALLEST).
        """
        x = self.blocks[0](x)
        # The parts are added up in single precision: in half, a colour would be as coarse as the steps of a byte.
        parts = [self.brushes[0](activate(x)).float()]
        for transition, blocks, to_rgb in zip(self.transitions, self.blocks[1:], self.brushes[1:], strict=True):
            # The 1x1 convolution comes before the step up: the order does not matter, and it costs a quarter there.
            x = blocks(upsample(transition(x)))
            parts.append(to_rgb(activate(x)).float())
        return parts


class ConvEncoder(nn.Module):
    """From a picture to a coarse feature map, the mirror of `ConvDecoder`: every stage sees it at its own side.

    Args:
        widths: channels per stage, coarsest first.
        blocks: residual blocks per stage.
        start: what the blocks add, and what finer stages hand on, at first, as a share of their inputs. At 0 a stage
            more changes nothing at first, and fine details are seen late: they have to pass through all stages.
    """

    def __init__(self, widths: tuple[int, ...], blocks: tuple[int, ...], start: float = 0) -> None:
        super().__init__()
        self.lenses = nn.ModuleList(conv(3, width, 1) for width in widths)
        self.blocks = nn.ModuleList(
            nn.Sequential(*(ResidualBlock(width, start) for _ in range(count)))
            for width, count in zip(widths, blocks, strict=True)
        )
        self.transitions = nn.ModuleList(conv(b, a, 1, start) for a, b in pairwise(widths))

    def forward(self, picture: Tensor) -> Tensor:
        """Return feature maps (B, widths[0], SMALLEST, SMALLEST) of pictures (B, 3, S, S)."""
        x: Tensor | None = None
        for stage in reversed(range(len(self.lenses))):
            seen = self.lenses[stage](picture)
            x = self.blocks[stage](seen if x is None else x + seen)
            if stage > 0:
                x, picture = self.transitions[stage - 1](downsample(x)), downsample(picture)
        assert x is not None
        return x
