"""Words of a text that can be opened: what else could have come, and a text that goes on from there."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import gradio as gr

from genai_demo.engine.generation import sampling
from genai_demo.engine.generation.receipts import Receipt, parse_receipt
from genai_demo.text.explaining.known import known
from genai_demo.text.explaining.tables import as_csv, influence_as_csv
from genai_demo.text.requests import WRITERS
from genai_demo.text.sampling.loading import FOLDERS
from genai_demo.text.tokens.special_tokens import END
from genai_demo.ui.components.rivals import replay, rivals
from genai_demo.ui.components.widget import sent
from genai_demo.ui.forms import notice_place, parcel
from genai_demo.ui.languages import Texts, text
from genai_demo.ui.text import handlers
from genai_demo.ui.text.reading_cards import nearest_lines


def build_rivals(texts: Texts, work: dict[str, Any]) -> None:
    """Build the panel of words for all results of the tab being built.

    Args:
        texts: the texts of the page.
        work: what the event is that asks.
    """
    notice = notice_place(texts, "rivals-notice")
    panel = rivals(texts, "rivals")
    asked = panel.explain
    player = replay(texts, "replay")
    for event, answer, taking in (
        (asked, told, panel),
        (panel.matter, mattered, panel),
        (player.play, played, player),
    ):
        kind = {"take": taking.function("take"), "trigger_mode": "multiple", **work}
        parcel(event, _answering(answer), [texts.language], notice, **kind)


def _answering(answer: Callable[..., str]) -> Callable[..., str]:
    """Return what answers an event of a panel about a text; it refuses a receipt that is not in order."""

    def answered(language: str, event: gr.EventData) -> str:
        wanted = sent(event)
        return answer(parse_receipt(str(wanted.get("receipt"))), language, wanted.get("place"))

    return answered


def told(receipt: Receipt, language: str = "en", _: Any = None) -> str:
    """Return what the panel's script takes: the probabilities of each token, the same as CSV, and how they came about.

    Args:
        receipt: of a text.
        language: in which it says what the text has in common with the articles that were learnt.

    Raises:
        UserError: the receipt is not in order, of another model, or of another checkpoint than the one that is here.
    """
    entries = handlers.explained(receipt)
    code = "\n\n".join(inspect.getsource(one) for one in (sampling.token_probabilities, sampling.trace_token))
    shown = [asdict(entry) for entry in entries]
    values = {"receipt": receipt.to_json(), "entries": shown, "end": END, "csv": as_csv(entries), "code": code}
    return json.dumps(values | {"nearest": _nearest(receipt, "".join(entry.token for entry in entries), language)})


def _nearest(receipt: Receipt, written: str, language: str) -> list[str]:
    """Return what the words of a model that ships have in common with what it learnt."""
    reader = next((name for name, folder in FOLDERS.items() if folder == receipt.model), "")
    if receipt.action != "generate" or not reader or (counted := known(WRITERS[reader].name)) is None:
        return []
    return nearest_lines(counted.nearest(written), reader, written, language)


def mattered(receipt: Receipt, language: str = "en", place: Any = None) -> str:
    """Return what the panel's script takes of the words that mattered for the token at a place; see `told`."""
    from genai_demo.text.explaining import influence

    found = handlers.mattered(receipt, place if isinstance(place, int) else -1)
    way = influence.gradient_times_input if found.method == "gradient" else influence.attention_of
    proof = text(f"matter_{found.method}_proof", language, likeness=f"{found.likeness:.2f}")
    values = {"receipt": receipt.to_json(), "matter": asdict(found), "proof": proof}
    return json.dumps(values | {"csv": influence_as_csv(found), "code": inspect.getsource(way)})


def played(receipt: Receipt, *_: Any) -> str:
    """Return what the script of the replay takes: of each token the chances, the draw and the state; see `told`."""
    entries, states = handlers.played(receipt)
    return json.dumps(
        {"receipt": receipt.to_json(), "end": END, "entries": [asdict(entry) for entry in entries], "states": states}
    )
