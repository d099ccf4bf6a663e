"""Faces to choose among: a click on one is the event `pick`, with its `place`."""

from __future__ import annotations

from typing import ClassVar

from genai_demo.ui.components.widget import Widget


class FaceGrid(Widget):
    """Faces as buttons; the script's `close` and `showSteered` close and open the panel that steers one."""

    parts: ClassVar[tuple[str, ...]] = ("face_grid",)
