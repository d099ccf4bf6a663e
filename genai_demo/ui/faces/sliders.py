"""The sliders of the faces tab: what they show is painted anew while they move."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr
from gradio.components import Component
from gradio.events import Dependency

from genai_demo.faces.requests import AGE, DIRECTIONS, PUSH, FaceRequest
from genai_demo.ui import cards
from genai_demo.ui.faces import handlers
from genai_demo.ui.forms import PRIVATE, Updates, live_slider, small_heading
from genai_demo.ui.languages import Texts, text

WORK: dict[str, Any] = {"concurrency_id": "faces", "concurrency_limit": 2}
"""What an event is that paints: two paint at once, the others wait."""
FILMING: dict[str, Any] = {"concurrency_id": "films", "concurrency_limit": 1}
"""What an event is that paints for many seconds, in a line of its own so that nobody's slider waits for it."""
SHOWN_DIRECTIONS = 4
"""directions whose sliders need no unfolding"""


def live(shown: Component) -> dict[str, Any]:
    """Return what an event is that repaints while a control moves: of what was asked meanwhile, only the last counts.

    Args:
        shown: a component that the event changes. Gradio tells every one of them at every moment how far the event
            is, and nobody sees it; telling a single one makes a move three times as quick.
    """
    return {
        "trigger_mode": "always_last",
        "show_progress": "hidden",
        "show_progress_on": shown,
        "api_visibility": "private",
        **WORK,
    }


def say_failure(event: Dependency, notice: gr.HTML, language: gr.Radio, script: str = "") -> None:
    """Let a page say that an event was not done, such as when the queue is full or the server has gone.

    Args:
        event: what follows it as success does not.
        notice: where that is said.
        language: the page's.
        script: what the page does besides.
    """

    def say(language: str) -> str:
        return cards.notice(text("faces_not_done", language))

    js = f"(language) => {{ {script}; return language; }}" if script else None
    event.failure(say, language, notice, js=js, **PRIVATE)


@dataclass(frozen=True)
class Sliders:
    """The sliders that change a face, in the order of `handlers.positions`."""

    labels: tuple[gr.Slider, ...]
    """age, woman, smile"""
    directions: tuple[gr.Slider, ...]

    @property
    def all(self) -> list[Component]:
        """All of them."""
        return [*self.labels, *self.directions]

    @property
    def moves(self) -> list[Any]:
        """The events of a slider that moves; the last one comes when its number has been put right."""
        return [event for slider in (*self.labels, *self.directions) for event in (slider.input, slider.release)]

    def updates(self, request: FaceRequest, language: str) -> Updates:
        """Return what puts the sliders where `request` is; what its model cannot do is hidden."""
        positions, usable = handlers.positions(request), handlers.usable(request.model)
        updates = {
            slider: gr.update(value=value, visible=shown)
            for slider, value, shown in zip(self.all, positions, usable, strict=True)
        }
        for slider, named in self.names(request.model, language).items():
            updates[slider] |= named
        return updates

    def names(self, model: str, language: str) -> Updates:
        """Return what puts the names of the directions of `model` into `language`."""
        names = handlers.direction_names(model, language)
        return {slider: gr.update(label=name) for slider, name in zip(self.directions, names, strict=True)}


def face_sliders(texts: Texts, prefix: str) -> Sliders:
    """Build the sliders that change a face: its labels, and the directions that the model found by itself."""
    with gr.Row(elem_classes=["slider-pair", "thirds"]):
        labels = (
            live_slider(texts, {"label": "faces_age"}, AGE, 1, f"{prefix}-age", value=AGE[0]),
            live_slider(texts, {"label": "faces_woman"}, (0, 1), 0.05, f"{prefix}-woman", value=0.5),
            live_slider(texts, {"label": "faces_smile"}, (0, 1), 0.05, f"{prefix}-smile", value=0.5),
        )
    small_heading(texts, "faces_directions")
    with gr.Column(elem_classes="directions"):
        directions = [_direction(texts, prefix, number) for number in range(SHOWN_DIRECTIONS)]
    with (
        texts.make(gr.Accordion, {"label": "faces_more_directions"}, open=False, elem_id=f"{prefix}-more"),
        gr.Column(elem_classes="directions"),
    ):
        directions += [_direction(texts, prefix, number) for number in range(SHOWN_DIRECTIONS, DIRECTIONS)]
    return Sliders(labels, tuple(directions))


def _direction(texts: Texts, prefix: str, number: int) -> gr.Slider:
    name = partial(text, "faces_direction", number=number + 1)
    elem_id, classes = f"{prefix}-direction-{number + 1}", ["direction", f"direction-{number + 1}"]
    return live_slider(texts, {"label": name}, PUSH, 0.1, elem_id, value=0, switched=False, elem_classes=classes)
