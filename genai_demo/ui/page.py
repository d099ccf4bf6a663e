"""The page: heading, switches, and one tab per kind of thing that can be made."""

from __future__ import annotations

import json
from html import escape
from importlib import import_module
from pathlib import Path

import gradio as gr

from genai_demo.catalogue import LANGUAGES, message
from genai_demo.modalities import modalities
from genai_demo.settings import settings
from genai_demo.ui.components.history import history
from genai_demo.ui.components.widget import Widget
from genai_demo.ui.forms import PRIVATE
from genai_demo.ui.languages import Texts, gradio_phrases, text
from genai_demo.ui.training import api as training_api

STATIC = Path(__file__).parent / "static"


def build() -> tuple[gr.Blocks, Texts]:
    """Build the page and return it with its texts."""
    # Gradio looks once in three years, and removes all files when it ends; `keep_tidy` removes the old ones.
    delete_cache = (10**8, settings().keep_seconds)
    with gr.Blocks(
        title=text("title", "en"), analytics_enabled=False, fill_width=True, delete_cache=delete_cache
    ) as page:
        texts = Texts()
        with gr.Row(elem_id="masthead"):
            texts.make(gr.HTML, {"value": _heading}, elem_id="heading")
            with gr.Row(elem_id="switches"):
                texts.language.render()
                # The page's script listens to these: see frame.js.
                for name in ("theme", "size"):
                    texts.make(gr.Button, {"value": f"{name}_button"}, size="sm", elem_id=name, elem_classes="quiet")
        with gr.Tabs(elem_id="rooms", elem_classes="rooms"):
            for modality in modalities().values():
                import_module(modality.tab).build(texts, page)
        training_api.register()
        history(texts)
        texts.make(gr.HTML, {"value": _foot}, elem_id="foot")
        texts.language.input(
            texts.updates,
            texts.language,
            texts.components,
            js="(language) => { genaiDemo.setLanguage(language); return [language]; }",
            **PRIVATE,
        )
        texts.open_with(page, **PRIVATE)
        page.load(None, None, None, js="() => genaiDemo.address.begin()", api_visibility="private")
    return page, texts


def sheet() -> str:
    """Return the style sheet of what surrounds the page; `styles` are those of what is in it."""
    return (STATIC / "frame.css").read_text(encoding="utf-8")


def scripts() -> dict[str, str]:
    """Return the page's scripts by file name, in the order in which they run: before Gradio's, which need them."""
    phrases = f"const gradioPhrases = {json.dumps(gradio_phrases(), ensure_ascii=False)};"
    files = ("frame.js", "page.js", "address.js")
    return {"phrases.js": phrases} | {name: (STATIC / name).read_text(encoding="utf-8") for name in files}


def styles(page: gr.Blocks) -> list[Path]:
    """Return the style sheets of the page, of the widgets in it, and of its tabs, in this order."""
    widgets = [sheet for block in page.blocks.values() if isinstance(block, Widget) for sheet in block.styles()]
    rooms = [Path(str(import_module(modality.tab).__file__)).parent for modality in modalities().values()]
    tabs = [sheet for room in rooms for sheet in sorted(room.glob("*.css"))]
    return list(dict.fromkeys([STATIC / "page.css", *widgets, *tabs]))


def _heading(language: str) -> str:
    lost = [message("gradio.connection_lost", spoken) for spoken in LANGUAGES]
    return (
        f"<h1>{escape(text('title', language))}</h1><p>{escape(text('tagline', language))}</p>"
        f'<div id="announcements" class="for-screen-readers" role="status" aria-live="polite" '
        f'data-ready="{escape(text("announce_ready", language))}" '
        f'data-link-copied="{escape(text("link_copied", language))}"></div>'
        f'<p id="connected-again" class="notice" role="status" data-lost="{escape(json.dumps(lost))}" hidden>'
        f"{escape(text('connected_again', language))}</p>"
    )


def _foot(language: str) -> str:
    hint = escape(message("api.opens_anew", language))
    names = {"how": message("lessons.link", language), "api": message("api.link", language)}
    links = "".join(
        f'<a href="{path}?lang={language}" target="_blank" title="{hint}">{escape(name)}</a>'
        for path, name in names.items()
    )
    return f"<footer>{links}</footer>"
