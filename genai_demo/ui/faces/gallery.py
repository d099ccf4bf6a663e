"""The gallery: faces of one seed, repainted while its controls move; a click on one steers it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr
from gradio.components import Component
from gradio.events import Dependency

from genai_demo.errors import UserError
from genai_demo.faces.requests import AGE, CHOICES, COUNT, GENDERS, SMILES, VARIETY, GalleryRequest
from genai_demo.ui import cards
from genai_demo.ui.address import linked
from genai_demo.ui.components.address import Address, page_address
from genai_demo.ui.components.face_grid import FaceGrid
from genai_demo.ui.components.widget import sent
from genai_demo.ui.faces import cards as faces_cards
from genai_demo.ui.faces import handlers
from genai_demo.ui.faces.explaining.panel import inside_panel
from genai_demo.ui.faces.files import gallery_file
from genai_demo.ui.faces.handlers import Gallery
from genai_demo.ui.faces.sliders import WORK, live, say_failure
from genai_demo.ui.faces.steer import Steer, steer_panel
from genai_demo.ui.forms import (
    PRIVATE,
    Form,
    Updates,
    link_button,
    live_slider,
    new_seed,
    notice_place,
    parcel,
    refusing,
    result_place,
    run_script,
)
from genai_demo.ui.languages import Texts, sentence, text
from genai_demo.ui.training import in_use
from genai_demo.ui.training.using import UsedModels

_USUAL_AGE = 40
"""where the slider of the age stands while no age is asked for"""
PAINTED = "#faces-grid [data-link]"
"""selector of the gallery once it was painted, which happens when the tab is opened"""


@dataclass(frozen=True)
class GalleryPage:
    """The components of the page."""

    notice: gr.HTML
    form: Form[GalleryRequest]
    address: Address
    any_age: gr.Checkbox
    age: gr.Slider
    grid: FaceGrid
    shown: gr.State
    """the `Gallery` that is shown"""
    steer: Steer

    @property
    def fields(self) -> list[Component]:
        """The controls in the order of `handlers.gallery_of`."""
        controls = self.form.controls
        model, count, gender, smile = (controls[name] for name in ("model", "count", "gender", "smile"))
        return [model, count, gender, smile, self.any_age, self.age, controls["variety"], controls["seed"]]

    @property
    def outputs(self) -> list[Component]:
        """What painting changes."""
        return [self.notice, self.shown, self.grid, self.any_age]

    def painted(self, gallery: Gallery, language: str) -> Updates:
        """Return what `outputs` show of a gallery.

        Raises:
            UserError: a model cannot be used, or knows nothing of what is asked for.
        """
        faces, seconds = handlers.painted(gallery.request)
        grid = faces_cards.gallery(gallery.request, faces, seconds, language)
        return {self.notice: "", self.shown: gallery, self.grid: grid, self.any_age: gallery.request.age == 0}


def gallery_page(texts: Texts, tab: gr.Tab, models: tuple[str, ...], used: UsedModels | None = None) -> GalleryPage:
    """Build the page; it is first painted when `tab` is opened, and `used` says whose models paint."""
    form = Form(texts, GalleryRequest(model=models[0]), "faces", "faces")
    address = page_address("faces", "gallery", after=PAINTED)
    with gr.Row(elem_classes="page", elem_id="faces-gallery"):
        with gr.Column(elem_classes="fields"):
            form.choice("model", [choice for choice in CHOICES if set(handlers.models_of(choice)) <= set(models)])
            form.choice("gender", GENDERS)
            form.choice("smile", SMILES)
            with gr.Row(elem_classes="age-row"):
                age = live_slider(texts, {"label": "faces_age"}, AGE, 1, "faces-age", value=_USUAL_AGE)
                any_age = texts.make(
                    gr.Checkbox, {"label": "faces_any_age"}, value=True, elem_id="faces-any-age", container=False
                )
            form.live_slider("variety", VARIETY, 0.05)
            form.live_slider("count", COUNT, 1)
            with gr.Row(elem_classes="seed-row"):
                named = {"label": "seed", "info": "faces_seed_info"}
                seed = texts.make(gr.Number, named, value=0, precision=0, elem_id="faces-seed", scale=3)
                form.controls["seed"] = seed
                fresh = texts.make(gr.Button, {"value": "new_seed"}, size="md", elem_id="faces-new-seed", scale=2)
            notice = notice_place(texts, "faces-notice")
        with gr.Column(elem_classes="result"):
            with gr.Row(elem_classes="grid-head"):
                texts.make(gr.HTML, {"value": _machine_made}, elem_id="faces-made")
                share = link_button(texts, "faces-gallery-link", elem_classes="quiet")
                save = texts.make(
                    gr.Button, {"value": "faces_download_all"}, size="sm", elem_id="faces-zip", elem_classes="quiet"
                )
            grid = result_place(texts, "faces_painting", "faces-grid", FaceGrid)
        steer = steer_panel(texts, grid, PAINTED, used)
        inside_panel(texts, steer.inside)
        ends = gr.HTML("", elem_id="faces-ends", elem_classes="paper")
    page = GalleryPage(notice, form, address, any_age, age, grid, gr.State(None), steer)
    run_script(share, "genaiDemo.copyLinkOf('faces-grid', 'faces-gallery-link')")

    def pack(_: str, gallery: Gallery | None) -> str:
        return gallery_file(gallery.request, handlers.painters()) if gallery else ""

    parcel(save.click, pack, [texts.language, page.shown], notice, "faces", **WORK)
    opening = _connect(page, texts, tab, fresh)
    # Seen beside sliders only, and so it may come later than the faces.
    opening.then(lambda: faces_cards.direction_ends(handlers.direction_ends(models)), None, ends, **PRIVATE)
    _connect_address(page, texts, used)
    return page


def _machine_made(language: str) -> str:
    told = f'<p class="machine-made">{escape(text("faces_nobody", language))}</p>'
    return f'{told}<p class="hint">{escape(text("faces_press_one", language))}</p>'


def _connect(page: GalleryPage, texts: Texts, tab: gr.Tab, fresh: gr.Button) -> Dependency:
    """Connect the controls and return the event that paints first."""
    language = texts.language
    seed = page.form.controls["seed"]
    other = gr.Textbox(visible="hidden", show_label=False)

    @refusing(page.notice, "faces")
    def paint(language: str, before: Gallery | None, *values: Any) -> Updates:
        """Paint what the fields ask for, or say what is wrong with it."""
        return page.painted(handlers.gallery_of(before, *values), language)

    def paint_first(language: str, before: Gallery | None, *values: Any) -> Updates:
        """Paint what everybody sees first when the tab is opened, unless something was painted or the fields differ."""
        if before:
            return gr.skip()
        first = page.form.default
        try:
            if handlers.gallery_of(None, *values).request == first:
                return page.painted(Gallery(first, _USUAL_AGE), language)
        except UserError as error:
            return {page.notice: cards.notice(sentence(error, language, "faces")), page.grid: failed(language)}
        return {other: secrets.token_hex(8)}

    def failed(language: str) -> str:
        return cards.placeholder(text("error_title", language))

    def leave(language: str, before: Gallery | None) -> Updates:
        """Wait for nothing that will not come."""
        return gr.skip() if before else {page.grid: failed(language)}

    def paint_fresh(language: str, before: Gallery | None, *values: Any) -> Updates:
        """Paint with a seed that nobody chose."""
        chosen = new_seed()
        return {**paint(language, before, *values[:-1], chosen), seed: chosen}

    def repaint(language: str, gallery: Gallery | None) -> Updates:
        """Show the faces in `language`."""
        return page.painted(gallery, language) if gallery else gr.skip()

    @refusing(page.steer.notice, "faces")
    def pick(language: str, gallery: Gallery | None, event: gr.EventData) -> Updates:
        """Open the face that was clicked."""
        if gallery is None:
            return gr.skip()
        return page.steer.opened(handlers.picked(gallery.request, int(event.place)), language)

    inputs = [language, page.shown, *page.fields]
    sliders: list[Any] = [page.form.controls["count"], page.age, page.form.controls["variety"]]
    moves = [event for slider in sliders for event in (slider.input, slider.release)]
    changes = [control.input for control in page.fields if control not in sliders]  # type: ignore[attr-defined]
    painting = gr.on([*changes, *moves], paint, inputs, page.outputs, **live(page.grid))
    # What everybody sees first is painted once, and so waits in no line; nothing else is painted by this event.
    opening = tab.select(paint_first, inputs, [*page.outputs, other], show_progress_on=page.grid, **PRIVATE)
    remembering = other.change(paint, inputs, page.outputs, **live(page.grid))
    remembering.failure(leave, [language, page.shown], page.grid, **PRIVATE)
    repainting = fresh.click(paint_fresh, inputs, [*page.outputs, seed], **live(page.grid))
    translating = language.input(repaint, [language, page.shown], page.outputs, **live(page.grid))
    for event in (opening, remembering, painting, repainting, translating):
        say_failure(event, page.notice, language)
    picking = page.grid.pick(pick, [language, page.shown], page.steer.all, **live(page.steer.portrait))
    say_failure(picking, page.steer.notice, language)
    return opening


def _connect_address(page: GalleryPage, texts: Texts, used: UsedModels | None) -> None:
    """Let an address set the fields, and show its gallery."""

    @refusing(page.notice, "faces")
    def follow(language: str, event: gr.EventData) -> Updates:
        wanted = sent(event)
        request = linked(GalleryRequest, wanted["settings"])
        if request is None:
            return gr.skip()
        in_use.leave("faces")  # a link means the models that ship
        gallery = Gallery(request, request.age or _USUAL_AGE)
        fields = {} if wanted.get("keep") else {**page.form.restored(request), page.age: gallery.age}
        return {**page.painted(gallery, language), **fields}

    outputs = list(dict.fromkeys([*page.outputs, *page.form.outputs, page.age]))
    following = page.address.follow(follow, texts.language, outputs, **live(page.grid))
    say_failure(following, page.notice, texts.language)
    if used:
        used.redraw_after(following, texts)
