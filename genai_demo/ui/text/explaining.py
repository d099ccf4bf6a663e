"""Words of a text that can be opened: what else could have come, and a text that goes on from there."""

from __future__ import annotations

import inspect
import json
from dataclasses import asdict
from typing import Any

import gradio as gr

from genai_demo.engine.generation import sampling
from genai_demo.engine.generation.receipts import Receipt, parse_receipt
from genai_demo.text.explaining.tables import as_csv
from genai_demo.text.tokens.special_tokens import END
from genai_demo.ui.components.rivals import rivals
from genai_demo.ui.components.widget import sent
from genai_demo.ui.forms import notice_place, parcel
from genai_demo.ui.languages import Texts
from genai_demo.ui.text import handlers


def build_rivals(texts: Texts, work: dict[str, Any]) -> None:
    """Build the panel of words for all results of the tab being built.

    Args:
        texts: the texts of the page.
        work: what the event is that asks.
    """
    notice = notice_place(texts, "rivals-notice")
    panel = rivals(texts, "rivals")
    asked = panel.explain
    parcel(asked, _told, [texts.language], notice, take=panel.function("take"), trigger_mode="multiple", **work)


def _told(_: str, event: gr.EventData) -> str:
    """Return what the panel shows of a text.

    Raises:
        UserError: the receipt is not in order, or its model is not here.
    """
    return told(parse_receipt(str(sent(event).get("receipt"))))


def told(receipt: Receipt) -> str:
    """Return what the panel's script takes: the probabilities of each token, the same as CSV, and how they came about.

    Args:
        receipt: of a text.

    Raises:
        UserError: the receipt is not in order, of another model, or of another checkpoint than the one that is here.
    """
    entries = handlers.explained(receipt)
    code = "\n\n".join(inspect.getsource(one) for one in (sampling.token_probabilities, sampling.trace_token))
    shown = [asdict(entry) for entry in entries]
    values = {"receipt": receipt.to_json(), "entries": shown, "end": END, "csv": as_csv(entries), "code": code}
    return json.dumps(values)
