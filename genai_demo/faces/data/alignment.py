"""Finding the face in a photo, and cutting it out as the faces of the training set are cut."""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from genai_demo.errors import UserError

if TYPE_CHECKING:
    from cv2 import CascadeClassifier

Points = np.ndarray[Any, np.dtype[np.complexfloating[Any, Any]]]

SMALLEST_FACE = 40
"""smallest side of a face that is used, in pixels of the photo"""
EYES = (0.288 + 0.29j, 0.678 + 0.291j)
"""middles of the left and right eye window in an aligned picture, x + yj in units of its side

Medians over 200 pictures of the training set, UTKFace (`python -m benchmarks.alignment` prints them anew)."""
MOUTH = 0.5 + 0.69j
"""middle of the mouth in an aligned picture"""
WINDOW = (0.49 + 0.404j, 0.974)
"""middle and side of the detector's window in an aligned picture, medians over the same pictures"""

_FACE = "haarcascade_frontalface_alt2.xml"
_EYES = ("haarcascade_eye.xml", "haarcascade_eye_tree_eyeglasses.xml")
_VOTING_TILTS = range(-24, 25, 6)
_PATCH = 160
_FEWEST_VOTES = 10
_FEWEST_EYE_VOTES = 4
_FEWEST_WITHOUT_EYES = 150
_MOST_CANDIDATES = 8
_MIDDLE = 0.5 + 0.5j


@dataclass(frozen=True)
class Square:
    """A square, possibly rolled, in a photo; places are complex numbers, x to the right and y down."""

    middle: complex
    """its middle, in pixels of the photo"""
    edge: complex
    """its upper edge from left to right, in pixels of the photo: the modulus is the side, the phase the roll"""

    @property
    def side(self) -> float:
        """Length of the edges, in pixels of the photo."""
        return abs(self.edge)

    def place(self, points: Points | complex) -> Any:
        """Return where `points`, in units of the square's side from its upper left corner, lie in the photo."""
        return self.middle + self.edge * (points - _MIDDLE)

    def rolled(self, degrees: float) -> Square:
        """Return this square rolled clockwise."""
        return replace(self, edge=self.edge * cmath.rect(1, math.radians(degrees)))

    def part(self, middle: complex, side: float) -> Square:
        """Return the square whose middle and side are given in units of this one."""
        return Square(self.place(middle), self.edge * side)


@dataclass(frozen=True)
class Aligned:
    """A face cut out of a photo as the training set's faces are."""

    picture: Image.Image
    """RGB"""
    square: Square
    """the part of the photo that the picture shows"""
    notes: tuple[str, ...]
    """keys of sentences that the visitor should read: `faces.several_faces`, `faces.face_at_the_edge`"""


def align(photo: Image.Image, size: int = 64) -> Aligned:
    """Find the largest face of a photo and cut it out upright, the eyes at 0.29 and the mouth at 0.69 of the height.

    The windows that a Haar cascade accepts near a face, over shifts, sizes and rolls, vote on its place, and those of
    the eyes likewise; the two are averaged.

    Args:
        photo: RGB, of any size.
        size: side of the picture that is cut out, in pixels.

    Raises:
        UserError: no face, or one smaller than `SMALLEST_FACE` pixels.

    Source: Viola and Jones, "Rapid object detection using a boosted cascade of simple features", 2001.
    """
    grey = photo.convert("L")
    faces = _find_faces(grey)
    if not faces:
        raise UserError("faces.no_face")
    square = max(faces, key=lambda face: face.side)
    if square.side < SMALLEST_FACE:
        raise UserError("faces.face_too_small", found=round(square.side), least=SMALLEST_FACE)
    notes: tuple[str, ...] = ("faces.several_faces",) if len(faces) > 1 else ()
    if _share_outside(photo, square) > 0.05:
        notes += ("faces.face_at_the_edge",)
    return Aligned(cut(photo, square, size), square, notes)


def cut(photo: Image.Image, square: Square, pixels: int, oversampling: int = 4) -> Image.Image:
    """Return a square of a photo as a picture; what lies outside the photo continues its edge.

    Args:
        photo: of any mode whose pixels can be averaged.
        square: the part to cut out.
        pixels: side of the returned picture.
        oversampling: samples per pixel and direction, averaged by a Lanczos filter where it is above 1.
    """
    corners = square.place(np.array([0, 1, 1j, 1 + 1j]))
    # Two pixels more than the corners need, for the filter.
    left, top = math.floor(corners.real.min()) - 2, math.floor(corners.imag.min()) - 2
    right, bottom = math.ceil(corners.real.max()) + 2, math.ceil(corners.imag.max()) + 2
    rows = np.arange(top, bottom).clip(0, photo.height - 1)
    columns = np.arange(left, right).clip(0, photo.width - 1)
    inside = photo.crop((int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1))
    region = Image.fromarray(np.asarray(inside)[rows - rows[0]][:, columns - columns[0]])
    samples = pixels * oversampling
    factor = max(1, int(square.side / samples))
    region = region.reduce(factor)
    corner = (corners[0] - left - top * 1j) / factor
    step = square.edge / samples / factor
    region = region.transform(
        (samples, samples),
        Image.Transform.AFFINE,
        (step.real, -step.imag, corner.real, step.imag, step.real, corner.imag),
        Image.Resampling.BICUBIC if oversampling > 1 else Image.Resampling.BILINEAR,
    )
    return region.resize((pixels, pixels), Image.Resampling.LANCZOS)


