"""The best snapshot of a run as the model of the tab, for one visitor and until the page is loaded again."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from genai_demo.engine.models.checkpoint import read_checkpoint
from genai_demo.engine.runs.registry import find
from genai_demo.errors import UserError
from genai_demo.text.requests import MODELS, Request
from genai_demo.text.sampling.loading import checkpoint_folder, kind_of
from genai_demo.ui.components.training import Training
from genai_demo.ui.components.widget import sent
from genai_demo.ui.forms import PRIVATE, Updates
from genai_demo.ui.languages import Texts, spoken, text
from genai_demo.ui.text.handlers import model_of


@dataclass(frozen=True)
class OwnModel:
    """Where a page keeps which run it uses, and says so."""

    run: gr.Textbox
    """name of the run; empty for the models that ship"""
    said: gr.HTML
    back: gr.Button


def own_model(texts: Texts) -> OwnModel:
    """Build the line that says whose model is used; nothing is seen of it before there is one."""
    with gr.Row(elem_id="own-model", elem_classes="own-model"):
        run = gr.Textbox("", visible="hidden", show_label=False)
        said = gr.HTML("", visible=False, elem_id="own-model-said")
        back = texts.make(gr.Button, {"value": "own_model_back"}, size="sm", visible=False, elem_id="own-model-back")
    return OwnModel(run, said, back)


def connect(own: OwnModel, place: Training, texts: Texts) -> None:
    """Let the page "Train" put a run in the place of the models that ship, and the button undo that."""

    def use(language: str, event: gr.EventData) -> Updates:
        name = str(sent(event).get("run", ""))
        try:
            family_of(name)
        except UserError as error:
            raise spoken(error, language) from error
        return draw(language, name)

    def draw(language: str, name: str) -> Updates:
        told = ""
        if name:
            run, family = find(name), family_of(name)
            model = text(f"model_{family}", language)
            told = f'<p class="notice">{escape(text("own_model", language, title=run.title, model=model))}</p>'
        return {
            own.run: name,
            own.said: gr.update(value=told, visible=bool(name)),
            own.back: gr.update(visible=bool(name)),
        }

    def leave(language: str) -> Updates:
        return draw(language, "")

    outputs: list[Any] = [own.run, own.said, own.back]
    used = place.use(use, texts.language, outputs, **PRIVATE)
    go = "() => { genaiDemo.address.go('?tab=news&page=write'); setTimeout(genaiDemo.address.settle, 500); }"
    used.success(None, None, None, js=go, api_visibility="private")
    own.back.click(leave, texts.language, outputs, **PRIVATE)
    texts.language.input(draw, [texts.language, own.run], outputs, **PRIVATE)


def family_of(name: str) -> str:
    """Return the short name of the model that a run's best snapshot can stand in for.

    Raises:
        UserError: there is no such run, it has no snapshot, or it writes nothing.
    """
    family = kind_of(read_checkpoint(checkpoint_folder(str(find(name).folder))))
    if family not in MODELS:
        raise UserError("engine.not_one_of", name="model", value=family, allowed=", ".join(MODELS))
    return family


def model_for(name: str, request: Request) -> str | None:
    """Return the folder of a run where it does what a request asks for; None for the model that ships.

    Raises:
        UserError: the run is gone.
    """
    return str(find(name).folder) if name and family_of(name) == model_of(request) else None
