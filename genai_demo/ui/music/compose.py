"""The page of the piano tab that asks for new pieces: presets, settings, and the seed."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Any

import gradio as gr
from gradio.components import Component

from genai_demo.music.requests import (
    BARS,
    TEMPERATURE,
    TEMPO,
    TIME_SIGNATURES,
    TOP_P,
    VARIANTS,
    ComposeRequest,
)
from genai_demo.music.theory.texture import ANY, DENSITIES, REGISTERS, STYLES
from genai_demo.music.tokens.piece_string import KEY_BY_NAME
from genai_demo.ui.forms import PRIVATE, seed_controls, small_heading
from genai_demo.ui.languages import Text, Texts, choices, text
from genai_demo.ui.music.cards import key_name

PRESETS: dict[str, dict[str, Any]] = {
    "nocturne": {
        "bars": 16,
        "key": "Db_major",
        "metre": "6/8",
        "tempo": 66,
        "density": "medium",
        "register": "middle",
        "style": "romantic",
    },
    "waltz": {
        "bars": 16,
        "key": "Ab_major",
        "metre": "3/4",
        "tempo": 168,
        "density": "sparse",
        "register": "middle",
        "style": "dance",
    },
    "mazurka": {
        "bars": 16,
        "key": "A_minor",
        "metre": "3/4",
        "tempo": 138,
        "density": "sparse",
        "register": "middle",
        "style": "romantic",
    },
    "march": {
        "bars": 16,
        "key": "Bb_major",
        "metre": "4/4",
        "tempo": 116,
        "density": "medium",
        "register": "middle",
        "style": "classical",
    },
    "minuet": {
        "bars": 16,
        "key": "G_major",
        "metre": "3/4",
        "tempo": 116,
        "density": "sparse",
        "register": "high",
        "style": "baroque",
    },
    "polonaise": {
        "bars": 16,
        "key": "A_major",
        "metre": "3/4",
        "tempo": 92,
        "density": "dense",
        "register": "middle",
        "style": "dance",
    },
    "etude": {
        "bars": 16,
        "key": "C_minor",
        "metre": "4/4",
        "tempo": 138,
        "density": "dense",
        "register": "middle",
        "style": "romantic",
    },
    "lullaby": {
        "bars": 8,
        "key": "F_major",
        "metre": "6/8",
        "tempo": 60,
        "density": "sparse",
        "register": "high",
        "style": "song",
    },
}
"""settings that make a piece of its name likely"""


@dataclass(frozen=True)
class ComposePanel:
    """The components of the page."""

    controls: dict[str, Component]
    """one per field of `ComposeRequest`"""
    fresh: gr.Checkbox
    run: gr.Button
    stop: gr.Button
    notice: gr.HTML
    """why a request was refused"""
    problem: gr.HTML
    """why the model cannot be used"""

    @property
    def inputs(self) -> list[Component]:
        """The controls in the order of the request's fields."""
        return [self.controls[field.name] for field in fields(ComposeRequest)]


