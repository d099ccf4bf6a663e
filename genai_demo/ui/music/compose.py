"""The page of the piano tab that asks for new pieces: presets, settings, and the seed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import gradio as gr

from genai_demo.music.requests import (
    BARS,
    MOST_GIVEN_BARS,
    TEMPERATURE,
    TEMPO,
    TIME_SIGNATURES,
    TOP_P,
    VARIANTS,
    ComposeRequest,
)
from genai_demo.music.results import key_name
from genai_demo.music.theory.genres import GENRES
from genai_demo.music.theory.texture import ANY, DENSITIES, REGISTERS, STYLES
from genai_demo.music.tokens.piece_string import KEY_BY_NAME
from genai_demo.ui.components.address import Address, page_address
from genai_demo.ui.forms import PRIVATE, Form, chip, hint, small_heading
from genai_demo.ui.languages import Texts, choices, text
from genai_demo.ui.runner import Buttons, run_buttons

PRESETS: dict[str, dict[str, Any]] = {
    "nocturne": {
        "genre": "nocturne",
        "bars": 16,
        "key": "Db_major",
        "metre": "6/8",
        "tempo": 66,
        "density": "medium",
        "register": "middle",
        "style": "romantic",
    },
    "waltz": {
        "genre": "waltz",
        "bars": 16,
        "key": "Ab_major",
        "metre": "3/4",
        "tempo": 168,
        "density": "sparse",
        "register": "middle",
        "style": "dance",
    },
    "mazurka": {
        "genre": "mazurka",
        "bars": 16,
        "key": "A_minor",
        "metre": "3/4",
        "tempo": 138,
        "density": "sparse",
        "register": "middle",
        "style": "romantic",
    },
    "march": {
        "genre": "march",
        "bars": 16,
        "key": "Bb_major",
        "metre": "4/4",
        "tempo": 116,
        "density": "sparse",
        "register": "middle",
        "style": "classical",
    },
    "minuet": {
        "genre": "minuet",
        "bars": 16,
        "key": "G_major",
        "metre": "3/4",
        "tempo": 116,
        "density": "sparse",
        "register": "high",
        "style": "baroque",
    },
    "polonaise": {
        "genre": "polonaise",
        "bars": 16,
        "key": "A_major",
        "metre": "3/4",
        "tempo": 92,
        "density": "dense",
        "register": "middle",
        "style": "dance",
    },
    "etude": {
        "genre": "etude",
        "bars": 16,
        "key": "C_minor",
        "metre": "4/4",
        "tempo": 138,
        "density": "dense",
        "register": "middle",
        "style": "romantic",
    },
    "lullaby": {
        "genre": "lullaby",
        "bars": 8,
        "key": "F_major",
        "metre": "6/8",
        "tempo": 60,
        "density": "sparse",
        "register": "high",
        "style": "song",
    },
}
"""settings of a piece of its name"""
_BEGIN = "genaiDemo.widget('music-desk')?.asked(); document.getElementById('music-stop')?.click()"
"""what a preset does at once: it says that it was heard, and ends what is being written"""


@dataclass(frozen=True)
class ComposePage:
    """The components of the page."""

    form: Form[ComposeRequest]
    address: Address
    model: gr.Radio
    buttons: Buttons
    notice: gr.HTML
    """why a request was refused"""
    problem: gr.HTML
    """why the model cannot be used"""


def compose_page(texts: Texts, models: tuple[str, ...]) -> ComposePage:
    """Build the page; `models` are those that write from nothing and are here."""
    form = Form(texts, ComposeRequest(model=models[0]), "music", "music")
    address = page_address("music", "compose")
    problem = gr.HTML("", elem_id="music-problem", elem_classes="message")
    chips = _chips(texts)
    model = form.choice("model", models, visible=len(models) > 1)
    with gr.Row(elem_classes="slider-pair"):
        form.slider("bars", BARS, 4)
        form.slider("tempo", TEMPO, 1)
    hint(texts, "music_bars_limit", low=BARS[0], high=BARS[1], most=MOST_GIVEN_BARS)
    with gr.Row(elem_classes="field-pair"):
        form.dropdown("genre", _genres)
        form.dropdown("key", _keys)
        form.dropdown("style", choices("music_style", (ANY, *STYLES)))
    form.choice("metre", lambda _: [(metre, metre) for metre in TIME_SIGNATURES])
    form.choice("density", (ANY, *DENSITIES))
    form.choice("register", (ANY, *REGISTERS))
    buttons = run_buttons(texts, "music", "music_compose", "music_composing", scales=(None, None))
    notice = gr.HTML("", elem_id="music-notice", elem_classes="message")
    with texts.make(gr.Accordion, {"label": "more_settings"}, open=False, elem_id="music-settings"):
        form.slider("variants", VARIANTS, 1)
        form.slider("temperature", TEMPERATURE, 0.05)
        with gr.Column(visible=form.default.model == "composer") as token_by_token:
            form.slider("top_p", TOP_P, 0.01)
        form.seed()
    # A GAN draws whole bars and has no choices to leave out.
    genre = form.controls["genre"]
    model.change(
        lambda model, genre: (gr.update(visible=model == "composer"), genre if model == "composer" else ANY),
        [model, genre],
        [token_by_token, genre],
        **PRIVATE,
    )
    for name, button in chips.items():
        preset = PRESETS[name] | {"model": models[0]} | ({} if models[0] == "composer" else {"genre": ANY})
        # In the browser, so that it is composed what they see.
        script = f"() => {{ {_BEGIN}; return {json.dumps(list(preset.values()))}; }}"
        controls = [form.controls[field] for field in preset]
        pressed = button.click(None, None, controls, js=script, api_visibility="private")
        pressed.then(None, None, None, js="() => genaiDemo.press('music-run')", api_visibility="private")
    return ComposePage(form, address, model, buttons, notice, problem)


def _chips(texts: Texts) -> dict[str, gr.Button]:
    """Build the presets: each sets the fields and composes."""
    small_heading(texts, "music_presets")
    with gr.Row(elem_classes="chips"):
        return {name: chip(texts, f"music_preset_{name}", f"music-preset-{name}") for name in PRESETS}


def _genres(language: str) -> list[tuple[str, str]]:
    return [(text("music_genre_any", language), ANY), *choices("music_preset", GENRES)(language)]


def _keys(language: str) -> list[tuple[str, str]]:
    return [(text("music_key_any", language) if key == ANY else key_name(key, language), key) for key in KEY_BY_NAME]
