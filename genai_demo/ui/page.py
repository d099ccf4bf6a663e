"""The page: heading, switches, and one tab per kind of thing that can be made."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from genai_demo.ui.faces.tab import faces_tab
from genai_demo.ui.languages import Texts, gradio_phrases, script_json, text
from genai_demo.ui.music.tab import music_tab
from genai_demo.ui.text import handlers as text_handlers
from genai_demo.ui.text.open import follow_links
from genai_demo.ui.text.panel import PRIVATE, Panel
from genai_demo.ui.text.tab import news_tab

STATIC = Path(__file__).parent / "static"
_SCRIPTS = (
    "page.js",
    "faces.js",
    "music_roll.js",
    "music_score.js",
    "music_player.js",
    "music_choice.js",
    "music.js",
    "music_piano.js",
)


def build() -> tuple[gr.Blocks, Texts]:
    """Build the page and return it with its texts."""
    with gr.Blocks(title=text("title", "en"), analytics_enabled=False, fill_width=True) as page:
        texts = Texts()
        with gr.Row(elem_id="masthead"):
            texts.make(gr.HTML, {"value": _heading}, elem_id="heading")
            with gr.Row(elem_id="switches"):
                texts.language.render()
                theme = texts.make(
                    gr.Button, {"value": "theme_button"}, size="sm", elem_id="theme", elem_classes="quiet"
                )
        with gr.Tabs(elem_id="rooms", elem_classes="rooms"):
            with texts.make(gr.Tab, {"label": "tab_news"}, id="news", elem_id="tab-news", render_children=True):
                panels = news_tab(texts)
            faces_tab(texts)
            music_tab(texts, page)
        texts.language.input(
            texts.updates,
            texts.language,
            texts.components,
            js="(language) => { genaiDemo.setLanguage(language); return [language]; }",
            **PRIVATE,
        )
        theme.click(None, None, None, js="() => genaiDemo.toggleTheme()", api_visibility="private")
        _watch_models(page, texts, panels)
        follow_links(page, texts, panels[0])
    return page, texts


def head() -> str:
    """Return what the page's <head> needs besides Gradio's own."""
    frame, *scripts = ((STATIC / name).read_text(encoding="utf-8") for name in ("frame.css", *_SCRIPTS))
    phrases = script_json(gradio_phrases())
    return f'<style>{frame}</style><script id="gradio-phrases" type="application/json">{phrases}</script>' + "".join(
        f"<script>{script}</script>" for script in scripts
    )


def _heading(language: str) -> str:
    return (
        f"<h1>{escape(text('title', language))}</h1><p>{escape(text('tagline', language))}</p>"
        f'<div id="announcements" class="for-screen-readers" role="status" aria-live="polite" '
        f'data-ready="{escape(text("announce_ready", language))}"></div>'
    )


def _watch_models(page: gr.Blocks, texts: Texts, panels: list[Panel]) -> None:
    """Show on each panel whether its model can be used, when the page opens and when the answer may change."""

    def problems(language: str, model: str, *before: str) -> list[Any]:
        """Return a notice, and whether the button works, for each panel, which showed the notices `before`."""
        updates: list[Any] = []
        for panel, former in zip(panels, before, strict=True):
            sentence = text_handlers.problem_notice(model if panel.action == "generate" else "masked", language)
            # A button that does not work because its panel is busy stays as it is.
            updates += [sentence, gr.update(interactive=not sentence) if sentence or former else gr.skip()]
        return updates

    model = panels[0].controls["model"]
    assert isinstance(model, gr.Radio)
    gr.on(
        [page.load, texts.language.input, model.change],
        problems,
        [texts.language, model, *(panel.problem for panel in panels)],
        [component for panel in panels for component in (panel.problem, panel.run)],
        **PRIVATE,
    )
