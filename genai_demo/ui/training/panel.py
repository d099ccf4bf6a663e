"""The page "Train" in a tab."""

from __future__ import annotations

import gradio as gr

from genai_demo.engine.runs.limits import limits
from genai_demo.ui.components.training import Training, training
from genai_demo.ui.languages import Texts


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
        return training(texts, tab, modality, usable)
