"""The morph: two to six faces that turn into one another, round and round."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from genai_demo.errors import UserError
from genai_demo.faces.requests import FORMATS, SECONDS, STATIONS, FaceRequest, MorphRequest
from genai_demo.faces.sampling import generation
from genai_demo.faces.sampling.morph import KINDS, morph
from genai_demo.ui import cards
from genai_demo.ui.faces import cards as faces_cards
from genai_demo.ui.faces import handlers
from genai_demo.ui.faces.gallery import GalleryPage
from genai_demo.ui.faces.handlers import Steered
from genai_demo.ui.faces.sliders import FILMING, live
from genai_demo.ui.forms import PRIVATE, new_seed, notice_place, run_script, small_button
from genai_demo.ui.languages import Texts, choices, text

Strip = tuple[FaceRequest, ...]


@dataclass(frozen=True)
class MorphPage:
    """The components of the page."""

    notice: gr.HTML
    strip: gr.HTML
    faces: gr.State
    """the chosen faces"""
    seconds: gr.Slider
    format: gr.Radio
    run: gr.Button
    stop: gr.Button
    save: gr.Button
    film: gr.HTML
    instead: gr.State
    """key of what is said in the place of the film; "" when it plays"""


def morph_page(texts: Texts, gallery: GalleryPage) -> MorphPage:
    """Build the page; faces come to it from the gallery's panel."""
    default = MorphRequest()
    with gr.Column(elem_id="faces-morph"):
        strip = texts.make(
            gr.HTML,
            {"value": lambda language: faces_cards.strip((), language)},
            switched=False,
            elem_id="faces-strip",
            elem_classes="paper",
            js_on_load="genaiFaces.strip(element, (edit) => trigger('edit', edit))",
        )
        with gr.Row(elem_classes="page"):
            with gr.Column(elem_classes="fields"):
                choose = texts.make(gr.Button, {"value": "faces_choose"}, elem_id="faces-choose", size="md")
                seconds = texts.make(
                    gr.Slider,
                    {"label": "faces_seconds", "info": "faces_seconds_info"},
                    minimum=SECONDS[0],
                    maximum=SECONDS[1],
                    value=default.seconds,
                    step=0.1,
                    elem_id="faces-seconds",
                    buttons=[],
                )
                kind = texts.make(
                    gr.Radio,
                    {"label": "faces_format", "choices": choices("faces_format", FORMATS)},
                    value=default.format,
                    elem_id="faces-format",
                    elem_classes="segmented",
                )
                notice = notice_place(texts, "faces-morph-notice")
                with gr.Row(elem_classes="run-row"):
                    run = texts.make(
                        gr.Button,
                        {"value": "faces_film"},
                        variant="primary",
                        interactive=False,
                        elem_id="faces-morph-run",
                        scale=3,
                    )
                    stop = texts.make(
                        gr.Button, {"value": "stop_button"}, visible=False, elem_id="faces-morph-stop", scale=1
                    )
            with gr.Column(elem_classes="result"):
                film = texts.make(
                    gr.HTML,
                    {"value": lambda language: cards.placeholder(text("faces_film_empty", language))},
                    switched=False,
                    elem_id="faces-film",
                    elem_classes="paper",
                )
                texts.make(gr.HTML, {"value": _caption})
                save = small_button(texts, "faces_film_download", "faces-film-download", visible=False)
    page = MorphPage(notice, strip, gr.State(()), seconds, kind, run, stop, save, film, gr.State("faces_film_empty"))
    run_script(save, "genaiFaces.saveFilm('faces-film')")
    _connect_strip(page, texts, gallery, choose)
    _connect_film(page, texts)
    return page


def _caption(language: str) -> str:
    return f'<p class="machine-made" id="faces-film-caption">{escape(text("faces_film_caption", language))}</p>'


def _drawn(faces: Strip, language: str) -> tuple[Any, ...]:
    """Return what the strip shows, and whether a film can be made of it."""
    return faces_cards.strip(generation.paint(faces), language), gr.update(interactive=len(faces) >= STATIONS[0])


