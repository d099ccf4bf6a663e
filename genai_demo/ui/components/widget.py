"""What every widget is: HTML that the server draws, with a script in the page that answers to the visitor."""

from __future__ import annotations

from abc import ABCMeta
from pathlib import Path
from typing import Any, ClassVar

import gradio as gr
from gradio.component_meta import ComponentMeta

_FOLDER = Path(__file__).parent


class _NoStubs(ComponentMeta):
    """Makes classes as Python does: Gradio would write a stub of each into the checkout."""

    def __new__(mcs, name: str, bases: tuple[type, ...], attributes: dict[str, Any]) -> Any:
        return ABCMeta.__new__(mcs, name, bases, attributes)


class Widget(gr.HTML, metaclass=_NoStubs):
    """An element with a script, whose `trigger("name", data)` is the event `name` here.

    The script sees `element`, `trigger` and `watch`, and nothing of other widgets; what events of the page may call it
    hands to `genaiDemo.offer`.
    """

    parts: ClassVar[tuple[str, ...]] = ()
    """files in this folder: scripts, which share their names, and the style sheets of the same names"""

    def __init__(self, value: str = "", **properties: Any) -> None:
        script = "\n".join((_FOLDER / f"{part}.js").read_text(encoding="utf-8") for part in self.parts)
        super().__init__(value, **{"elem_classes": "paper", "js_on_load": script, **properties})

    @classmethod
    def styles(cls) -> list[Path]:
        """Return its style sheets."""
        return [sheet for part in cls.parts if (sheet := _FOLDER / f"{part}.css").exists()]

    def function(self, name: str) -> str:
        """Return how an event's script names a function that the widget's script offers."""
        return f"genaiDemo.widget('{self.elem_id}').{name}"


def sent(event: gr.EventData) -> dict[str, Any]:
    """Return what a widget's script sent with an event; nothing of it is trusted."""
    return event._data or {}
