"""A visitor's own photo, rebuilt by the VAE and edited; the page's script sends it, so that no file is written."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import gradio as gr
from gradio.components import Component
from PIL import Image

from genai_demo.errors import UserError
from genai_demo.faces.data.pictures import MOST_BYTES
from genai_demo.faces.requests import FaceRequest
from genai_demo.ui import cards
from genai_demo.ui.address import linked
from genai_demo.ui.components.address import Address, page_address
from genai_demo.ui.components.photo import Photo, photo
from genai_demo.ui.components.widget import sent
from genai_demo.ui.faces import cards as faces_cards
from genai_demo.ui.faces import upload as faces_upload
from genai_demo.ui.faces.sliders import WORK, Sliders, face_sliders, live, say_failure
from genai_demo.ui.faces.upload import Code, LinkedPhoto
from genai_demo.ui.files import fitting
from genai_demo.ui.forms import (
    PRIVATE,
    Updates,
    hint,
    link_button,
    notice_place,
    parcel,
    refusing,
    run_script,
    small_button,
)
from genai_demo.ui.languages import Texts, sentence, text
from genai_demo.ui.training import in_use
from genai_demo.ui.training.using import UsedModels

_KEPT = 30 * 60
"""seconds for which the code of an idle visitor's photo is kept"""


