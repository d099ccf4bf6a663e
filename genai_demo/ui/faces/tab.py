"""The faces tab: a gallery whose faces can be steered, morphs, a visitor's photo, and opening a result again."""

from __future__ import annotations

import gradio as gr

from genai_demo.ui.faces import api as faces_api
from genai_demo.ui.faces import handlers
from genai_demo.ui.faces.gallery import gallery_page
from genai_demo.ui.faces.morph import morph_page
from genai_demo.ui.faces.open import open_page
from genai_demo.ui.faces.photo import photo_page
from genai_demo.ui.languages import Texts
from genai_demo.ui.training.panel import train_page


def build(texts: Texts, page: gr.Blocks) -> None:
    """Build the tab, unless no model that paints is here."""
    models = handlers.models_here()
    if not models:
        return
    with texts.make(gr.Tab, {"label": "faces_tab"}, id="faces", elem_id="tab-faces", render_children=True) as tab:
        with gr.Tabs(elem_id="faces-pages", elem_classes="pages"):
            with _page(texts, "gallery"):
                gallery = gallery_page(texts, tab, models)
            with _page(texts, "morph"):
                morph = morph_page(texts, gallery)
            if "vae" in models:
                with _page(texts, "photo"):
                    photo_page(texts)
            with _page(texts, "open"):
                open_page(texts, gallery, morph)
            train_page(texts, "faces", "faces")
        gallery.form.remember(page, gallery.any_age, gallery.age)
        morph.form.remember(page)
        faces_api.register()


def _page(texts: Texts, name: str) -> gr.Tab:
    return texts.make(
        gr.Tab, {"label": f"faces_tab_{name}"}, id=name, elem_id=f"tab-faces-{name}", render_children=True
    )