def compose_page(texts: Texts, models: tuple[str, ...]) -> ComposePanel:
    """Build the page; `models` are those that write from nothing and are here."""
    default = ComposeRequest(model=models[0])
    controls: dict[str, Component] = {}
    problem = gr.HTML("", elem_id="music-problem", elem_classes="message")
    chips = _chips(texts)
    controls["model"] = texts.make(
        gr.Radio,
        {"label": "music_model", "info": "music_model_info", "choices": choices("music_model", models)},
        value=default.model,
        visible=len(models) > 1,
        elem_id="music-model",
        elem_classes="segmented",
    )
    with gr.Row(elem_classes="slider-pair"):
        controls["bars"] = _slider(texts, "bars", BARS, 4, default.bars)
        controls["tempo"] = _slider(texts, "tempo", TEMPO, 1, default.tempo)
    with gr.Row(elem_classes="field-pair"):
        controls["key"] = texts.make(
            gr.Dropdown,
            {"label": "music_key", "choices": _keys},
            value=default.key,
            elem_id="music-key",
            filterable=False,
        )
        controls["style"] = _dropdown(texts, "style", (ANY, *STYLES), default.style)
    controls["metre"] = texts.make(
        gr.Radio,
        {"label": "music_metre", "choices": lambda _: [(metre, metre) for metre in TIME_SIGNATURES]},
        value=default.metre,
        elem_id="music-metre",
        elem_classes="segmented",
    )
    controls["density"] = _choice(texts, "density", (ANY, *DENSITIES), default.density)
    controls["register"] = _choice(texts, "register", (ANY, *REGISTERS), default.register)
    with gr.Row(elem_classes="run-row"):
        run = texts.make(gr.Button, {"value": "music_compose"}, switched=False, variant="primary", elem_id="music-run")
        stop = texts.make(gr.Button, {"value": "stop_button"}, visible=False, elem_id="music-stop")
    notice = gr.HTML("", elem_id="music-notice", elem_classes="message")
    with texts.make(gr.Accordion, {"label": "more_settings"}, open=False, elem_id="music-settings"):
        controls["variants"] = _slider(texts, "variants", VARIANTS, 1, default.variants)
        controls["temperature"] = _slider(texts, "temperature", TEMPERATURE, 0.05, default.temperature)
        with gr.Column(visible=default.model == "composer") as token_by_token:
            controls["top_p"] = _slider(texts, "top_p", TOP_P, 0.01, default.top_p)
        controls["seed"], fresh = seed_controls(texts, "music")
    # A GAN draws whole bars and has no choices to leave out.
    model = controls["model"]
    assert isinstance(model, gr.Radio)
    model.change(lambda model: gr.update(visible=model == "composer"), model, token_by_token, **PRIVATE)
    for name, chip in chips.items():
        preset = PRESETS[name]
        # In the browser, so that whoever presses the next button at once gets what they see.
        script = f"() => {json.dumps(list(preset.values()))}"
        chip.click(None, None, [controls[field] for field in preset], js=script, api_visibility="private")
    return ComposePanel(controls, fresh, run, stop, notice, problem)


def _chips(texts: Texts) -> dict[str, gr.Button]:
    """Build the presets: each only sets the fields."""
    small_heading(texts, "music_presets")
    with gr.Row(elem_classes="chips"):
        return {
            name: texts.make(
                gr.Button,
                {"value": f"music_preset_{name}"},
                size="sm",
                elem_classes="chip",
                elem_id=f"music-preset-{name}",
            )
            for name in PRESETS
        }


def _keys(language: str) -> list[tuple[str, str]]:
    return [(text("music_key_any", language) if key == ANY else key_name(key, language), key) for key in KEY_BY_NAME]


def _slider(texts: Texts, name: str, bounds: tuple[float, float], step: float, value: float) -> gr.Slider:
    named: dict[str, Text] = {"label": f"music_{name}"}
    if name in ("temperature", "top_p", "variants"):
        named["info"] = f"music_{name}_info"
    return texts.make(
        gr.Slider,
        named,
        minimum=bounds[0],
        maximum=bounds[1],
        step=step,
        value=value,
        elem_id=f"music-{name.replace('_', '-')}",
        buttons=[],
    )


def _choice(texts: Texts, name: str, values: tuple[str, ...], value: str) -> gr.Radio:
    return texts.make(
        gr.Radio,
        {"label": f"music_{name}", "choices": choices(f"music_{name}", values)},
        value=value,
        elem_id=f"music-{name}",
        elem_classes="segmented",
    )


def _dropdown(texts: Texts, name: str, values: tuple[str, ...], value: str) -> gr.Dropdown:
    return texts.make(
        gr.Dropdown,
        {"label": f"music_{name}", "choices": choices(f"music_{name}", values)},
        value=value,
        elem_id=f"music-{name}",
        filterable=False,
    )
