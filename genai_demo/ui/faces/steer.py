"""The panel that steers one face: its sliders, its steps back, and how near the closest training face is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr
from gradio.components import Component

from genai_demo.errors import UserError
from genai_demo.faces.requests import NUDGES
from genai_demo.ui import cards
from genai_demo.ui.faces import alike as faces_alike
from genai_demo.ui.faces import cards as faces_cards
from genai_demo.ui.faces import handlers
from genai_demo.ui.faces.alike import Likeness
from genai_demo.ui.faces.files import portrait_file
from genai_demo.ui.faces.handlers import Steered
from genai_demo.ui.faces.sliders import WORK, Sliders, face_sliders, live
from genai_demo.ui.forms import new_seed, notice_place, parcel, run_script, small_button
from genai_demo.ui.languages import Texts, text


@dataclass(frozen=True)
class Steer:
    """The components of the panel."""

    portrait: gr.HTML
    nearest: gr.HTML
    notice: gr.HTML
    undo: gr.Button
    nudge: gr.Button
    add: gr.Button
    sliders: Sliders
    steered: gr.State
    alike: gr.HTML
    """faces that look like one, as buttons"""

    @property
    def outputs(self) -> list[Component]:
        """What every step changes, in the order of `shown`."""
        return [self.notice, self.steered, self.portrait, self.nearest, self.undo, self.nudge]


def steer_panel(texts: Texts) -> Steer:
    """Build the panel."""
    steered = gr.State(None)
    with gr.Column(elem_classes="steer", elem_id="faces-steer"):
        with gr.Row(elem_classes="steer-head"):
            texts.make(gr.HTML, {"value": _heading})
            close = small_button(texts, "faces_close", "faces-close")
        with gr.Row(elem_classes="steer-face"):
            portrait = gr.HTML("", elem_id="faces-portrait", elem_classes="paper")
            with gr.Column(elem_classes="steer-actions"):
                undo = small_button(texts, "faces_undo", "faces-undo", interactive=False)
                reset = small_button(texts, "faces_reset", "faces-reset")
                nudge = small_button(texts, "faces_nudge", "faces-nudge")
                save = small_button(texts, "faces_download", "faces-download")
                search = small_button(texts, "faces_alike", "faces-search")
                add = small_button(texts, "faces_add", "faces-add")
                notice = notice_place(texts, "faces-steer-notice")
        sliders = face_sliders(texts, "faces-steer")
        nearest = gr.HTML("", elem_id="faces-nearest", elem_classes="paper")
        alike = gr.HTML(
            "",
            elem_id="faces-alike",
            elem_classes="paper",
            js_on_load="genaiFaces.alike(element, () => trigger('pick', {place: genaiFaces.place}))",
        )
    panel = Steer(portrait, nearest, notice, undo, nudge, add, sliders, steered, alike)
    run_script(close, "genaiFaces.close()")
    parcel(save.click, lambda steered: portrait_file(steered.face), [steered], **WORK)
    _connect(panel, reset, texts)
    _connect_search(panel, search, texts)
    return panel


def _heading(language: str) -> str:
    return f'<h2 id="faces-steer-heading" tabindex="-1">{escape(text("faces_steer", language))}</h2>'


def shown(steered: Steered, language: str) -> tuple[Any, ...]:
    """Return what `Steer.outputs` show of a face."""
    return (
        "",
        steered,
        faces_cards.portrait(steered.face, language),
        faces_cards.nearest(handlers.nearness(steered.face), language),
        gr.update(interactive=bool(steered.past)),
        gr.update(interactive=len(steered.request.nudges) < NUDGES),
    )


def _connect(panel: Steer, reset: gr.Button, texts: Texts) -> None:
    language = texts.language
    places = [*panel.outputs, *panel.sliders.all]

    def move(language: str, steered: Steered | None, *values: float) -> tuple[Any, ...]:
        """Repaint the face as its sliders stand."""
        try:
            after = handlers.moved(steered, values, handlers.now()) if steered else None
        except UserError as error:
            return cards.notice(handlers.sentence(error, language)), *[gr.skip()] * (len(panel.outputs) - 1)
        if steered is None or after is None or after is steered:
            return (gr.skip(),) * len(panel.outputs)
        return shown(after, language)

    def step(change: Callable[[Steered], Steered]) -> Callable[..., tuple[Any, ...]]:
        def stepped(language: str, steered: Steered | None) -> tuple[Any, ...]:
            if steered is None:
                return (gr.skip(),) * len(places)
            after = change(steered)
            return *shown(after, language), *panel.sliders.updates(after.request, language)

        return stepped

    gr.on(
        panel.sliders.moves, move, [language, panel.steered, *panel.sliders.all], panel.outputs, **live(panel.portrait)
    )
    for button, change in (
        (panel.undo, handlers.undone),
        (reset, handlers.reset),
        (panel.nudge, lambda steered: handlers.nudged(steered, new_seed())),
    ):
        button.click(step(change), [language, panel.steered], places, **live(panel.portrait))

    def redraw(language: str, steered: Steered | None) -> tuple[Any, ...]:
        """Show the panel in `language`."""
        if steered is None:
            return (gr.skip(),) * (2 + len(panel.sliders.directions))
        return (
            faces_cards.portrait(steered.face, language),
            faces_cards.nearest(handlers.nearness(steered.face), language),
            *panel.sliders.names(steered.request.model, language),
        )

    language.input(
        redraw,
        [language, panel.steered],
        [panel.portrait, panel.nearest, *panel.sliders.directions],
        **live(panel.portrait),
    )


def _connect_search(panel: Steer, search: gr.Button, texts: Texts) -> None:
    language = texts.language
    found = gr.State(None)
    steering = [*panel.outputs, *panel.sliders.all]

    def look(language: str, steered: Steered | None) -> Iterator[tuple[Any, ...]]:
        """Find faces like the one that is steered."""
        if steered is None:
            yield (gr.skip(),) * 3
            return
        yield "", gr.skip(), faces_cards.searching(language)
        try:
            likeness = faces_alike.likeness(steered)
        except UserError as error:
            yield cards.notice(handlers.sentence(error, language)), None, ""
            return
        yield "", likeness, faces_cards.alike(likeness.of, faces_alike.painted(likeness), language)

    def redraw(language: str, likeness: Likeness | None) -> object:
        """Show what was found in `language`."""
        return faces_cards.alike(likeness.of, faces_alike.painted(likeness), language) if likeness else gr.skip()

    def pick(language: str, likeness: Likeness | None, event: gr.EventData) -> tuple[Any, ...]:
        """Open the face that was clicked."""
        if likeness is None:
            return (gr.skip(),) * len(steering)
        try:
            steered = faces_alike.opened(likeness, event.place)
        except UserError as error:
            return cards.notice(handlers.sentence(error, language)), *[gr.skip()] * (len(steering) - 1)
        return *shown(steered, language), *panel.sliders.updates(steered.request, language)

    search.click(look, [language, panel.steered], [panel.notice, found, panel.alike], **live(panel.alike))
    panel.alike.pick(pick, [language, found], steering, **live(panel.portrait))
    language.input(redraw, [language, found], panel.alike, **live(panel.alike))
