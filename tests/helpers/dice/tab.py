"""The tab of the dice, and their endpoints."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import gradio as gr

from genai_demo.catalogue import message
from genai_demo.engine.generation.receipts import parse_receipt
from genai_demo.ui.languages import Text, Texts
from tests.helpers.dice.rolls import RollRequest, service


def _text(key: str) -> Text:
    return lambda language: message(f"dice.{key}", language)


def roll_dice(count: int = 12, seed: int = 0) -> dict[str, Any]:
    made = list(service.run(RollRequest(count=count, seed=seed)))[-1]
    return {"dice": made.dice[0], "receipt": asdict(made.receipts[0])}


def reproduce_dice(receipt: dict[str, Any]) -> str:
    read = parse_receipt(json.dumps(receipt))
    return service.reproduce(read).dice[read.index]


def build(texts: Texts, page: gr.Blocks) -> None:
    with texts.make(gr.Tab, {"label": _text("tab")}, id="dice", elem_id="tab-dice"):
        count = texts.make(gr.Slider, {"label": _text("count")}, minimum=1, maximum=60, value=12, step=1)
        seed = texts.make(gr.Number, {"label": _text("seed")}, value=0, precision=0)
        button = texts.make(gr.Button, {"value": _text("roll_button")}, elem_id="dice-run")
        rolls = texts.make(gr.Textbox, {"label": _text("rolls")}, elem_id="dice-rolls")
        button.click(lambda *asked: roll_dice(*asked)["dice"], [count, seed], rolls, api_visibility="private")
        for endpoint in (roll_dice, reproduce_dice):
            gr.api(endpoint, api_name=endpoint.__name__)
