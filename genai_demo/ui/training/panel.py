"""The page "Train" in a tab."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

import gradio as gr

from genai_demo.catalogue import message
from genai_demo.engine import zero_gpu
from genai_demo.engine.runs.limits import limits
from genai_demo.engine.runs.registry import Run
from genai_demo.errors import UserError
from genai_demo.ui.components.training import Training, training
from genai_demo.ui.languages import Texts, sentence
from genai_demo.ui.training.turns import SECONDS, take_turn


def train_page(texts: Texts, tab: str, modality: str, usable: bool = False) -> Training | None:
    """Build the page in the pages of a tab, unless training is off.

    Args:
        texts: the texts of the page.
        tab: name of the tab in addresses.
        modality: name of what it trains.
        usable: whether the tab takes a run as its model, as the event `use`.

    Returns:
        The place where runs are watched; None where training is off.
    """
    if limits().training == "off":
        return None
    named = {"label": "tab_train"}
    with texts.make(gr.Tab, named, id="train", elem_id=f"tab-{tab}-train", render_children=True):
        made = training(texts, tab, modality, usable)
        if zero_gpu.is_here():
            _turns(texts, tab)
        return made


def _turns(texts: Texts, tab: str) -> None:
    """Build what trains the run that is watched on a borrowed GPU, a turn at a time."""
    texts.make(
        gr.HTML, {"value": lambda language: f'<p class="hint">{escape(message("training.turns", language))}</p>'}
    )
    with gr.Row():
        seconds = texts.make(gr.Radio, {"label": "turn_seconds"}, choices=list(SECONDS), value=SECONDS[1])
        button = texts.make(gr.Button, {"value": "turn_button"}, elem_id=f"{tab}-turn")
    said = gr.HTML(elem_id=f"{tab}-turn-said")
    who = [gr.Textbox(visible=False) for _ in range(3)]
    watched = f"document.querySelector('.training[data-tab=\"{tab}\"]').watched"
    button.click(
        _take_turn,
        [*who, seconds, texts.language],
        said,
        js=f"(name, token, key, seconds, language) => [...({watched}?.() ?? ['', '', '']), seconds, language]",
        concurrency_id="turns",
        show_progress="hidden",
        api_visibility="private",
    )


def _about_turns(language: str) -> str:
    return f'<p class="hint">{escape(message("training.turns", language))}</p>'


def _take_turn(name: str, token: str, key: str, seconds: int, language: str) -> Iterator[str]:
    try:
        if not name:
            raise UserError("training.no_turn_run")
        for index, run in enumerate(take_turn(name, seconds, token, key)):
            yield _told(run, language, "turn_over" if index else "turn_begins")
    except UserError as error:
        yield f'<p class="notice" role="alert">{escape(sentence(error, language))}</p>'


def _told(run: Run, language: str, key: str) -> str:
    said = message(f"training.{key}", language, title=run.title, step=run.step, share=round(100 * run.fraction))
    return f'<p role="status">{escape(said)}</p>'
