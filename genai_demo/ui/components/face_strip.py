"""Faces in a row: its buttons are the event `edit`, with what to do as `edit`, and the `place`."""

from __future__ import annotations

from typing import ClassVar

from genai_demo.ui.components.widget import Widget


class FaceStrip(Widget):
    """Faces in a row, each with buttons that move and remove it."""

    parts: ClassVar[tuple[str, ...]] = ("face_strip",)
