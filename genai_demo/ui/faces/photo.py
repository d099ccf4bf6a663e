"""A visitor's own photo, rebuilt by the VAE and edited; the page's script sends it, so that no file is written."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr
from gradio.components import Component

from genai_demo.errors import UserError
from genai_demo.faces.data.pictures import MOST_BYTES
from genai_demo.faces.requests import FaceRequest
from genai_demo.ui import cards
from genai_demo.ui.faces import cards as faces_cards
from genai_demo.ui.faces import handlers
from genai_demo.ui.faces import upload as faces_upload
from genai_demo.ui.faces.sliders import WORK, Sliders, face_sliders, live
from genai_demo.ui.faces.upload import Code
from genai_demo.ui.forms import PRIVATE, notice_place, parcel, small_button
from genai_demo.ui.languages import Texts, text

_KEPT = 30 * 60
"""seconds for which the code of an idle visitor's photo is kept"""


def photo_page(texts: Texts) -> None:
    """Build the page."""
    code = gr.State(None, time_to_live=_KEPT)
    with gr.Row(elem_classes="page", elem_id="faces-photo"):
        with gr.Column(elem_classes="fields"):
            intake = texts.make(
                gr.HTML,
                {"value": _intake},
                elem_id="faces-intake",
                elem_classes="paper",
                js_on_load="genaiFaces.photo(element, (content) => trigger('photo', {content}))",
            )
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
    parcel(
        save.click,
        lambda code, *values: faces_upload.edited_file(code, values) if code else "",
        [code, *sliders.all],
        **WORK,
    )
    _connect(texts, intake, notice, sliders, code, aligned, rebuilt, buttons)


def _intake(language: str) -> str:
    intro, kept, drop = (escape(text(f"faces_photo_{key}", language)) for key in ("intro", "kept", "drop"))
    buttons = {
        name: f'<button type="button" data-take="{name}">{escape(text(f"faces_photo_{name}", language))}</button>'
        for name in ("choose", "camera", "snap", "cancel")
    }
    said = {
        "too-large": handlers.sentence(UserError("faces.too_many_bytes", most=MOST_BYTES // 2**20), language),
        "no-camera": text("faces_photo_no_camera", language),
        "reading": text("faces_photo_reading", language),
    }
    data = "".join(f' data-{name}="{escape(words)}"' for name, words in said.items())
    return (
        f'<p class="intro">{intro}</p>'
        f'<div class="drop" data-most="{MOST_BYTES}"{data}>'
        f'<div class="ways">{buttons["choose"]}{buttons["camera"]}</div>'
        f'<p class="hint">{drop}</p><input type="file" accept="image/*" hidden></div>'
        f'<div class="camera"><video playsinline muted></video><div class="ways">{buttons["snap"]}{buttons["cancel"]}'
        f'</div></div><p class="hint">{kept}</p><p class="file-said" role="status"></p>'
    )


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
    intake: gr.HTML,
    notice: gr.HTML,
    sliders: Sliders,
    code: gr.State,
    aligned: gr.HTML,
    rebuilt: gr.HTML,
    buttons: list[gr.Button],
) -> None:
    language = texts.language
    places: list[Component] = [notice, code, aligned, rebuilt, *sliders.all, *buttons]

    def show(picture: Any) -> str:
        return faces_cards.framed(picture, "faces-rebuilt-caption")

    def read(language: str, event: gr.EventData) -> tuple[Any, ...]:
        """Show the face of a photo beside what the VAE makes of it, or say why it cannot be used."""
        try:
            aligned, code, notes = faces_upload.read_photo(event.content)
            rebuilt = show(faces_upload.edited(code, code.start))
        except UserError as error:
            return cards.notice(handlers.sentence(error, language)), *[gr.skip()] * (len(places) - 1)
        said = " ".join(handlers.sentence(UserError(note), language) for note in notes)
        return (
            cards.notice(said) if said else "",
            code,
            faces_cards.framed(aligned, "faces-original-caption"),
            rebuilt,
            *_at(code.start, sliders, language),
            *[gr.update(interactive=True)] * len(buttons),
        )

    def edit(language: str, code: Code | None, *values: float) -> tuple[Any, ...]:
        """Repaint the face as the sliders stand."""
        if code is None:
            return cards.notice(text("faces_photo_gone", language)), gr.skip()
        try:
            return "", show(faces_upload.edited(code, values))
        except UserError as error:
            return cards.notice(handlers.sentence(error, language)), gr.skip()

    def restart(language: str, code: Code | None) -> tuple[Any, ...]:
        """Take all edits back."""
        if code is None:
            return cards.notice(text("faces_photo_gone", language)), *[gr.skip()] * (1 + len(sliders.all))
        return "", show(faces_upload.edited(code, code.start)), *_at(code.start, sliders, language)

    def missing(language: str, code: Code | None) -> str:
        """Say that the photo's time is up, if it is."""
        return cards.notice(text("faces_photo_gone", language)) if code is None else ""

    def forget() -> tuple[Any, ...]:
        """Leave nothing of the photo."""
        return (
            "",
            None,
            faces_cards.framed(None, ""),
            faces_cards.framed(None, ""),
            *[gr.skip()] * len(sliders.all),
            *[gr.update(interactive=False)] * len(buttons),
        )

    def rename(language: str, code: Code | None) -> list[Any]:
        """Show the sliders' names in `language`."""
        return sliders.names("vae", language) if code else [gr.skip()] * len(sliders.directions)

    reset, save, forget_button = buttons
    reading = intake.photo(read, language, places, **live(rebuilt))
    reading.then(None, None, None, js="() => genaiFiles.read('faces-intake')", api_visibility="private")
    gr.on(sliders.moves, edit, [language, code, *sliders.all], [notice, rebuilt], **live(rebuilt))
    save.click(missing, [language, code], notice, **PRIVATE)
    reset.click(restart, [language, code], [notice, rebuilt, *sliders.all], **live(rebuilt))
    forget_button.click(forget, None, places, **PRIVATE)
    language.input(rename, [language, code], list(sliders.directions), **live(rebuilt))


def _at(values: tuple[float, ...], sliders: Sliders, language: str) -> list[Any]:
    """Return what puts the sliders to `values`, with the names of the VAE's directions."""
    age, woman, smile, *directions = values
    return sliders.updates(FaceRequest("vae", 0, 0, 1.0, age, woman, smile, tuple(directions)), language)
