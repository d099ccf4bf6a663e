"""The piano tab: compose, give it music of your own, open a piece again; all of it comes to one library."""

from __future__ import annotations

import gradio as gr

from genai_demo.ui.languages import Texts
from genai_demo.ui.music import api as music_api
from genai_demo.ui.music import handlers
from genai_demo.ui.music.compose import compose_page
from genai_demo.ui.music.open import open_page
from genai_demo.ui.music.own_music import own_music_page
from genai_demo.ui.music.panel import connect, library_panel
from genai_demo.ui.training.panel import train_page
from genai_demo.ui.training.using import used_models


def build(texts: Texts, page: gr.Blocks) -> None:
    """Build the tab, unless no model that composes is here."""
    models = handlers.composers_here()
    if not models:
        return
    with texts.make(gr.Tab, {"label": "music_tab"}, id="music", elem_id="tab-music", render_children=True):
        used = used_models(texts, "music", "music", {"": "compose"})
        with gr.Row(elem_classes="page", elem_id="music-page"):
            with gr.Column(elem_classes="fields"), gr.Tabs(elem_id="music-pages", elem_classes="pages"):
                with _page(texts, "compose"):
                    compose = compose_page(texts, models)
                with _page(texts, "given"):
                    given = own_music_page(texts)
                with _page(texts, "open"):
                    opening = open_page(texts)
                training = train_page(texts, "music", "music", usable=True)
            with gr.Column(elem_classes="result"):
                panel = library_panel(texts)
        used.connect(training, texts, dict.fromkeys(models, compose.model))
        connect(panel, compose, texts, page)
        given.connect(panel, texts)
        opening.connect(panel, compose, texts, used)
        music_api.register()


def _page(texts: Texts, name: str) -> gr.Tab:
    return texts.make(
        gr.Tab, {"label": f"music_tab_{name}"}, id=name, elem_id=f"tab-music-{name}", render_children=True
    )
