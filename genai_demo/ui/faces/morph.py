"""The morph: two to six faces that turn into one another, round and round."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import Any

import gradio as gr
from gradio.components import Component

from genai_demo.faces.requests import FORMATS, SECONDS, STATIONS, FaceRequest, MorphRequest
from genai_demo.faces.sampling import generation
from genai_demo.faces.sampling.choosing import choose
from genai_demo.faces.sampling.morph import KINDS
from genai_demo.ui import cards
from genai_demo.ui.address import linked
from genai_demo.ui.components.address import Address, page_address
from genai_demo.ui.components.face_strip import FaceStrip
from genai_demo.ui.faces import cards as faces_cards
from genai_demo.ui.faces import handlers
from genai_demo.ui.faces.gallery import GalleryPage
from genai_demo.ui.faces.handlers import Steered
from genai_demo.ui.faces.sliders import FILMING, live, say_failure
from genai_demo.ui.forms import (
    Form,
    Updates,
    link_button,
    new_seed,
    notice_place,
    refusing,
    result_place,
    run_script,
    small_button,
)
from genai_demo.ui.languages import Texts, text
from genai_demo.ui.runner import Buttons, Runner, run_buttons
from genai_demo.ui.training import in_use
from genai_demo.ui.training.using import UsedModels

Strip = tuple[FaceRequest, ...]


@dataclass(frozen=True)
class Shot:
    """A film that is to be made."""

    request: MorphRequest
    shipped: bool = False
    """whether it is there before anybody asked for one: it waits to be played, and is made once for everybody"""


@dataclass(frozen=True)
class MorphPage:
    """The components of the page."""

    notice: gr.HTML
    form: Form[MorphRequest]
    address: Address
    strip: FaceStrip
    faces: gr.State
    """the chosen faces"""
    seconds: gr.Slider
    format: gr.Radio
    buttons: Buttons
    save: gr.Button
    share: gr.Button
    film: gr.HTML
    instead: gr.State
    """key of what is said in the place of the film; "" when it plays"""

    @property
    def outputs(self) -> list[Component]:
        """What an opened film changes."""
        return [self.faces, self.strip, self.buttons.run, self.seconds, self.format]

    def restored(self, request: MorphRequest, language: str) -> Updates:
        """Return what puts the faces and settings of a film back."""
        fields = {self.seconds: request.seconds, self.format: request.format}
        return {self.faces: request.faces, **fields, **self.drawn(request.faces, language)}

    def drawn(self, faces: Strip, language: str) -> Updates:
        """Return what the strip shows, and whether a film can be made of it."""
        usable = gr.update(interactive=len(faces) >= STATIONS[0])
        return {
            self.strip: faces_cards.strip(generation.paint(faces, handlers.painters()), language),
            self.buttons.run: usable,
        }


def morph_page(texts: Texts, gallery: GalleryPage, used: UsedModels | None = None) -> MorphPage:
    """Build the page; faces come to it from the gallery's panel, and `used` says whose models paint."""
    form = Form(texts, MorphRequest(), "faces", "faces")
    address = page_address("faces", "morph", opened=True)
    with gr.Column(elem_id="faces-morph"):
        empty = {"value": partial(faces_cards.strip, ())}
        strip = texts.make(FaceStrip, empty, switched=False, elem_id="faces-strip")
        with gr.Row(elem_classes="page"):
            with gr.Column(elem_classes="fields"):
                choose_button = texts.make(gr.Button, {"value": "faces_choose"}, elem_id="faces-choose", size="md")
                seconds = form.slider("seconds", SECONDS, 0.1)
                kind = form.choice("format", FORMATS)
                buttons = run_buttons(texts, "faces-morph", "faces_film", "faces_filming", interactive=False)
                notice = notice_place(texts, "faces-morph-notice")
            with gr.Column(elem_classes="result"):
                film = result_place(texts, "faces_film_empty", "faces-film")
                texts.make(gr.HTML, {"value": _caption})
                with gr.Row(elem_classes="film-actions"):
                    save = small_button(texts, "faces_film_download", "faces-film-download", visible=False)
                    share = link_button(texts, "faces-film-link", visible=False)
    page = MorphPage(
        notice,
        form,
        address,
        strip,
        gr.State(()),
        seconds,
        kind,
        buttons,
        save,
        share,
        film,
        gr.State("faces_film_empty"),
    )
    run_script(share, "genaiDemo.copyLinkOf('faces-film', 'faces-film-link')")
    run_script(save, "genaiDemo.saveShown('faces-film', 'morph')")
    _connect_strip(page, texts, gallery, choose_button)
    _connect_film(page, texts, gallery, used)
    return page


def _caption(language: str) -> str:
    return f'<p class="machine-made" id="faces-film-caption">{escape(text("faces_film_caption", language))}</p>'


