"""The page on which a model reads a visitor's text: what surprised it, what mattered for a word, what a unit does."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from typing import Any, NamedTuple

import gradio as gr

from genai_demo.text.requests import ENGLISH, ReadRequest
from genai_demo.ui import cards
from genai_demo.ui.address import linked
from genai_demo.ui.components.address import page_address
from genai_demo.ui.components.reading import ReadText
from genai_demo.ui.components.widget import sent
from genai_demo.ui.forms import PRIVATE, Form, Updates, chip, notice_place, parcel, result_place, small_heading
from genai_demo.ui.languages import Texts, text
from genai_demo.ui.runner import Runner, run_buttons
from genai_demo.ui.text.panel import WORK
from genai_demo.ui.text.reading_cards import Read, read_result
from genai_demo.ui.training.in_use import model_in_use

_EXAMPLES = (
    "Oil prices rose to a record high on Monday after Saudi Arabia said it would cut production.",
    'The coach said: "We won because my grandmother plays the tuba."',
    "国足主场获胜 主教练：球员表现出色",
)


class Asked(NamedTuple):
    """What is read."""

    request: ReadRequest
    linked: bool = False
    """whether it came with an address, which means the model that ships"""


def read_page(texts: Texts, page: gr.Blocks) -> None:
    """Build the page.

    Args:
        texts: the texts of the page.
        page: the whole page.
    """
    form: Form[ReadRequest] = Form(texts, ReadRequest(), "read")
    address = page_address("news", "read")
    with gr.Row(elem_classes="page"):
        with gr.Column(elem_classes="fields"):
            form.text("text", "read_text", 6)
            model = texts.make(
                gr.Radio,
                {"label": "read_model", "choices": _readers},
                value=ENGLISH[0],
                elem_id="read-model",
                elem_classes="segmented",
            )
            form.controls["model"] = model
            notice = gr.HTML("", elem_id="read-notice", elem_classes="message")
            buttons = run_buttons(texts, "read", "read_button", "reading")
        with gr.Column(elem_classes="result"):
            place = result_place(texts, "empty_read", "read-results", ReadText)
            asking = notice_place(texts, "read-asking")
        shown = gr.State(None)
        with gr.Column(elem_classes="extras"):
            small_heading(texts, "examples")
            with gr.Row(elem_classes="chips"):
                for number, example in enumerate(_EXAMPLES):
                    button = chip(texts, partial(_example, example), f"read-example-{number}")
                    chosen = button.click(partial(_example, example, ""), None, form.controls["text"], **PRIVATE)
                    chosen.then(None, None, None, js="() => genaiDemo.press('read-run')", api_visibility="private")

    def ask(language: str, _: Any, *values: Any) -> tuple[Asked, Updates]:
        request = form.request(values)
        request.check()
        return Asked(request), waiting(language)

    def follow(language: str, wanted: Any) -> tuple[Asked | None, Updates]:
        request = linked(ReadRequest, wanted["settings"])
        if request is None:
            return None, {}
        return Asked(request, linked=True), {**form.restored(request), **waiting(language)}

    def waiting(language: str) -> Updates:
        return {place: cards.placeholder(text("waiting", language)), shown: None}

    def stream(asked: Asked, _: Read | None, language: str) -> Iterator[Updates]:
        after = read_by(asked.request, "" if asked.linked else _folder(asked.request))
        yield {shown: after, **draw(after, language)}

    def draw(what: Read | None, language: str) -> Updates:
        return {place: read_result(what, language) if what else cards.placeholder(text("empty_read", language))}

    runner = Runner(
        texts,
        shown,
        [place],
        stream=stream,
        settle=draw,
        draw=draw,
        work=WORK,
        buttons=buttons,
    )
    reveal = "genaiDemo.reveal('read-results')"
    runner.start(buttons.run.click, ask, form.inputs, notice, [place, shown], script=reveal)
    runner.start(address.follow, follow, [], notice, [*form.outputs, place, shown])
    form.remember(page)
    answers: tuple[tuple[str, Callable[[ReadRequest, dict[str, Any], str, str], dict[str, Any]]], ...] = (
        ("matter", mattered),
        ("unit", unit),
        ("units", units),
    )
    for name, answer in answers:
        parcel(
            getattr(place, name),
            _answering(name, answer),
            [texts.language],
            asking,
            take=place.function("take"),
            trigger_mode="multiple",
            **WORK,
        )


def _readers(language: str) -> list[tuple[str, str]]:
    return [(text(f"model_{name}", language), name) for name in ENGLISH]


def _example(words: str, _: str) -> str:
    return words


def _folder(request: ReadRequest) -> str:
    """Return the folder of what stands in for the model that reads, for the visitor who asks; "" for what ships."""
    from genai_demo.text.explaining.reading import reader_name

    return model_in_use("text", reader_name(request)) or ""


def read_by(request: ReadRequest, own: str = "") -> Read:
    """Return a text as a model read it, ready to be shown; see `text.explaining.reading.read`."""
    from genai_demo.text.explaining.reading import read, reader_of
    from genai_demo.text.models.gru import GruModel

    reading = read(request, own)
    _, loaded = reader_of(request, own)
    network = loaded.network
    count = network.config.layers * network.config.hidden if isinstance(network, GruModel) else 0
    return Read(request, reading, count, ships=reading.model != own)


# ---- what the page's script asks for


def _answering(
    name: str, answer: Callable[[ReadRequest, dict[str, Any], str, str], dict[str, Any]]
) -> Callable[..., str]:
    def answered(language: str, event: gr.EventData) -> str:
        wanted = sent(event)
        asked = wanted.get("request")
        request = linked(ReadRequest, asked if isinstance(asked, dict) else {}) or ReadRequest()
        own = _folder(request) if wanted.get("own") else ""
        return json.dumps({"name": name, "request": asdict(request), **answer(request, wanted, own, language)})

    return answered


def mattered(request: ReadRequest, wanted: dict[str, Any], own: str, language: str) -> dict[str, Any]:
    """Return how much each word mattered for the word whose number is `wanted`."""
    from genai_demo.text.explaining import influence as of_words
    from genai_demo.text.explaining.reading import influence_on
    from genai_demo.text.explaining.tables import influence_as_csv

    number = _number(wanted, "word")
    found = influence_on(request, number, own)
    proof = text(f"matter_{found.method}_proof", language, likeness=f"{found.likeness:.2f}")
    way = of_words.gradient_times_input if found.method == "gradient" else of_words.attention_of
    code = inspect.getsource(way)
    return {"word": number, **asdict(found), "proof": proof, "csv": influence_as_csv(found), "code": code}


def unit(request: ReadRequest, wanted: dict[str, Any], own: str, _: str) -> dict[str, Any]:
    """Return the value of the unit whose number is `wanted` after each token."""
    from genai_demo.text.explaining.reading import unit_along

    number = _number(wanted, "unit")
    return {"unit": number, "values": unit_along(request, number, own)}


def units(request: ReadRequest, _: dict[str, Any], own: str, language: str) -> dict[str, Any]:
    """Return units that track something."""
    from genai_demo.text.explaining.reading import reader_of
    from genai_demo.text.explaining.units import probe, probe_networks

    names = {"quotation": "units_quotation", "number": "units_number_trait", "position": "units_position"}
    loaded = reader_of(request, own)[1]
    probes = [
        {"trait": text(names[one.trait], language), "units": [asdict(each) for each in one.units], "floor": one.floor}
        for one in probe(loaded)
    ]
    return {"probes": probes, "code": inspect.getsource(probe_networks)}


def _number(wanted: dict[str, Any], name: str) -> int:
    """Return a number that the script sent; what is none is one that no text and no network has."""
    value = wanted.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else -1
