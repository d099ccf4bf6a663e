"""The picture stage by stage: it is the sum of what the decoder's stages paint, from 4x4 to the full side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from genai_demo.faces.data.batches import to_bytes
from genai_demo.faces.explaining.opening import OpenFace
from genai_demo.faces.models.blocks import upsample

_LEVELS = 127.5
"""levels of a byte that 1 on the scale of pictures is"""
_VISIBLE = 2.0
"""deviations at which what a stage adds is as far from grey as a picture can show"""


@dataclass(frozen=True)
class Stage:
    """What one stage does to a face."""

    side: int
    """of the map it works on, in cells"""
    channels: int
    adds: float
    """mean size of what it paints, in levels of 255"""
    left: float
    """mean difference, in levels of 255, between the picture up to here and the finished one"""


@torch.inference_mode()
def contributions(face: OpenFace) -> Tensor:
    """Return what each stage paints, coarsest first, at the full side: (K, 3, S, S), whose sum is the picture."""
    parts = face.painter.network.painter.parts(face.painter.ground([face.code]))
    raised = []
    for part in parts:
        while part.shape[3] < parts[-1].shape[3]:
            part = upsample(part)  # as the decoder does, step by step
        raised.append(part)
    return torch.cat(raised).cpu()


def paint_stages(face: OpenFace, on: Sequence[bool]) -> Tensor:
    """Return the face (3, S, S), uint8, with only those stages painting that are `on`, coarsest first."""
    parts = contributions(face)
    kept = torch.tensor(on[: len(parts)]).reshape(-1, 1, 1, 1)
    return to_bytes((parts * kept).sum(0, keepdim=True))[0]


def tell_stages(face: OpenFace) -> tuple[Stage, ...]:
    """Return what every stage does to a face, the coarsest first."""
    parts = contributions(face)
    widths = face.painter.network.config.widths[: len(parts)]
    left = parts.sum(0) - parts.cumsum(0)  # (K, 3, S, S)
    sides = [4 * 2**number for number in range(len(parts))]
    return tuple(
        Stage(side, width, float(part.abs().mean()) * _LEVELS, float(rest.abs().mean()) * _LEVELS)
        for side, width, part, rest in zip(sides, widths, parts, left, strict=True)
    )


def show_stages(face: OpenFace) -> tuple[Tensor, Tensor]:
    """Return the picture up to every stage, and what every stage adds, both (K, 3, S, S), uint8.

    What a stage adds is shown around grey, each made as strong as can be seen; grey is where it changes nothing.
    """
    parts = contributions(face)
    spread = parts.flatten(1).std(1).clamp_min(1e-6).reshape(-1, 1, 1, 1)  # (K, 1, 1, 1)
    return to_bytes(parts.cumsum(0)), to_bytes(parts / (_VISIBLE * spread))