def _connect_strip(page: MorphPage, texts: Texts, gallery: GalleryPage, choose_button: gr.Button) -> None:
    language, run = texts.language, page.buttons.run
    steer = gallery.steer
    places = [page.notice, page.faces, page.strip, run]

    @refusing(steer.notice, "faces")
    def add(language: str, faces: Strip, steered: Steered | None) -> Updates:
        """Add the face that is steered, and say so beside it."""
        if steered is None:
            return gr.skip()
        faces = handlers.added(faces, steered.source)
        said = text("faces_added", language, count=len(faces), most=STATIONS[1])
        return {steer.notice: f'<div class="notice" role="status">{escape(said)}</div>', **shown(faces, language)}

    def edit(language: str, faces: Strip, event: gr.EventData) -> Updates:
        """Move or remove a face."""
        return shown(handlers.rearranged(faces, str(event.edit), int(event.place)), language)

    @refusing(page.notice, "faces")
    def choose_some(language: str, faces: Strip, model: str) -> Updates:
        """Fill the strip with faces that nobody chose."""
        model = handlers.models_of(model)[0]
        if problem := generation.problem(model):
            raise problem
        return shown(choose(model, new_seed(), handlers.painter_of(model)), language)

    def shown(faces: Strip, language: str) -> Updates:
        return {page.notice: "", page.faces: faces, **page.drawn(faces, language)}

    def redraw(language: str, faces: Strip) -> Updates:
        """Show the strip in `language`."""
        return page.drawn(faces, language)

    asked = [language, page.faces, steer.steered]
    adding = steer.add.click(add, asked, [steer.notice, *places], **live(steer.portrait))
    say_failure(adding, steer.notice, language)
    editing = page.strip.edit(edit, [language, page.faces], places, **live(page.strip))
    model = gallery.form.controls["model"]
    choosing = choose_button.click(choose_some, [language, page.faces, model], places, **live(page.strip))
    translating = language.input(redraw, [language, page.faces], [page.strip, run], **live(page.strip))
    for event in (editing, choosing, translating):
        say_failure(event, page.notice, language)


def _connect_film(page: MorphPage, texts: Texts, gallery: GalleryPage, used: UsedModels | None) -> None:
    buttons, film, instead = page.buttons, page.film, page.instead

    def ask(language: str, _: Any, faces: Strip, seconds: float, kind: str) -> tuple[Shot, Updates]:
        request = MorphRequest(faces, seconds, kind)
        request.check()
        if problem := generation.problem(faces[0].model):
            raise problem
        return Shot(request), begun(language)

    def follow(language: str, wanted: Any, faces: Strip, model: str) -> tuple[Shot | None, Updates]:
        """Make the film of an address again, with its faces in the strip; until there is any, a first one."""
        first = bool(wanted.get("first"))
        if first and faces:
            return None, {}
        request = handlers.first_film(model) if first else linked(MorphRequest, wanted["settings"])
        if request is None:
            return None, {}
        if problem := generation.problem(request.model):
            raise problem
        if not first:
            in_use.leave("faces")  # a link means the models that ship
        return Shot(request, shipped=first), {**page.restored(request, language), **begun(language)}

    def begun(language: str) -> Updates:
        hidden = {button: gr.update(visible=False) for button in (page.save, page.share)}
        return {**hidden, **draw("waiting", language), instead: "waiting"}

    def shoot(shot: Shot, _: str, language: str) -> Iterator[Updates]:
        """Show how far the film has come, and then the film."""
        started, request = time.perf_counter(), shot.request
        with closing(handlers.filmed(request, once=shot.shipped)) as films:
            for made in films:
                if made.finished:
                    title = partial(text, "faces_film_title", count=len(request.faces))
                    data = faces_cards.remembered("morph", request, title, made.receipts[0].to_json(), made.receipts)
                    shown = faces_cards.film(KINDS[request.format], made.marked(), data, shot.shipped)
                    there = {button: gr.update(visible=True) for button in (page.save, page.share)}
                    yield {film: shown, instead: "", **there}
                else:
                    yield {film: faces_cards.progress(made.done, made.total, time.perf_counter() - started, language)}

    def settle(said: str, language: str, faces: Strip) -> Updates:
        """Say that a film which did not become complete was stopped."""
        button = gr.update(value=buttons.name(False, language), interactive=len(faces) >= STATIONS[0])
        stopped = {**draw("faces_film_stopped", language), instead: "faces_film_stopped"} if said == "waiting" else {}
        return {buttons.run: button, **stopped}

    def draw(said: str, language: str) -> Updates:
        return {film: cards.placeholder(text(said, language))} if said else {}

    runner = Runner(
        texts,
        instead,
        [film, page.save, page.share],
        stream=shoot,
        settle=settle,
        draw=draw,
        work=FILMING,
        buttons=buttons,
        context=[page.faces],
    )
    reveal = "genaiDemo.reveal('faces-film')"
    inputs = [page.faces, page.seconds, page.format]
    begins = [page.save, page.share, film, instead]
    runner.start(buttons.run.click, ask, inputs, page.notice, begins, tab="faces", script=reveal)
    asked = [page.faces, gallery.form.controls["model"]]
    following = runner.start(page.address.follow, follow, asked, page.notice, [*page.outputs, *begins], tab="faces")
    if used:
        used.redraw_after(following, texts)
