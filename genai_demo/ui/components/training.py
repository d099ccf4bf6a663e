"""The page "Train" of a tab: drawn and kept up to date by its script, which asks the server once a second."""

from __future__ import annotations

from html import escape
from typing import ClassVar

from genai_demo.ui.components.widget import Widget
from genai_demo.ui.languages import Texts, text


class Training(Widget):
    """A place where runs are started and watched; also where a link to one comes in."""

    parts: ClassVar[tuple[str, ...]] = (
        "training_page",
        "training_curves",
        "training_verdicts",
        "training_moments",
        "training_beside",
        "training_choose",
        "training_watch",
        "training_runs",
        "training_shipped",
        "training",
    )


def training(texts: Texts, tab: str, modality: str, usable: bool) -> Training:
    """Build the page of a tab.

    Args:
        texts: the texts of the page.
        tab: its name in addresses.
        modality: what it trains.
        usable: whether the tab takes a run as its model, as the event `use`, with its name as `run`.
    """

    def drawn(language: str) -> str:
        said = {"tab": tab, "page": "train", "first": "first"}
        data = " ".join(f'data-{name}="{escape(value)}"' for name, value in said.items())
        return (
            f'<div class="training" data-modality="{escape(modality)}" data-tab="{escape(tab)}" '
            f'data-language="{escape(language)}"{" data-usable" if usable else ""}><i hidden {data}></i>'
            f'<div class="room"><p class="hint">{escape(text("train_loading", language))}</p></div></div>'
        )

    return texts.make(Training, {"value": drawn}, elem_id=f"{tab}-train-address")