def _share_outside(photo: Image.Image, square: Square) -> float:
    steps = (np.arange(32) + 0.5) / 32
    places = square.place(steps[:, None] * 1j + steps)
    inside = (places.real >= 0) & (places.real < photo.width) & (places.imag >= 0) & (places.imag < photo.height)
    return 1 - float(inside.mean())


def _find_faces(grey: Image.Image) -> list[Square]:
    """Return the squares of the aligned pictures of the larger faces of a photo."""
    cascade = _cascade(_FACE)
    factor = max(1, max(grey.size) // 1280)
    small = grey.reduce(factor)
    # A border of the edge's colours, since a face may fill the photo.
    side = 1.15 * max(small.size)
    whole = Square(complex(small.width, small.height) / 2, side)
    # Each search is slower than those before it, and needed by fewer photos.
    for most_pixels, tilts, neighbours, step in (
        (640, (0,), 2, 1.1),
        (640, (-20, 20), 2, 1.1),
        (640, (-12, 0, 12), 1, 1.05),
        (1280, (0,), 2, 1.1),
    ):
        pixels = min(most_pixels, round(side))
        windows = [
            window
            for tilt in tilts
            for window in _windows(small, whole.rolled(tilt), pixels, cascade, (24, pixels), neighbours, step)
        ]
        faces: list[Square] = []
        for window in sorted(windows, key=lambda window: -window.side)[:_MOST_CANDIDATES]:
            face = _refined(grey, Square(window.middle * factor, window.edge * factor), cascade)
            if face and not any(abs(face.middle - other.middle) < other.side / 2 for other in faces):
                faces.append(face)
        if faces:
            return faces
    return []


def _refined(grey: Image.Image, window: Square, cascade: CascadeClassifier) -> Square | None:
    """Return the square of the aligned picture for a window of the face detector, or None where there is no face."""
    voted, votes = _voted(grey, window, cascade)
    if votes < _FEWEST_VOTES:
        return None
    voted, votes = _voted(grey, voted, cascade)
    middle, side = WINDOW
    square = voted.part(_MIDDLE + (_MIDDLE - middle) / side, 1 / side)
    eyes = _find_eyes(grey, square)
    if min(map(len, eyes)) < _FEWEST_EYE_VOTES:
        # With sunglasses on, the face must be the clearer.
        return square if votes + sum(map(len, eyes)) >= _FEWEST_WITHOUT_EYES else None
    # Half way to where the eyes are: half of a scale with a roll is its square root.
    left, right = (complex(places.mean()) for places in eyes)
    expected = [square.place(eye) for eye in EYES]
    turn = cmath.sqrt((right - left) / (expected[1] - expected[0]))
    pivot = sum(expected) / 2
    return Square((pivot + (left + right) / 2) / 2 + turn * (square.middle - pivot), turn * square.edge)


def _voted(grey: Image.Image, window: Square, cascade: CascadeClassifier) -> tuple[Square, int]:
    """Return the mean of all windows that are accepted around `window`, and their number."""
    around = window.part(_MIDDLE, 1.7)
    sides = (round(0.7 * _PATCH / 1.7), round(1.35 * _PATCH / 1.7))
    votes = [
        vote for tilt in _VOTING_TILTS for vote in _windows(grey, around.rolled(tilt), _PATCH, cascade, sides, 0, 1.05)
    ]
    if not votes:
        return window, 0
    edge = cmath.exp(complex(np.mean([cmath.log(vote.edge) for vote in votes])))
    return Square(complex(np.mean([vote.middle for vote in votes])), edge), len(votes)


def _find_eyes(grey: Image.Image, square: Square) -> list[Points]:
    """Return the middles of all windows that are accepted around the left and around the right eye, in the photo."""
    sides = (round(0.15 * _PATCH), round(0.4 * _PATCH))
    windows = [window for name in _EYES for window in _windows(grey, square, _PATCH, _cascade(name), sides, 0, 1.05)]
    middles = np.array([window.middle for window in windows], dtype=np.complex128)
    return [middles[abs(middles - square.place(eye)) < 0.12 * square.side] for eye in EYES]


def _cascade(name: str) -> CascadeClassifier:
    # A classifier serves one thread only, and reads in 30 ms: each call has its own.
    from cv2 import CascadeClassifier
    from cv2.data import haarcascades

    return CascadeClassifier(haarcascades + name)


def _windows(
    grey: Image.Image,
    look: Square,
    pixels: int,
    cascade: CascadeClassifier,
    sides: tuple[int, int],
    neighbours: int,
    step: float,
) -> list[Square]:
    """Return the windows that a cascade accepts in a square of a photo.

    Args:
        grey: the photo in shades of grey.
        look: the square to search.
        pixels: side to which the square is scaled for the search.
        cascade: the detector.
        sides: smallest and largest window, in those pixels.
        neighbours: windows that must agree to be returned as one; 0 returns every window.
        step: factor from one size of windows to the next.
    """
    patch = np.asarray(cut(grey, look, pixels, oversampling=1))
    boxes = cascade.detectMultiScale(patch, step, neighbours, minSize=(sides[0],) * 2, maxSize=(sides[1],) * 2)
    return [
        look.part(complex(left + side / 2, top + side / 2) / pixels, float(side) / pixels)
        for left, top, side, _ in boxes
    ]