def photo_page(texts: Texts, used: UsedModels) -> None:
    """Build the page; what a link asks for goes back to the models that ship, as `used` then says."""
    code = gr.State(None, time_to_live=_KEPT)
    address = page_address("faces", "photo", opened=True)
    with gr.Row(elem_classes="page", elem_id="faces-photo"):
        with gr.Column(elem_classes="fields"):
            most = fitting(MOST_BYTES)
            wrong = UserError("faces.too_many_bytes", most=most // 2**20)
            intake = photo(texts, "faces-intake", "faces_photo", most, wrong.in_language)
            notice = notice_place(texts, "faces-photo-notice")
        with gr.Column(elem_classes="result"):
            with gr.Row(elem_classes="side-by-side"):
                aligned, caption = _frame(texts, "faces_photo_original", "faces-original", switched=False)
                rebuilt, _ = _frame(texts, "faces_photo_rebuilt", "faces-rebuilt")
            texts.make(gr.HTML, {"value": _note})
            with gr.Row(elem_classes="photo-actions"):
                reset = small_button(texts, "faces_reset", "faces-photo-reset", interactive=False)
                save = small_button(texts, "faces_download", "faces-photo-download", interactive=False)
                share = link_button(texts, "faces-photo-link", interactive=False)
                forget = small_button(texts, "faces_forget", "faces-forget", interactive=False)
            hint(texts, "faces_photo_link")
        with gr.Column(elem_classes="extras", elem_id="faces-photo-sliders"):
            sliders = face_sliders(texts, "faces-photo")
    buttons = [reset, save, share, forget]
    run_script(share, "genaiDemo.copyLinkOf('faces-rebuilt', 'faces-photo-link')")

    def pack(language: str, code: Code | None, *values: float) -> str:
        return faces_upload.edited_file(faces_upload.here(code), values)

    parcel(save.click, pack, [texts.language, code, *sliders.all], notice, "faces", **WORK)
    _connect(texts, intake, address, notice, sliders, code, (aligned, caption), rebuilt, buttons, used)


def _note(language: str) -> str:
    return f'<p class="machine-made">{escape(text("faces_photo_note", language))}</p>'


def _frame(texts: Texts, key: str, elem_id: str, switched: bool = True) -> tuple[gr.HTML, gr.HTML]:
    """Build a frame and its caption; whether the switch of the language draws the caption, or this page does."""
    caption = f"{elem_id}-caption"
    with gr.Column(elem_classes="framed"):
        frame = gr.HTML(faces_cards.framed(None, caption), elem_id=elem_id, elem_classes="paper")
        named = {"value": lambda language: _caption(caption, key, language)}
        return frame, texts.make(gr.HTML, named, switched=switched)


def _caption(elem_id: str, key: str, language: str) -> str:
    return f'<p class="hint" id="{elem_id}">{escape(text(key, language))}</p>'


def _connect(
    texts: Texts,
    intake: Photo,
    address: Address,
    notice: gr.HTML,
    sliders: Sliders,
    code: gr.State,
    original: tuple[gr.HTML, gr.HTML],
    rebuilt: gr.HTML,
    buttons: list[gr.Button],
    used: UsedModels,
) -> None:
    language = texts.language
    aligned, caption = original
    places: list[Component] = [notice, code, aligned, caption, rebuilt, *sliders.all, *buttons]

    def show(code: Code, values: Sequence[float]) -> Updates:
        # A link to a photo's face goes nowhere by itself: neither into the address nor into the history.
        data = f' data-link="{escape(faces_upload.link_to(code, values))}" data-aside=""'
        picture = faces_upload.edited(code, values)
        return {notice: "", rebuilt: faces_cards.framed(picture, "faces-rebuilt-caption", data=data)}

    def shown(code_: Code, cut: Image.Image | None, values: Sequence[float], language: str) -> Updates:
        """Return what shows a face beside what it was made of."""
        said = "" if cut else text("faces_photo_not_linked", language)
        forgettable = gr.update(interactive=code_.origin != "example")
        return {
            **show(code_, values),
            code: code_,
            aligned: faces_cards.framed(cut, "faces-original-caption", said),
            caption: captioned(code_, language),
            **at(values, language),
            **dict.fromkeys(buttons, gr.update(interactive=True)),
            forget_button: forgettable,
        }

    def captioned(code: Code | None, language: str) -> str:
        key = "faces_photo_example" if code and code.origin == "example" else "faces_photo_original"
        return _caption("faces-original-caption", key, language)

    @refusing(notice, "faces")
    def read(language: str, event: gr.EventData) -> Updates:
        """Show the face of a photo beside what the VAE makes of it."""
        cut, code, notes = faces_upload.read_photo(event.content)
        said = " ".join(sentence(UserError(note), language, "faces") for note in notes)
        return {**shown(code, cut, code.start, language), notice: cards.notice(said) if said else ""}

    @refusing(notice, "faces")
    def follow(language: str, code: Code | None, event: gr.EventData) -> Updates:
        """Show the face that an address holds; until there is any, one that a machine painted."""
        wanted = sent(event)
        if wanted.get("first"):
            if code is not None:
                return gr.skip()
            made = faces_upload.example()
            return shown(made.code, made.aligned, made.code.start, language)
        asked = linked(LinkedPhoto, wanted["settings"])
        if asked is None:
            return gr.skip()
        in_use.leave("faces")  # a link means the models that ship
        return shown(faces_upload.from_link(asked), None, asked.values, language)

    @refusing(notice, "faces")
    def edit(language: str, code: Code | None, *values: float) -> Updates:
        """Repaint the face as the sliders stand."""
        return show(faces_upload.here(code), values)

    @refusing(notice, "faces")
    def restart(language: str, code: Code | None) -> Updates:
        """Take all edits back."""
        code = faces_upload.here(code)
        return {**show(code, code.start), **at(code.start, language)}

    def at(values: Sequence[float], language: str) -> Updates:
        """Return what puts the sliders to `values`."""
        age, woman, smile, *directions = values
        return sliders.updates(FaceRequest("vae", 0, 0, 1.0, age, woman, smile, tuple(directions)), language)

    def forget(language: str) -> Updates:
        """Leave nothing of the photo."""
        empty = faces_cards.framed(None, "")
        gone = {notice: "", code: None, aligned: empty, caption: captioned(None, language), rebuilt: empty}
        return {**gone, **dict.fromkeys(buttons, gr.update(interactive=False))}

    def rename(language: str, code: Code | None) -> Updates:
        """Show the names of the sliders and of the picture in `language`."""
        return {caption: captioned(code, language), **(sliders.names("vae", language) if code else {})}

    reset, _, _, forget_button = buttons
    reading = intake.chosen(read, language, places, **live(rebuilt))
    reading.then(None, None, None, js=f"() => {intake.function('read')}()", api_visibility="private")
    say_failure(reading, notice, language, f"{intake.function('read')}()")
    following = address.follow(follow, [language, code], places, **live(rebuilt))
    editing = gr.on(sliders.moves, edit, [language, code, *sliders.all], [notice, rebuilt], **live(rebuilt))
    resetting = reset.click(restart, [language, code], [notice, rebuilt, *sliders.all], **live(rebuilt))
    forget_button.click(forget, language, places, **PRIVATE)
    renaming = language.input(rename, [language, code], [caption, *sliders.directions], **live(rebuilt))
    used.redraw_after(following, texts)
    for event in (following, editing, resetting, renaming):
        say_failure(event, notice, language)
