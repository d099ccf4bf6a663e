"""The panel that steers one face: its sliders, its steps back, and how near the closest training face is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

import gradio as gr
from gradio.components import Component

from genai_demo.faces.requests import NUDGES, FaceRequest
from genai_demo.ui.address import linked
from genai_demo.ui.components.address import Address, page_address
from genai_demo.ui.components.face_grid import FaceGrid
from genai_demo.ui.components.widget import sent
from genai_demo.ui.faces import alike as faces_alike
from genai_demo.ui.faces import cards as faces_cards
from genai_demo.ui.faces import handlers
from genai_demo.ui.faces.alike import Likeness
from genai_demo.ui.faces.files import portrait_file
from genai_demo.ui.faces.handlers import Steered
from genai_demo.ui.faces.sliders import WORK, Sliders, face_sliders, live, say_failure
from genai_demo.ui.forms import (
    Updates,
    link_button,
    new_seed,
    notice_place,
    parcel,
    refusing,
    run_script,
    small_button,
)
from genai_demo.ui.languages import Texts, text
from genai_demo.ui.training import in_use
from genai_demo.ui.training.using import UsedModels


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
    alike: FaceGrid
    """faces that look like one, as buttons"""
    inside: gr.Button
    """opens what the model says of the face"""

    @property
    def outputs(self) -> list[Component]:
        """What every step changes."""
        return [self.notice, self.steered, self.portrait, self.nearest, self.undo, self.nudge]

    @property
    def all(self) -> list[Component]:
        """What opening another face changes."""
        return [*self.outputs, *self.sliders.all]

    def updates(self, steered: Steered, language: str) -> Updates:
        """Return what `outputs` show of a face."""
        return {
            self.notice: "",
            self.steered: steered,
            **self.drawn(steered, language),
            self.undo: gr.update(interactive=bool(steered.past)),
            self.nudge: gr.update(interactive=len(steered.request.nudges) < NUDGES),
        }

    def drawn(self, steered: Steered, language: str) -> Updates:
        """Return a face and how near the closest training face is."""
        near = faces_cards.nearest(handlers.nearness(steered.face), language)
        return {self.portrait: faces_cards.portrait(steered.face, language), self.nearest: near}

    def opened(self, steered: Steered, language: str) -> Updates:
        """Return what `all` show of a face."""
        return {**self.updates(steered, language), **self.sliders.updates(steered.request, language)}


def steer_panel(texts: Texts, grid: FaceGrid, after: str, used: UsedModels | None = None) -> Steer:
    """Build the panel of the faces in `grid`; an address is followed once there is something that `after` selects.

    `used` says whose models paint.
    """
    steered = gr.State(None)
    address = page_address("faces", "face", after=after)
    with gr.Column(elem_classes="steer", elem_id="faces-steer"):
        with gr.Row(elem_classes="steer-head"):
            texts.make(gr.HTML, {"value": _heading})
            inside = small_button(texts, "faces_inside", "faces-inside-open")
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
                share = link_button(texts, "faces-link")
            notice = notice_place(texts, "faces-steer-notice")
        sliders = face_sliders(texts, "faces-steer")
        nearest = gr.HTML("", elem_id="faces-nearest", elem_classes="paper")
        alike = texts.make(FaceGrid, {"value": faces_cards.searching}, switched=False, elem_id="faces-alike")
    panel = Steer(portrait, nearest, notice, undo, nudge, add, sliders, steered, alike, inside)
    run_script(close, f"{grid.function('close')}()")
    run_script(share, "genaiDemo.copyLinkOf('faces-portrait', 'faces-link')")
    inputs = [texts.language, steered]
    parcel(save.click, lambda _, steered: portrait_file(steered.face), inputs, notice, "faces", **WORK)
    _connect(panel, reset, texts)
    _connect_search(panel, search, texts)
    _connect_address(panel, address, grid, texts, used)
    return panel


def _heading(language: str) -> str:
    return f'<h2 id="faces-steer-heading" tabindex="-1">{escape(text("faces_steer", language))}</h2>'


def _connect(panel: Steer, reset: gr.Button, texts: Texts) -> None:
    language = texts.language

    @refusing(panel.notice, "faces")
    def move(language: str, steered: Steered | None, *values: float) -> Updates:
        """Repaint the face as its sliders stand."""
        after = handlers.moved(steered, values, time.monotonic()) if steered else None
        return gr.skip() if after is None or after is steered else panel.updates(after, language)

    def step(change: Callable[[Steered], Steered]) -> Callable[..., Updates]:
        return lambda language, steered: panel.opened(change(steered), language) if steered else gr.skip()

    moved = [language, panel.steered, *panel.sliders.all]
    say_failure(gr.on(panel.sliders.moves, move, moved, panel.outputs, **live(panel.portrait)), panel.notice, language)
    for button, change in (
        (panel.undo, handlers.undone),
        (reset, handlers.reset),
        (panel.nudge, lambda steered: handlers.nudged(steered, new_seed())),
    ):
        stepping = button.click(step(change), [language, panel.steered], panel.all, **live(panel.portrait))
        say_failure(stepping, panel.notice, language)

    def redraw(language: str, steered: Steered | None) -> Updates:
        """Show the panel in `language`."""
        if steered is None:
            return gr.skip()
        return {**panel.drawn(steered, language), **panel.sliders.names(steered.request.model, language)}

    named = [panel.portrait, panel.nearest, *panel.sliders.directions]
    language.input(redraw, [language, panel.steered], named, **live(panel.portrait))


def _connect_search(panel: Steer, search: gr.Button, texts: Texts) -> None:
    language = texts.language
    found = gr.State(None)

    @refusing(panel.notice, "faces")
    def look(language: str, steered: Steered | None) -> Updates:
        """Find faces like the one that is steered."""
        if steered is None:
            return gr.skip()
        likeness = faces_alike.likeness(steered)
        return {panel.notice: "", found: likeness, panel.alike: drawn(likeness, language)}

    def drawn(likeness: Likeness | None, language: str) -> str:
        if likeness is None:
            return faces_cards.searching(language)
        return faces_cards.alike(likeness.of, faces_alike.painted(likeness), language)

    def redraw(language: str, likeness: Likeness | None) -> str:
        """Show what was found in `language`."""
        return drawn(likeness, language)

    @refusing(panel.notice, "faces")
    def pick(language: str, likeness: Likeness | None, steered: Steered | None, event: gr.EventData) -> Updates:
        """Open the face that was clicked."""
        if likeness is None or steered is None:
            return gr.skip()
        return panel.opened(faces_alike.opened(likeness, steered, event.place), language)

    inputs = [language, panel.steered]
    show = f"{panel.alike.function('showFound')}()"
    run_script(search, show)
    looking = search.click(look, inputs, [panel.notice, found, panel.alike], **live(panel.alike))
    looking.then(None, None, None, js=f"() => {show}", api_visibility="private")
    picking = panel.alike.pick(pick, [language, found, panel.steered], panel.all, **live(panel.portrait))
    for event in (looking, picking):
        say_failure(event, panel.notice, language)
    language.input(redraw, [language, found], panel.alike, **live(panel.alike))


def _connect_address(panel: Steer, address: Address, grid: FaceGrid, texts: Texts, used: UsedModels | None) -> None:
    """Let an address open a face."""

    @refusing(panel.notice, "faces")
    def follow(language: str, event: gr.EventData) -> Updates:
        request = linked(FaceRequest, sent(event)["settings"])
        if request is None:
            return gr.skip()
        in_use.leave("faces")  # a link means the models that ship
        return panel.opened(handlers.steer(request), language)

    opening = address.follow(follow, texts.language, panel.all, **live(panel.portrait))
    opening.then(None, None, None, js=f"() => {grid.function('showSteered')}()", api_visibility="private")
    say_failure(opening, panel.notice, texts.language)
    if used:
        used.redraw_after(opening, texts)
