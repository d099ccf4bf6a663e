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
from genai_demo.ui.faces import cards as faces_cards
from genai_demo.ui.faces import handlers
from genai_demo.ui.faces.files import gallery_file
from genai_demo.ui.faces.handlers import Gallery
from genai_demo.ui.faces.sliders import WORK, live, live_slider
from genai_demo.ui.faces.steer import Steer, shown, steer_panel
from genai_demo.ui.forms import new_seed, notice_place, parcel
from genai_demo.ui.languages import Text, Texts, choices, text


@dataclass(frozen=True)
class GalleryPage:
    """The components of the page."""

    notice: gr.HTML
    model: gr.Radio
    count: gr.Slider
    gender: gr.Radio
    smile: gr.Radio
    any_age: gr.Checkbox
    age: gr.Slider
    variety: gr.Slider
    seed: gr.Number
    grid: gr.HTML
    gallery: gr.State
    """the `Gallery` that is shown"""
    steer: Steer

    @property
    def fields(self) -> list[Component]:
        """The controls in the order of `handlers.gallery_of`."""
        return [
            self.model,
            self.count,
            self.gender,
            self.smile,
            self.any_age,
            self.age,
            self.variety,
            self.seed,
        ]

    @property
    def outputs(self) -> list[Component]:
        """What painting changes, in the order of `painted`."""
        return [self.notice, self.gallery, self.grid, self.any_age]


def gallery_page(texts: Texts, tab: gr.Tab, models: tuple[str, ...]) -> GalleryPage:
    """Build the page; it is first painted when `tab` is opened."""
    default = GalleryRequest(model=models[0])
    offered = tuple(choice for choice in CHOICES if set(handlers.models_of(choice)) <= set(models))
    with gr.Row(elem_classes="page", elem_id="faces-gallery"):
        with gr.Column(elem_classes="fields"):
            notice = notice_place(texts, "faces-notice")
            model = _choice(texts, "model", offered, default.model)
            gender = _choice(texts, "gender", GENDERS, default.gender)
            smile = _choice(texts, "smile", SMILES, default.smile)
            with gr.Row(elem_classes="age-row"):
                age = live_slider(texts, {"label": "faces_age"}, AGE, 40, 1, "faces-age")
                any_age = texts.make(
                    gr.Checkbox, {"label": "faces_any_age"}, value=True, elem_id="faces-any-age", container=False
                )
            explained: dict[str, Text] = {"label": "faces_variety", "info": "faces_variety_info"}
            variety = live_slider(texts, explained, VARIETY, default.variety, 0.05, "faces-variety")
            count = live_slider(texts, {"label": "faces_count"}, COUNT, default.count, 1, "faces-count")
            with gr.Row(elem_classes="seed-row"):
                seed = texts.make(
                    gr.Number, {"label": "seed"}, value=default.seed, precision=0, elem_id="faces-seed", scale=3
                )
                fresh = texts.make(gr.Button, {"value": "new_seed"}, size="md", elem_id="faces-new-seed", scale=2)
        with gr.Column(elem_classes="result"):
            with gr.Row(elem_classes="grid-head"):
                texts.make(gr.HTML, {"value": _machine_made})
                save = texts.make(
                    gr.Button, {"value": "faces_download_all"}, size="sm", elem_id="faces-zip", elem_classes="quiet"
                )
            grid = texts.make(
                gr.HTML,
                {"value": lambda language: cards.placeholder(text("faces_painting", language))},
                switched=False,
                elem_id="faces-grid",
                elem_classes="paper",
                js_on_load="genaiFaces.grid(element, () => trigger('pick', {place: genaiFaces.place}))",
            )
        steer = steer_panel(texts)
    page = GalleryPage(notice, model, count, gender, smile, any_age, age, variety, seed, grid, gr.State(None), steer)
    parcel(save.click, lambda gallery: gallery_file(gallery.request), [page.gallery], **WORK)
    _connect(page, texts, tab, fresh)
    return page


def _choice(texts: Texts, name: str, values: tuple[str, ...], value: str) -> gr.Radio:
    return texts.make(
        gr.Radio,
        {"label": f"faces_{name}", "choices": choices(f"faces_{name}", values)},
        value=value,
        elem_id=f"faces-{name}",
        elem_classes="segmented",
    )


def _machine_made(language: str) -> str:
    return f'<p class="machine-made">{escape(text("faces_nobody", language))}</p>'


def _connect(page: GalleryPage, texts: Texts, tab: gr.Tab, fresh: gr.Button) -> None:
    language = texts.language

    def paint(language: str, before: Gallery | None, *values: Any) -> tuple[Any, ...]:
        """Paint what the fields ask for, or say what is wrong with it."""
        try:
            gallery = handlers.gallery_of(before, *values)
            return painted(gallery, language)
        except UserError as error:
            grid = gr.skip() if before else cards.placeholder(text("error_title", language))
            return cards.notice(handlers.sentence(error, language)), gr.skip(), grid, gr.skip()

    def paint_first(language: str, before: Gallery | None, *values: Any) -> tuple[Any, ...]:
        """Paint when the tab is opened, unless it was before."""
        return (gr.skip(),) * len(page.outputs) if before else paint(language, before, *values)

    def paint_fresh(language: str, before: Gallery | None, *values: Any) -> tuple[Any, ...]:
        """Paint with a seed that nobody chose."""
        seed = new_seed()
        return *paint(language, before, *values[:-1], seed), seed

    def repaint(language: str, gallery: Gallery | None) -> tuple[Any, ...]:
        """Show the faces in `language`."""
        return painted(gallery, language) if gallery else (gr.skip(),) * len(page.outputs)

    def pick(language: str, gallery: Gallery | None, event: gr.EventData) -> tuple[Any, ...]:
        """Open the face that was clicked."""
        if gallery is None:
            return (gr.skip(),) * len(steering)
        try:
            steered = handlers.picked(gallery.request, int(event.place))
        except UserError as error:
            return cards.notice(handlers.sentence(error, language)), *[gr.skip()] * (len(steering) - 1)
        return *shown(steered, language), *page.steer.sliders.updates(steered.request, language)

    steering = [*page.steer.outputs, *page.steer.sliders.all]
    inputs = [language, page.gallery, *page.fields]
    controls = [page.model.input, page.gender.input, page.smile.input, page.any_age.input, page.seed.input]
    sliders = [event for slider in (page.count, page.age, page.variety) for event in (slider.input, slider.release)]
    gr.on([*controls, *sliders], paint, inputs, page.outputs, **live(page.grid))
    tab.select(paint_first, inputs, page.outputs, **live(page.grid))
    fresh.click(paint_fresh, inputs, [*page.outputs, page.seed], **live(page.grid))
    language.input(repaint, [language, page.gallery], page.outputs, **live(page.grid))
    page.grid.pick(pick, [language, page.gallery], steering, **live(page.grid))


def painted(gallery: Gallery, language: str) -> tuple[Any, ...]:
    """Return what `GalleryPage.outputs` show of a gallery.

    Raises:
        UserError: a model cannot be used, or knows nothing of what is asked for.
    """
    started = time.perf_counter()
    faces = generation.gallery(gallery.request)
    seconds = time.perf_counter() - started
    return "", gallery, faces_cards.gallery(gallery.request, faces, seconds, language), gallery.request.age == 0
