"""A visitor's own photo, rebuilt by the VAE and edited; the page's script sends it, so that no file is written."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import gradio as gr
from gradio.components import Component

from genai_demo.errors import UserError
from genai_demo.faces.data.pictures import MOST_BYTES
from genai_demo.faces.requests import FaceRequest
from genai_demo.ui import cards
from genai_demo.ui.components.address import page_address
from genai_demo.ui.components.photo import Photo, photo
from genai_demo.ui.faces import cards as faces_cards
from genai_demo.ui.faces import upload as faces_upload
from genai_demo.ui.faces.sliders import WORK, Sliders, face_sliders, live, say_failure
from genai_demo.ui.faces.upload import Code
from genai_demo.ui.files import fitting
from genai_demo.ui.forms import PRIVATE, Updates, notice_place, parcel, refusing, small_button
from genai_demo.ui.languages import Texts, sentence, text

_KEPT = 30 * 60
"""seconds for which the code of an idle visitor's photo is kept"""


def photo_page(texts: Texts) -> None:
    """Build the page."""
    code = gr.State(None, time_to_live=_KEPT)
    page_address("faces", "photo")
    with gr.Row(elem_classes="page", elem_id="faces-photo"):
        with gr.Column(elem_classes="fields"):
            most = fitting(MOST_BYTES)
            wrong = UserError("faces.too_many_bytes", most=most // 2**20)
            intake = photo(texts, "faces-intake", "faces_photo", most, wrong.in_language)
            notice = notice_place(texts, "faces-photo-notice")
        with gr.Column(elem_classes="result"):
            with gr.Row(elem_classes="side-by-side"):
                aligned = _frame(texts, "faces_photo_original", "faces-original")
                rebuilt = _frame(texts, "faces_photo_rebuilt", "faces-rebuilt")
            texts.make(gr.HTML, {"value": _note})
            with gr.Row(elem_classes="photo-actions"):
                reset = small_button(texts, "faces_reset", "faces-photo-reset", interactive=False)
                save = small_button(texts, "faces_download", "faces-photo-download", interactive=False)
                forget = small_button(texts, "faces_forget", "faces-forget", interactive=False)
        with gr.Column(elem_classes="extras", elem_id="faces-photo-sliders"):
            sliders = face_sliders(texts, "faces-photo")
    buttons = [reset, save, forget]

    def pack(language: str, code: Code | None, *values: float) -> str:
        return faces_upload.edited_file(faces_upload.here(code), values)

    parcel(save.click, pack, [texts.language, code, *sliders.all], notice, "faces", **WORK)
    _connect(texts, intake, notice, sliders, code, aligned, rebuilt, buttons)


def _note(language: str) -> str:
    return f'<p class="machine-made">{escape(text("faces_photo_note", language))}</p>'


def _frame(texts: Texts, key: str, elem_id: str) -> gr.HTML:
    caption = f"{elem_id}-caption"
    with gr.Column(elem_classes="framed"):
        frame = gr.HTML(faces_cards.framed(None, caption), elem_id=elem_id, elem_classes="paper")
        texts.make(
            gr.HTML,
            {"value": lambda language: f'<p class="hint" id="{caption}">{escape(text(key, language))}</p>'},
        )
    return frame


def _connect(
    texts: Texts,
    intake: Photo,
    notice: gr.HTML,
    sliders: Sliders,
    code: gr.State,
    aligned: gr.HTML,
    rebuilt: gr.HTML,
    buttons: list[gr.Button],
) -> None:
    language = texts.language
    places: list[Component] = [notice, code, aligned, rebuilt, *sliders.all, *buttons]

    def show(code: Code, values: Sequence[float]) -> Updates:
        picture = faces_upload.edited(code, values)
        return {notice: "", rebuilt: faces_cards.framed(picture, "faces-rebuilt-caption")}

    @refusing(notice, "faces")
    def read(language: str, event: gr.EventData) -> Updates:
        """Show the face of a photo beside what the VAE makes of it."""
        cut, code_, notes = faces_upload.read_photo(event.content)
        said = " ".join(sentence(UserError(note), language, "faces") for note in notes)
        return {
            **show(code_, code_.start),
            notice: cards.notice(said) if said else "",
            code: code_,
            aligned: faces_cards.framed(cut, "faces-original-caption"),
            **at_start(code_, language),
            **dict.fromkeys(buttons, gr.update(interactive=True)),
        }

    @refusing(notice, "faces")
    def edit(language: str, code: Code | None, *values: float) -> Updates:
        """Repaint the face as the sliders stand."""
        return show(faces_upload.here(code), values)

    @refusing(notice, "faces")
    def restart(language: str, code: Code | None) -> Updates:
        """Take all edits back."""
        code = faces_upload.here(code)
        return {**show(code, code.start), **at_start(code, language)}

    def at_start(code: Code, language: str) -> Updates:
        """Return what puts the sliders where they are when nothing was moved."""
        age, woman, smile, *directions = code.start
        return sliders.updates(FaceRequest("vae", 0, 0, 1.0, age, woman, smile, tuple(directions)), language)

    def forget() -> Updates:
        """Leave nothing of the photo."""
        empty = faces_cards.framed(None, "")
        gone = {notice: "", code: None, aligned: empty, rebuilt: empty}
        return {**gone, **dict.fromkeys(buttons, gr.update(interactive=False))}

    def rename(language: str, code: Code | None) -> Updates:
        """Show the sliders' names in `language`."""
        return sliders.names("vae", language) if code else gr.skip()

    reset, _, forget_button = buttons
    reading = intake.chosen(read, language, places, **live(rebuilt))
    reading.then(None, None, None, js=f"() => {intake.function('read')}()", api_visibility="private")
    say_failure(reading, notice, language, f"{intake.function('read')}()")
    editing = gr.on(sliders.moves, edit, [language, code, *sliders.all], [notice, rebuilt], **live(rebuilt))
    resetting = reset.click(restart, [language, code], [notice, rebuilt, *sliders.all], **live(rebuilt))
    forget_button.click(forget, None, places, **PRIVATE)
    renaming = language.input(rename, [language, code], list(sliders.directions), **live(rebuilt))
    for event in (editing, resetting, renaming):
        say_failure(event, notice, language)
