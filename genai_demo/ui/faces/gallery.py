"""The gallery: faces of one seed, repainted while its controls move; a click on one steers it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr
from gradio.components import Component

from genai_demo.errors import UserError
from genai_demo.faces.requests import AGE, CHOICES, COUNT, GENDERS, SMILES, VARIETY, GalleryRequest
from genai_demo.faces.sampling import generation
from genai_demo.ui import cards
from genai_demo.ui.address import linked
from genai_demo.ui.components.address import Address, page_address
from genai_demo.ui.components.face_grid import FaceGrid
from genai_demo.ui.components.widget import sent
from genai_demo.ui.faces import cards as faces_cards
from genai_demo.ui.faces import handlers
from genai_demo.ui.faces.files import gallery_file
from genai_demo.ui.faces.handlers import Gallery
from genai_demo.ui.faces.sliders import WORK, live
from genai_demo.ui.faces.steer import Steer, steer_panel
from genai_demo.ui.forms import (
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
        started = time.perf_counter()
        faces = generation.gallery(gallery.request)
        grid = faces_cards.gallery(gallery.request, faces, time.perf_counter() - started, language)
        return {self.notice: "", self.shown: gallery, self.grid: grid, self.any_age: gallery.request.age == 0}


def gallery_page(texts: Texts, tab: gr.Tab, models: tuple[str, ...]) -> GalleryPage:
    """Build the page; it is first painted when `tab` is opened."""
    form = Form(texts, GalleryRequest(model=models[0]), "faces", "faces")
    address = page_address("faces", "gallery", after=PAINTED)
    with gr.Row(elem_classes="page", elem_id="faces-gallery"):
        with gr.Column(elem_classes="fields"):
            notice = notice_place(texts, "faces-notice")
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
                seed = texts.make(gr.Number, {"label": "seed"}, value=0, precision=0, elem_id="faces-seed", scale=3)
                form.controls["seed"] = seed
                fresh = texts.make(gr.Button, {"value": "new_seed"}, size="md", elem_id="faces-new-seed", scale=2)
        with gr.Column(elem_classes="result"):
            with gr.Row(elem_classes="grid-head"):
                texts.make(gr.HTML, {"value": _machine_made})
                share = link_button(texts, "faces-gallery-link", elem_classes="quiet")
                save = texts.make(
                    gr.Button, {"value": "faces_download_all"}, size="sm", elem_id="faces-zip", elem_classes="quiet"
                )
            grid = result_place(texts, "faces_painting", "faces-grid", FaceGrid)
        steer = steer_panel(texts, grid, PAINTED)
    page = GalleryPage(notice, form, address, any_age, age, grid, gr.State(None), steer)
    run_script(share, "genaiDemo.copyLinkOf('faces-grid', 'faces-gallery-link')")
    inputs = [texts.language, page.shown]
    parcel(save.click, lambda _, gallery: gallery_file(gallery.request), inputs, notice, "faces", **WORK)
    _connect(page, texts, tab, fresh)
    _connect_address(page, texts)
    return page


def _machine_made(language: str) -> str:
    return f'<p class="machine-made">{escape(text("faces_nobody", language))}</p>'


def _connect(page: GalleryPage, texts: Texts, tab: gr.Tab, fresh: gr.Button) -> None:
    language = texts.language
    seed = page.form.controls["seed"]

    def paint(language: str, before: Gallery | None, *values: Any) -> Updates:
        """Paint what the fields ask for, or say what is wrong with it."""
        try:
            return page.painted(handlers.gallery_of(before, *values), language)
        except UserError as error:
            grid = {} if before else {page.grid: cards.placeholder(text("error_title", language))}
            return {page.notice: cards.notice(sentence(error, language, "faces")), **grid}

    def paint_first(language: str, before: Gallery | None, *values: Any) -> Updates:
        """Paint when the tab is opened, unless it was before."""
        return gr.skip() if before else paint(language, before, *values)

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
    gr.on([*changes, *moves], paint, inputs, page.outputs, **live(page.grid))
    tab.select(paint_first, inputs, page.outputs, **live(page.grid))
    fresh.click(paint_fresh, inputs, [*page.outputs, seed], **live(page.grid))
    language.input(repaint, [language, page.shown], page.outputs, **live(page.grid))
    page.grid.pick(pick, [language, page.shown], page.steer.all, **live(page.grid))


def _connect_address(page: GalleryPage, texts: Texts) -> None:
    """Let an address set the fields, and show its gallery."""

    @refusing(page.notice, "faces")
    def follow(language: str, event: gr.EventData) -> Updates:
        wanted = sent(event)
        request = linked(GalleryRequest, wanted["settings"])
        if request is None:
            return gr.skip()
        gallery = Gallery(request, request.age or _USUAL_AGE)
        fields = {} if wanted.get("keep") else {**page.form.restored(request), page.age: gallery.age}
        return {**page.painted(gallery, language), **fields}

    outputs = list(dict.fromkeys([*page.outputs, *page.form.outputs, page.age]))
    page.address.follow(follow, texts.language, outputs, **live(page.grid))
