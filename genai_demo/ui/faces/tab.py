"""The faces tab: a gallery whose faces can be steered, morphs, a visitor's photo, and opening a result again."""

from __future__ import annotations

from typing import Any

import gradio as gr

from genai_demo.errors import UserError
from genai_demo.ui import cards
from genai_demo.ui.faces import api as faces_api
from genai_demo.ui.faces import handlers
from genai_demo.ui.faces.gallery import GalleryPage, gallery_page
from genai_demo.ui.faces.handlers import Gallery
from genai_demo.ui.faces.morph import MorphPage, Strip, morph_page
from genai_demo.ui.faces.open import open_page
from genai_demo.ui.faces.photo import photo_page
from genai_demo.ui.faces.sliders import live, say_failure
from genai_demo.ui.forms import Updates
from genai_demo.ui.languages import Texts, sentence
from genai_demo.ui.training.panel import train_page
from genai_demo.ui.training.using import UsedModels, used_models


def build(texts: Texts, page: gr.Blocks) -> None:
    """Build the tab, unless no model that paints is here."""
    models = handlers.models_here()
    if not models:
        return
    with texts.make(gr.Tab, {"label": "faces_tab"}, id="faces", elem_id="tab-faces", render_children=True) as tab:
        used = used_models(texts, "faces", "faces", {"": "gallery"})
        with gr.Tabs(elem_id="faces-pages", elem_classes="pages"):
            with _page(texts, "gallery"):
                gallery = gallery_page(texts, tab, models, used)
            with _page(texts, "morph"):
                morph = morph_page(texts, gallery, used)
            if "vae" in models:
                with _page(texts, "photo"):
                    photo_page(texts, used)
            with _page(texts, "open"):
                open_page(texts, gallery, morph, used)
            training = train_page(texts, "faces", "faces", usable=True)
        gallery.form.remember(page, gallery.any_age, gallery.age)
        morph.form.remember(page)
        model = gallery.form.controls["model"]
        assert isinstance(model, gr.Radio)
        used.connect(training, texts, dict.fromkeys(models, model))
        _repaint(used, gallery, morph, texts)
        faces_api.register()


def _repaint(used: UsedModels, gallery: GalleryPage, morph: MorphPage, texts: Texts) -> None:
    """Paint all anew when another model paints; the face that was steered is no longer there."""

    def paint(language: str, shown: Gallery | None, faces: Strip, *values: Any) -> Updates:
        if shown is None:  # painted when the tab is opened
            return {gallery.notice: ""}
        try:
            painted = gallery.painted(handlers.gallery_of(shown, *values), language)
            return {**painted, **(morph.drawn(faces, language) if faces else {})}
        except UserError as error:
            return {gallery.notice: cards.notice(sentence(error, language, "faces"))}

    inputs = [texts.language, gallery.shown, morph.faces, *gallery.fields]
    places = [*gallery.outputs, morph.strip, morph.buttons.run]
    painting = used.on_change(paint, inputs, places, **live(gallery.grid))
    close = f"() => {gallery.grid.function('close')}()"
    painting.then(None, None, None, js=close, api_visibility="private")
    say_failure(painting, gallery.notice, texts.language)


def _page(texts: Texts, name: str) -> gr.Tab:
    return texts.make(
        gr.Tab, {"label": f"faces_tab_{name}"}, id=name, elem_id=f"tab-faces-{name}", render_children=True
    )
