"""The line that says which snapshots stand in for the models that ship; its script asks whether others do by now."""

from __future__ import annotations

from typing import ClassVar

from genai_demo.ui.components.widget import Widget


class InUse(Widget):
    """HTML of the server, whose buttons are the event `back`; `changed` says that the presenter chose otherwise."""

    parts: ClassVar[tuple[str, ...]] = ("in_use",)
