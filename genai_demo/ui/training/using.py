"""The line of a tab that says whose model is in use, and the way back to the models that ship."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from genai_demo.engine.models.checkpoint import read_checkpoint
from genai_demo.engine.runs.registry import find
from genai_demo.errors import UserError
from genai_demo.ui.components.in_use import InUse
from genai_demo.ui.components.training import Training
from genai_demo.ui.components.widget import sent
from genai_demo.ui.forms import PRIVATE, Updates
from genai_demo.ui.languages import Texts, spoken, text
from genai_demo.ui.training import in_use
from genai_demo.ui.training.in_use import Choice
from genai_demo.ui.training.offer import named


@dataclass(frozen=True)
class UsedModels:
    """Where a tab says which models it uses."""

    tab: str
    """its name in addresses"""
    modality: str
    line: InUse
    used: gr.Textbox
    """what is in use, as JSON; its event `change` is that of another model"""
    pages: Mapping[str, str]
    """by model, the page of the tab that shows what it makes; "" for all others"""

    def connect(self, place: Training | None, texts: Texts, choosers: Mapping[str, gr.Radio] | None = None) -> None:
        """Let the page "Train" put a snapshot in the place of a model, and the line undo that.

        Args:
            place: where runs are watched; None where training is off.
            texts: the texts of the page.
            choosers: by model, the control by which it is chosen.
        """
        if place is None:
            return
        known = choosers or {}
        outputs: list[Any] = [self.line, self.used]

        def use(language: str, event: gr.EventData) -> Updates:
            asked = sent(event)
            step = asked.get("step")
            try:
                kind, _ = in_use.choose(self.modality, str(asked.get("run", "")), step if _is_whole(step) else None)
            except UserError as error:
                raise spoken(error, language) from error
            chosen = {known[kind]: kind} if kind in known else {}
            return {**draw(language, self.pages.get(kind, self.pages.get("", ""))), **chosen}

        def draw(language: str, going: str = "") -> Updates:
            found = in_use.tell(self.modality)
            told = {kind: (one.run, one.step) for kind, one in sorted(found.items())}
            return {self.line: drawn(self.modality, language, going), self.used: json.dumps(told) if told else ""}

        def leave(language: str) -> Updates:
            in_use.leave(self.modality)
            return draw(language)

        using = place.use(use, texts.language, [*outputs, *dict.fromkeys(known.values())], **PRIVATE)
        go = self.line.function("go")
        using.success(None, None, None, js=f"() => {go}()", api_visibility="private")
        self.line.back(leave, texts.language, outputs, **PRIVATE)
        for event in (self.line.changed, texts.language.input):
            event(draw, texts.language, outputs, **PRIVATE)
        texts.at_opening(draw, [], outputs)

    def redraw_after(self, event: Any, texts: Texts) -> None:
        """Say what is in use after an event that may have gone back to the models that ship."""
        event.then(lambda language: drawn(self.modality, language), texts.language, self.line, **PRIVATE)

    def on_change(self, handler: Callable[..., Any], *where: Any, **kind: Any) -> Any:
        """Do something when another model is in use."""
        return self.used.change(handler, *where, **kind)


def used_models(texts: Texts, tab: str, modality: str, pages: Mapping[str, str]) -> UsedModels:
    """Build the line of a tab; nothing is seen of it before a snapshot is in use.

    Args:
        texts: the texts of the page.
        tab: its name in addresses.
        modality: what it makes.
        pages: as in `UsedModels`.
    """
    value = {"value": lambda language: drawn(modality, language)}
    line = texts.make(InUse, value, switched=False, elem_id=f"{tab}-in-use", elem_classes=["paper", "in-use-place"])
    return UsedModels(tab, modality, line, gr.Textbox("", visible="hidden", show_label=False), pages)


def drawn(modality: str, language: str, going: str = "") -> str:
    """Return what a tab says of the models that it uses.

    Args:
        modality: of the tab.
        language: of the sentences.
        going: page of the tab that the visitor is to be led to.
    """
    found = in_use.tell(modality)
    lines = [f"<p>{escape(_told(modality, one, language))}</p>" for _, one in sorted(found.items())]
    buttons = ""
    if found:
        back = escape(text("in_use_back", language))
        buttons = f'<button type="button" data-do="back">{back}</button>'
    if in_use.version(modality):
        end = escape(text("in_use_end", language))
        buttons += f'<button type="button" data-do="end" hidden>{end}</button>'
    shown = f'<div class="notice">{"".join(lines)}<p class="tools">{buttons}</p></div>' if lines else ""
    if not lines and buttons:
        shown = f'<p class="tools">{buttons}</p>'
    return (
        f'<div class="in-use" role="status" data-modality="{escape(modality)}" data-page="{escape(going)}" '
        f'data-version="{in_use.version(modality)}">{shown}</div>'
    )


def _told(modality: str, choice: Choice, language: str) -> str:
    family = read_checkpoint(choice.folder).family
    key = "in_use_everybody" if choice.everybody else "in_use_mine"
    model = named(f"family_{modality}_{family}", language, family)
    return text(key, language, model=model, step=f"{choice.step:,}", title=find(choice.run).title)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
