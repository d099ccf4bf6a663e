"""What every tab is built from: fields, small buttons, and the places where a page says what was wrong."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import gradio as gr
from gradio.components import Component

from genai_demo.ui.languages import Texts, text

PRIVATE: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
"""What an event is that only the page needs, and that takes no time."""


def new_seed() -> int:
    """Return a seed that was not chosen by anybody."""
    return secrets.randbelow(2**31)


def seed_controls(texts: Texts, prefix: str) -> tuple[gr.Number, gr.Checkbox]:
    """Build the seed field, its button for a new one, and the choice whether every run draws one."""
    with gr.Row(elem_classes="seed-row"):
        seed = texts.make(
            gr.Number,
            {"label": "seed", "info": "seed_info"},
            value=0,
            elem_id=f"{prefix}-seed",
            scale=3,
        )
        button = texts.make(gr.Button, {"value": "new_seed"}, size="md", elem_id=f"{prefix}-new-seed", scale=2)
    fresh = texts.make(gr.Checkbox, {"label": "fresh_seed"}, value=True, elem_id=f"{prefix}-fresh", container=False)
    button.click(lambda: (new_seed(), False), None, [seed, fresh], **PRIVATE)
    seed.input(lambda: False, None, fresh, **PRIVATE)
    return seed, fresh


def small_heading(texts: Texts, key: str) -> None:
    """Build the heading of a few controls; `key` is that of its words."""
    texts.make(gr.HTML, {"value": lambda language: f'<p class="small-heading">{escape(text(key, language))}</p>'})


def notice_place(texts: Texts, elem_id: str) -> gr.HTML:
    """Build where a page says what was wrong; it is empty again when the language is switched."""
    notice = gr.HTML("", elem_id=elem_id, elem_classes="message")
    texts.language.input(lambda: "", None, notice, **PRIVATE)
    return notice


def small_button(texts: Texts, key: str, elem_id: str, **properties: Any) -> gr.Button:
    """Build a small button; `key` is that of its name."""
    return texts.make(gr.Button, {"value": key}, size="sm", elem_id=elem_id, **properties)


def run_script(button: gr.Button, script: str) -> None:
    """Let `button` do what needs no server."""
    button.click(None, None, None, js=f"() => {script}", api_visibility="private")


def parcel(
    event: Callable[..., Any],
    make: Callable[..., Any],
    inputs: Sequence[Component],
    take: str = "genaiDemo.save",
    more: Sequence[Component] = (),
    **kind: Any,
) -> None:
    """Let an event send the page's script something, such as a file to save.

    Args:
        event: the event.
        make: returns it as a string, "" for nothing; with `more`, what these show as well.
        inputs: arguments of `make`.
        take: function of the script that takes it and returns "", so that it is sent once.
        more: further outputs of `make`.
        kind: what the event is, such as its line in the queue.
    """
    field = gr.Textbox(visible="hidden", show_label=False)
    sent = event(make, inputs, [field, *more], show_progress="hidden", api_visibility="private", **kind)
    sent.then(None, field, field, js=f"(parcel) => {take}(parcel)", api_visibility="private")
