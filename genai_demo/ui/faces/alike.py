"""What the faces tab does to find faces like one: plain functions, without components."""

from __future__ import annotations

from typing import NamedTuple

from genai_demo.errors import UserError
from genai_demo.faces.requests import FaceRequest
from genai_demo.faces.results import Face
from genai_demo.faces.sampling import generation
from genai_demo.ui.faces.handlers import Steered, steer

FOUND = 8
"""faces that a search finds"""


class Likeness(NamedTuple):
    """Faces that look like one."""

    of: FaceRequest
    """the one"""
    found: tuple[FaceRequest, ...]
    """the nearest first"""


def likeness(steered: Steered) -> Likeness:
    """Return faces of the same model that look like the one that is steered.

    Raises:
        UserError: the model or the encoder cannot be used.
    """
    from genai_demo.faces.sampling.search import alike

    return Likeness(steered.request, tuple(alike(steered.face, FOUND)))


def painted(likeness: Likeness) -> list[Face]:
    """Return the faces that were found."""
    return generation.paint(list(likeness.found))


def opened(likeness: Likeness, place: object) -> Steered:
    """Return one of the faces that were found, to be steered.

    Raises:
        UserError: there is no such place.
    """
    if not isinstance(place, int) or isinstance(place, bool) or not 0 <= place < len(likeness.found):
        most = len(likeness.found) - 1
        raise UserError("engine.out_of_range_whole", name="face", value=place, low=0, high=most)
    return steer(likeness.found[place])
