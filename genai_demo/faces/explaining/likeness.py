"""What the contrastive encoder takes for the same face: two views of each of a batch, and one face pulled about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from genai_demo.engine.fields import Within, check_fields
from genai_demo.faces.data.batches import to_bytes, to_floats
from genai_demo.faces.data.views import ANGLES, BRIGHTNESS, CONTRAST, SATURATION, SCALES, SHIFTS, recolour, warp
from genai_demo.faces.explaining.opening import OpenFace
from genai_demo.faces.sampling.loading import load_encoder
from genai_demo.faces.sampling.reference_faces import embed

BATCH = 8
"""faces of the matrix"""


@dataclass(frozen=True)
class View:
    """How a face is seen: each change may go farther than the encoder has met in training."""

    turn: Annotated[float, Within(-0.5, 0.5)] = 0.0
    """radians"""
    zoom: Annotated[float, Within(0.5, 1.5)] = 1.0
    """side of what is seen, as a share of the picture's"""
    shift: Annotated[float, Within(-0.5, 0.5)] = 0.0
    """to the side, in halves of the picture"""
    mirrored: bool = False
    brightness: Annotated[float, Within(-1.0, 1.0)] = 0.0
    saturation: Annotated[float, Within(0.0, 2.0)] = 1.0
    contrast: Annotated[float, Within(0.1, 2.0)] = 1.0

    def check(self) -> None:
        """Raise `UserError` that names the first setting that is not allowed."""
        check_fields(self)

    def of(self, pictures: Tensor) -> Tensor:
        """Return pictures (B, 3, S, S), uint8, as they are seen."""
        count = len(pictures)
        seen = warp(
            to_floats(pictures),
            torch.full((count,), self.zoom),
            torch.full((count,), self.turn),
            torch.full((count,), -1.0 if self.mirrored else 1.0),
            torch.tensor([[self.shift, 0.0]]).expand(count, -1),
        )
        changes = (torch.full((count, 1, 1, 1), one) for one in (self.brightness, self.saturation, self.contrast))
        return to_bytes(recolour(seen, *changes))


@dataclass(frozen=True)
class Matrix:
    """Two views of each of a batch of faces, and how alike the encoder finds them."""

    views: Tensor
    """(2, B, 3, S, S) uint8"""
    similarity: Tensor
    """(B, B): of the first views in rows, and the second ones in columns, -1 to 1; the diagonal holds the pairs"""


@dataclass(frozen=True)
class Pull:
    """One face seen otherwise, and another face."""

    seen: Tensor
    """(3, S, S) uint8, the one as it is seen"""
    itself: float
    """how alike it is to the face as it was, -1 to 1"""
    other: float
    """how alike it is to the other face"""
    before: float
    """how alike the two faces were"""


def batch(face: OpenFace) -> Tensor:
    """Return the face and those that come after it in its seed: (BATCH, 3, S, S), uint8."""
    others = [face.painter.code(face.other(number)) for number in range(1, BATCH)]
    return face.painter.paint([face.code, *others])


def two_views(pictures: Tensor, seed: int = 0) -> Tensor:
    """Return two views of each picture (B, 3, S, S), uint8, drawn as in training but for every one: (2, B, 3, S, S)."""
    random = torch.Generator().manual_seed(seed)

    def drawn(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(*shape, generator=random)

    count, views = len(pictures), []
    for _ in range(2):
        mirror = torch.where(drawn(0, 1, count) < 0.5, -1.0, 1.0)
        angles, scales, shifts = drawn(*ANGLES, count), drawn(*SCALES, count), drawn(*SHIFTS, count, 2)
        moved = warp(to_floats(pictures), scales, angles, mirror, shifts)
        changes = (drawn(*bounds, count, 1, 1, 1) for bounds in (BRIGHTNESS, SATURATION, CONTRAST))
        views.append(to_bytes(recolour(moved, *changes)))
    return torch.stack(views)


def similarity_matrix(face: OpenFace, seed: int = 0) -> Matrix:
    """Return how alike the encoder finds two views of each face of a batch, as its loss compares them.

    Args:
        face: the first of the batch.
        seed: of the views.

    Raises:
        UserError: the encoder cannot be used.
    """
    network = load_encoder().network
    views = two_views(batch(face), seed)
    first, second = (embed(network, some).float() for some in views)  # (B, E) each
    return Matrix(views, first @ second.T)


def pull(face: OpenFace, view: View) -> Pull:
    """Return how alike a face, seen otherwise, is to itself and to the next face of its seed.

    Raises:
        UserError: the view is not allowed, or the encoder cannot be used.
    """
    view.check()
    other = face.painter.paint([face.painter.code(face.other(1))])
    seen = view.of(face.picture[None])
    changed, itself, neighbour = embed(load_encoder().network, torch.cat([seen, face.picture[None], other])).float()
    return Pull(seen[0], float(changed @ itself), float(changed @ neighbour), float(itself @ neighbour))
