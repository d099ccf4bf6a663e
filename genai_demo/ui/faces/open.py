"""The page that opens a downloaded face or film: it is made again, compared, and can be steered on."""

from __future__ import annotations

import gradio as gr

from genai_demo.errors import UserError
from genai_demo.faces.sampling import generation
from genai_demo.faces.sampling.morph import KINDS
from genai_demo.ui import cards
from genai_demo.ui.components.address import page_address
from genai_demo.ui.components.file_drop import file_drop
from genai_demo.ui.faces import cards as faces_cards
from genai_demo.ui.faces import handlers
from genai_demo.ui.faces.files import WRONG, Opened, OpenedFilm, example, opened
from genai_demo.ui.faces.gallery import GalleryPage
from genai_demo.ui.faces.morph import MorphPage
from genai_demo.ui.faces.sliders import live, say_failure
from genai_demo.ui.files import opened_bytes, received, too_large_to_open
from genai_demo.ui.forms import Updates, link_button, notice_place, refusing, result_place, run_script
from genai_demo.ui.languages import Texts, sentence, text
from genai_demo.ui.marks import refused
from genai_demo.ui.training import in_use
from genai_demo.ui.training.using import UsedModels

_LONGEST_NAME = 100
"""characters of a file's name that an error repeats"""
_ACCEPTED = "image/*,video/mp4,.zip,.json,.txt,.svg,.mp3,.ogg,.wav,.mid,.musicxml,.pdf"
"""files that the browser offers: marks are read from any"""


def open_page(texts: Texts, gallery: GalleryPage, morph: MorphPage, used: UsedModels) -> None:
    """Build the page; settings go back to the gallery or the morph, the face to its panel, its model to `used`."""
    language = texts.language
    address = page_address("faces", "open", opened=True)
    with gr.Row(elem_classes="page", elem_id="faces-open"):
        with gr.Column(elem_classes="fields"):
            intake = file_drop(texts, "faces-open-drop", "faces_open", _ACCEPTED, opened_bytes(), too_large_to_open)
            notice = notice_place(texts, "faces-open-notice")
        with gr.Column(elem_classes="result"):
            results = result_place(texts, "faces_open_empty", "faces-open-results")
            with gr.Row(elem_classes="film-actions"):
                go_on = texts.make(gr.Button, {"value": "faces_open_steer"}, visible=False, elem_id="faces-open-steer")
                share = link_button(texts, "faces-open-link", visible=False)
    run_script(share, "genaiDemo.copyLinkOf('faces-open-results', 'faces-open-link')")
    kept = gr.State(None)
    form = gallery.form
    places = [notice, results, go_on, share, kept, *gallery.outputs, *form.outputs, *gallery.steer.all, *morph.outputs]

    def open_file(language: str, count: float, event: gr.EventData) -> Updates:
        """Make the face or the film of a file again and put its settings back."""
        try:
            content = received(event.content, opened_bytes(), *WRONG)
        except UserError as error:
            return {notice: cards.notice(sentence(error, language, "faces"))}
        try:
            found = opened(content, str(event.name)[:_LONGEST_NAME])
        except UserError as error:
            return {notice: refused(error, content, str(event.name), language, "faces")}
        receipt = (found.film if isinstance(found, OpenedFilm) else found.face).receipts[0]
        in_use.follow("faces", receipt.model)
        shown = {notice: "", results: drawn(language, found), kept: found, share: gr.update(visible=True)}
        if isinstance(found, OpenedFilm):
            return {**shown, go_on: gr.update(visible=False), **morph.restored(found.request, language)}
        restored = handlers.restored(found.face.request, int(count))
        steered = handlers.steer(generation.face_of(found.face.receipt))
        return {
            **shown,
            go_on: gr.update(visible=True),
            **gallery.painted(restored, language),
            **form.restored(restored.request),
            **gallery.steer.opened(steered, language),
        }

    def drawn(language: str, found: Opened | OpenedFilm | None) -> str:
        """Show what was found in `language`."""
        if found is None:
            return cards.placeholder(text("faces_open_empty", language))
        if isinstance(found, OpenedFilm):
            return faces_cards.film_verdict(found.marks, KINDS[found.request.format], found.film, language)
        return faces_cards.verdict(found.marks, found.face, found.picture, found.difference, language, found.example)

    @refusing(notice, "faces")
    def show_example(language: str, found: Opened | OpenedFilm | None) -> Updates:
        """Show what comes of a file, as long as there is none."""
        if found is not None:
            return gr.skip()
        return {results: drawn(language, example()), kept: example()}

    first = address.follow(show_example, [language, kept], [notice, results, kept], **live(results))
    say_failure(first, notice, language)
    opening = intake.chosen(open_file, [language, form.controls["count"]], places, **live(results))
    opening.then(None, None, None, js=f"() => {intake.function('read')}()", api_visibility="private")
    used.redraw_after(opening, texts)
    say_failure(opening, notice, language, f"{intake.function('read')}()")
    say_failure(language.input(drawn, [language, kept], results, **live(results)), notice, language)
    run_script(go_on, f"{gallery.grid.function('showSteered')}()")
