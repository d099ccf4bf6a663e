"""What the news tab does: plain functions from values to values, without components."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, nullcontext
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from threading import Lock, Semaphore
from typing import TYPE_CHECKING, Any

from genai_demo.engine.generation.receipts import Receipt, read_receipt
from genai_demo.errors import UserError
from genai_demo.text.requests import FILLERS, GenerateRequest, Request, usual
from genai_demo.text.results import Update
from genai_demo.text.sampling import generation
from genai_demo.text.sampling.letters import check_letters
from genai_demo.text.sampling.loading import FOLDERS
from genai_demo.ui.text.cards import Shown
from genai_demo.ui.training.in_use import is_snapshot

if TYPE_CHECKING:
    from genai_demo.text.explaining.influence import Influence
    from genai_demo.text.explaining.tokens import Entry

FRAME = 0.05
"""seconds between two pictures of a streaming text: faster is not seen, only sent"""
_PICTURES = 30
"""most pictures a second of all texts that are written at once: each takes the page some milliseconds"""
_ALL_AT_ONCE = Semaphore(2)
"""places for texts of the masked model: each has a core for itself, while those of a GRU are written together"""
PACES = {"at_once": 0.0, "to_follow": 0.12, "slow": 0.5}
"""Seconds that a step of the masked model stays, so that an eye can follow. The GRU is done in less than one of its
words would stay: its texts are told by the page, word by word, and nobody waits in the queue meanwhile."""


FIRST = {
    "generate": GenerateRequest(topic="scitech", seed=1),
    "headlines": replace(usual("headlines"), topic="finance", seed=6),
}
"""what is shown before anything was asked for, by panel"""
_MAKING_FIRST = Lock()
"""whoever comes while the first text is written waits for it"""


def model_of(request: Request) -> str:
    """Return which model a request needs."""
    return request.model


def problem(model: str) -> UserError | None:
    """Return what is wrong with a model, None if it can be used."""
    return generation.problem(model)


def check(request: Request) -> None:
    """Raise `UserError` if the request is not allowed, its model cannot be used, or has not read such letters."""
    request.check()
    if wrong := problem(model_of(request)):
        raise wrong
    check_letters(request)


def stream(request: Request, pace: str = "at_once", model: str | None = None) -> Iterator[Shown]:
    """Run a request and yield the result as it grows.

    Args:
        request: what is asked for.
        pace: one of `PACES`; a text that the page tells is yielded when it is whole.
        model: folder of another model than the one that ships.

    Raises:
        UserError: the request is refused.
    """
    told_by_page = model_of(request) not in FILLERS and pace != "at_once"
    with closing(updates_of(request, model)) as updates:
        for update, seconds in paced(updates, 0.0 if told_by_page else PACES[pace]):
            yield Shown(request, update, seconds, told=not told_by_page or update.finished)


def updates_of(request: Request, model: str | None = None) -> Generator[Update, None, None]:
    """Yield the result as it grows, as often as the page can show it to all who have something written at the moment.

    Args:
        request: what is asked for.
        model: folder of another model than the one that ships.

    Raises:
        UserError: the request is refused.
    """

    def rest() -> float:
        return max(FRAME, generation.crowd(model or request.model) / _PICTURES)

    with _ALL_AT_ONCE if model_of(request) in FILLERS else nullcontext():
        yield from generation.run(request, model, rest)


def first(panel: str) -> Shown | None:
    """Return a text to be read before anything was asked for, the same for everybody; None where there is none.

    Args:
        panel: the panel whose place is still empty.
    """
    request = FIRST.get(panel)
    if request is None or problem(request.model):
        return None
    with _MAKING_FIRST:
        return _first(request)


@cache
def _first(request: GenerateRequest) -> Shown:
    *_, (update, seconds) = timed(generation.run(request))
    return Shown(request, update, seconds, shipped=True)


def timed(updates: Iterable[Update]) -> Iterator[tuple[Update, float]]:
    """Yield each update with the seconds that the model has worked so far."""
    waiting = iter(updates)
    seconds = 0.0
    while True:
        started = time.perf_counter()
        update = next(waiting, None)
        seconds += time.perf_counter() - started
        if update is None:
            return
        yield update, seconds


def paced(updates: Iterable[Update], hold: float) -> Iterator[tuple[Update, float]]:
    """Yield updates, with the seconds the model has worked, at a pace that can be watched.

    Args:
        updates: what the model makes.
        hold: seconds for which every update stays; 0 to leave out those that come faster than `FRAME`.
    """
    due = 0.0
    for update, seconds in timed(updates):
        if hold == 0 and time.perf_counter() < due and not update.finished:
            continue
        yield update, seconds
        due = time.perf_counter() + (hold or FRAME)
        while hold and not update.finished and time.perf_counter() < due:
            time.sleep(min(FRAME, hold))
            yield update, seconds  # nothing new to see, but here a stop takes effect


def settled(shown: Shown | None) -> Shown | None:
    """Return what is shown once nothing runs: a result that did not become complete was stopped."""
    return replace(shown, stopped=not shown.update.finished) if shown else None


def opened(file: str) -> tuple[Receipt, Request]:
    """Return the receipt in a file, and the request it stands for.

    Raises:
        UserError: no receipt in it, not one of a text, its settings are not allowed, or its model cannot be used.
    """
    receipt = read_receipt(Path(file))
    request = generation.request_of(receipt)
    if wrong := problem(model_of(request)):
        raise wrong
    return receipt, request


def explained(receipt: Receipt) -> tuple[Entry, ...]:
    """Return what else could have come in place of each token of a visitor's text.

    Args:
        receipt: as in `reproduced`.

    Raises:
        UserError: as there.
    """
    from genai_demo.text.explaining.tokens import explain

    _check_known(receipt)
    return explain(receipt)


def mattered(receipt: Receipt, place: int) -> Influence:
    """Return which words mattered for the token at a place of a visitor's text.

    Args:
        receipt: as in `reproduced`.
        place: of the token.

    Raises:
        UserError: as there, or the model wrote nothing at that place.
    """
    from genai_demo.text.explaining.influence import influence_in

    _check_known(receipt)
    return influence_in(receipt, place)


def played(receipt: Receipt) -> tuple[tuple[Entry, ...], list[list[int]]]:
    """Return the tokens of a visitor's text as `explained`, and the state from which the GRU drew each, in hundredths.

    Args:
        receipt: as in `explained`.

    Raises:
        UserError: as there.
    """
    from genai_demo.text.explaining.tokens import made_again

    _check_known(receipt)
    made = made_again(receipt)
    entries, states = made.entries(), made.recorder.states
    return entries, [(100 * states[entry.place][-1]).round().int().tolist() for entry in entries if states]


def reproduced(receipt: Receipt) -> Update:
    """Make the result of a visitor's receipt again, with what ships or a run's snapshot: it may not name any folder.

    Raises:
        UserError: the receipt is not in order, of another model, or of another checkpoint than the one that is here.
    """
    _check_known(receipt)
    return generation.reproduce(receipt)


def _check_known(receipt: Receipt) -> None:
    if receipt.model not in FOLDERS.values() and not is_snapshot(receipt.model):
        raise UserError("text.not_shipped", model=receipt.model[:80], allowed=", ".join(FOLDERS.values()))


def made_again(receipt: Receipt) -> Shown:
    """Make the result of a receipt again, and return it without the variants that were made beside it.

    Raises:
        UserError: the receipt is of another checkpoint than the one that is here.
    """
    started = time.perf_counter()
    update = reproduced(receipt)
    seconds = time.perf_counter() - started
    index = receipt.index
    only = replace(update, drafts=(update.drafts[index],), receipts=(update.receipts[index],))
    return Shown(generation.request_of(receipt), only, seconds)


def plain(update: Update) -> list[dict[str, Any]]:
    """Return the texts of a finished update and their receipts as plain data."""
    return [
        {"text": draft.text, "receipt": asdict(receipt)}
        for draft, receipt in zip(update.drafts, update.receipts, strict=True)
    ]
