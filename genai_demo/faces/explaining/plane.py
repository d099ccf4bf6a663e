"""A plane of faces: four at its corners, and every point between them is a face, too."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from genai_demo.faces.explaining.opening import OpenFace
from genai_demo.faces.requests import FaceRequest
from genai_demo.faces.sampling.painting import Code, between

OTHERS = 3
"""faces at the corners besides the one that is opened"""


def corners(face: OpenFace, turn: int = 0) -> tuple[FaceRequest, ...]:
    """Return the faces at the upper left corner, the upper right, the lower left and the lower right one.

    Args:
        face: the first of them.
        turn: which three others of its seed the other corners are, from 0.
    """
    return (face.request, *(face.other(1 + OTHERS * turn + number) for number in range(OTHERS)))


def corner_codes(face: OpenFace, turn: int = 0) -> tuple[Code, ...]:
    """Return what the corners are made from; see `corners`."""
    return (face.code, *(face.painter.code(request) for request in corners(face, turn)[1:]))


def at(codes: Sequence[Code], across: float, down: float) -> Code:
    """Return the code at a point of the plane, 0 to 1 each: along the upper and the lower side, and then between them.

    Args:
        codes: of the four corners.
        across, down: of the point, from the first corner.
    """
    upper, lower = between(codes[0], codes[1], across), between(codes[2], codes[3], across)
    return between(upper, lower, down)


def paint_points(face: OpenFace, points: Sequence[tuple[float, float]], turn: int = 0) -> Tensor:
    """Return the faces (N, 3, S, S), uint8, at points (across, down), 0 to 1 each, of a plane; see `corners`."""
    codes = corner_codes(face, turn)
    return face.painter.paint([at(codes, across, down) for across, down in points])
