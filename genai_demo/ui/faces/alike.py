"""What the faces tab does to find faces like one: plain functions, without components."""

from __future__ import annotations

from typing import NamedTuple

from genai_demo.errors import UserError
from genai_demo.faces.requests import FaceRequest
from genai_demo.faces.results import Face
from genai_demo.faces.sampling import generation
from genai_demo.ui.faces.handlers import Steered, exchanged, painters

FOUND = 7
"""faces that a search finds; with the one that they are like, they fill two rows"""


class Likeness(NamedTuple):
    """Faces that look like one."""

    of: FaceRequest
    """the one, with its labels as the model has them"""
    shown: tuple[FaceRequest, ...]
    """the one, and those that are like it, the nearest first"""


def likeness(steered: Steered) -> Likeness:
    """Return faces of the same model that look like the one that is steered.

    Raises:
        UserError: the model or the encoder cannot be used.
    """
    from genai_demo.faces.sampling.search import alike

    return Likeness(steered.request, (steered.source, *alike(steered.face, FOUND)))


def painted(likeness: Likeness) -> list[Face]:
    """Return the faces that are shown."""
    return generation.paint(list(likeness.shown), painters())


def opened(likeness: Likeness, steered: Steered, place: object) -> Steered:
    """Return one of the faces that are shown in the place of the one that is steered, which undoing brings back.

    Raises:
        UserError: there is no such place.
    """
    if not isinstance(place, int) or isinstance(place, bool) or not 0 <= place < len(likeness.shown):
        most = len(likeness.shown) - 1
        raise UserError("engine.out_of_range_whole", name="face", value=place, low=0, high=most)
    return exchanged(steered, likeness.shown[place])