def _connect_strip(page: MorphPage, texts: Texts, gallery: GalleryPage, choose: gr.Button) -> None:
    language = texts.language
    places = [page.notice, page.faces, page.strip, page.run]

    def add(language: str, faces: Strip, steered: Steered | None) -> tuple[Any, ...]:
        """Add the face that is steered, and say so beside it."""
        if steered is None:
            return (gr.skip(),) * (1 + len(places))
        try:
            faces = handlers.added(faces, steered.source)
        except UserError as error:
            return cards.notice(handlers.sentence(error, language)), *[gr.skip()] * len(places)
        said = text("faces_added", language, count=len(faces), most=STATIONS[1])
        return f'<div class="notice" role="status">{escape(said)}</div>', "", faces, *_drawn(faces, language)

    def edit(language: str, faces: Strip, event: gr.EventData) -> tuple[Any, ...]:
        """Move or remove a face."""
        faces = handlers.rearranged(faces, str(event.edit), int(event.place))
        return "", faces, *_drawn(faces, language)

    def choose_some(language: str, faces: Strip, model: str) -> tuple[Any, ...]:
        """Fill the strip with faces that nobody chose."""
        model = handlers.models_of(model)[0]
        if problem := generation.problem(model):
            return cards.notice(handlers.sentence(problem, language)), *[gr.skip()] * (len(places) - 1)
        faces = handlers.chosen(model, new_seed())
        return "", faces, *_drawn(faces, language)

    def redraw(language: str, faces: Strip) -> tuple[Any, ...]:
        """Show the strip in `language`."""
        return _drawn(faces, language)

    gallery.steer.add.click(
        add, [language, page.faces, gallery.steer.steered], [gallery.steer.notice, *places], **live(page.strip)
    )
    page.strip.edit(edit, [language, page.faces], places, **live(page.strip))
    choose.click(choose_some, [language, page.faces, gallery.model], places, **live(page.strip))
    language.input(redraw, [language, page.faces], [page.strip, page.run], **live(page.strip))


def _connect_film(page: MorphPage, texts: Texts) -> None:
    language = texts.language
    allowed = gr.Textbox(visible="hidden", show_label=False)

    def begin(language: str, faces: Strip, seconds: float, kind: str) -> tuple[Any, ...]:
        """Refuse what is not allowed; otherwise show that the film is in the making."""
        request = MorphRequest(faces, seconds, kind)
        try:
            request.check()
            if problem := generation.problem(faces[0].model):
                raise problem
        except UserError as error:
            return cards.notice(handlers.sentence(error, language)), *[gr.skip()] * 6
        return (
            "",
            gr.update(value=text("faces_filming", language), interactive=False),
            gr.update(visible=True),
            gr.update(visible=False),
            cards.placeholder(text("waiting", language)),
            "waiting",
            secrets.token_hex(8),
        )

    def shoot(language: str, faces: Strip, seconds: float, kind: str) -> Iterator[tuple[Any, ...]]:
        """Show how far the film has come, and then the film."""
        with closing(morph(MorphRequest(faces, seconds, kind))) as films:
            for film in films:
                if film.content:
                    yield faces_cards.film(KINDS[kind], film.content), "", gr.update(visible=True)
                else:
                    yield faces_cards.progress(film.done, film.total, language), gr.skip(), gr.skip()

    def settle(language: str, faces: Strip, instead: str) -> tuple[Any, ...]:
        """Offer the button again; a film that did not become complete was stopped."""
        button, stop = (
            gr.update(value=text("faces_film", language), interactive=len(faces) >= STATIONS[0]),
            gr.update(visible=False),
        )
        if instead != "waiting":
            return button, stop, gr.skip(), gr.skip()
        return button, stop, cards.placeholder(text("faces_film_stopped", language)), "faces_film_stopped"

    def redraw(language: str, instead: str) -> Any:
        """Show what is said in the place of the film in `language`."""
        return cards.placeholder(text(instead, language)) if instead else gr.skip()

    inputs = [language, page.faces, page.seconds, page.format]
    page.run.click(
        begin,
        inputs,
        [page.notice, page.run, page.stop, page.save, page.film, page.instead, allowed],
        js="(...values) => { genaiDemo.reveal('faces-film'); return values; }",
        **PRIVATE,
    )
    # Only what is allowed changes this field, and so only that gets into the queue.
    filming = allowed.change(
        shoot, inputs, [page.film, page.instead, page.save], show_progress="hidden", api_visibility="private", **FILMING
    )
    filming.then(
        settle,
        [language, page.faces, page.instead],
        [page.run, page.stop, page.film, page.instead],
        **PRIVATE,
    )
    # Ends the event above at its next yield.
    page.stop.click(None, cancels=filming, api_visibility="private")
    language.input(redraw, [language, page.instead], page.film, **PRIVATE)
