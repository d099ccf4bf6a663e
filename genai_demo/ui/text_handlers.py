"""What the news tab does: plain functions from values to values, without components."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import gradio as gr

from genai_demo.engine.receipt import Receipt, read_receipt
from genai_demo.errors import UserError
from genai_demo.text.requests import ACTIONS, SEED, GenerateRequest, Request
from genai_demo.text.results import Update
from genai_demo.ui import cards
from genai_demo.ui.cards import Shown
from genai_demo.ui.languages import sentence, text

FRAME = 0.05
"""seconds between two pictures of a streaming text: faster is not seen, only sent"""
STEP = 0.12
SLOW_STEP = 0.5
"""seconds that a step of the masked model stays, so that an eye can follow"""


def new_seed() -> int:
    """Return a seed that was not chosen by anybody."""
    return secrets.randbelow(SEED[1] + 1)


def request_from(action: str, values: Iterable[Any]) -> Request:
    """Return the request of a panel whose fields hold `values`, in the order of the request's fields."""
    kind = ACTIONS[action]
    return kind(**{
        field.name: int(value) if field.type == "int" and isinstance(value, float) and value.is_integer() else value
        for field, value in zip(fields(kind), values, strict=True)
    })


def model_of(request: Request) -> str:
    """Return which model a request needs."""
    return request.model if isinstance(request, GenerateRequest) else "masked"


def problem_of(request: Request) -> UserError | None:
    """Return why the request's model cannot be used, None if it can."""
    from genai_demo.text import generation

    return generation.problem(model_of(request))


def check(request: Request) -> None:
    """Raise `UserError` if the request is not allowed, or its model cannot be used."""
    request.check()
    if problem := problem_of(request):
        raise problem


def problem_notice(model: str, language: str) -> str:
    """Return the notice about a model whose checkpoint is missing or damaged, "" if all is well."""
    from genai_demo.text import generation

    problem = generation.problem(model)
    return cards.notice(sentence(problem, language), text("checkpoint_missing_title", language)) if problem else ""


def stream(request: Request, language: str, slow: bool = False) -> Iterator[tuple[str, Shown]]:
    """Run a request and yield the result as it grows, as HTML and as what the HTML shows.

    Raises:
        gr.Error: the request is refused; the sentence is in `language`.
    """
    from genai_demo.text import generation

    started = time.perf_counter()
    try:
        with closing(generation.run(request)) as updates:
            watched = thinned(updates) if model_of(request) == "gru" else slowed(updates, SLOW_STEP if slow else STEP)
            for update in watched:
                shown = Shown(request, update, time.perf_counter() - started)
                yield cards.results(shown, language), shown
    except UserError as error:
        raise spoken(error, language) from error


def spoken(error: UserError, language: str) -> gr.Error:
    """Return the error that the page shows."""
    return gr.Error(sentence(error, language), title=text("error_title", language), print_exception=False)


def thinned(updates: Iterable[Update], interval: float = FRAME) -> Iterator[Update]:
    """Let through the first update, at most one per `interval` seconds, and the last."""
    due = 0.0
    for update in updates:
        now = time.perf_counter()
        if now >= due or update.finished:
            due = now + interval
            yield update


def slowed(updates: Iterable[Update], pause: float) -> Iterator[Update]:
    """Let through every update, each for at least `pause` seconds."""
    due = 0.0
    for update in updates:
        time.sleep(max(0.0, due - time.perf_counter()))
        due = time.perf_counter() + pause
        yield update


def settled(shown: Shown | None) -> Shown | None:
    """Return what is shown once nothing runs: a result that did not become complete was stopped."""
    return replace(shown, stopped=not shown.update.finished) if shown else None


def opened(file: str) -> tuple[Receipt, Request]:
    """Return the receipt in a file, and the request it stands for.

    Raises:
        UserError: no receipt in it, not one of a text, or its settings are not allowed.
    """
    from genai_demo.text import generation

    receipt = read_receipt(Path(file))
    if receipt.modality != "text":
        raise UserError("ui.open_not_text", modality=receipt.modality)
    return receipt, generation.request_of(receipt)


def made_again(receipt: Receipt, language: str) -> Shown:
    """Make the result of a receipt again.

    Raises:
        gr.Error: it cannot be made here; the sentence is in `language`.
    """
    from genai_demo.text import generation

    started = time.perf_counter()
    try:
        update = generation.reproduce(receipt)
        return Shown(generation.request_of(receipt), update, time.perf_counter() - started)
    except UserError as error:
        raise spoken(error, language) from error


def verdict(receipt: Receipt, made: Update, language: str) -> str:
    """Return the sentence on whether the model is still the one of the receipt."""
    ours = made.receipts[0].checkpoint
    if ours == receipt.checkpoint:
        return text("open_same", language, checkpoint=ours)
    return text("open_other", language, theirs=receipt.checkpoint, ours=ours)


def plain(update: Update) -> list[dict[str, Any]]:
    """Return the texts of a finished update and their receipts as plain data."""
    return [
        {"text": draft.text, "receipt": asdict(receipt)}
        for draft, receipt in zip(update.drafts, update.receipts, strict=True)
    ]
