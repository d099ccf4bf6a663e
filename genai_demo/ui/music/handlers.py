"""What the piano tab does: plain functions from values to values, without components."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any

from genai_demo.engine.generation.receipts import read_receipt
from genai_demo.errors import UserError
from genai_demo.music.reading import read_piece
from genai_demo.music.requests import HARMONISERS, MODELS, REWRITERS, Request
from genai_demo.music.results import Update
from genai_demo.music.sampling import generation
from genai_demo.music.sampling.loading import FOLDERS, checkpoint_folder
from genai_demo.music.theory.piece import PITCHES
from genai_demo.music.theory.texture import ANY
from genai_demo.music.tokens.columns import fits_at_once
from genai_demo.ui import cards
from genai_demo.ui.forms import new_seed
from genai_demo.ui.languages import text
from genai_demo.ui.music import cards as music_cards
from genai_demo.ui.music.library import (
    Item,
    Job,
    Library,
    Scope,
    at,
    changed_by,
    checked_bars,
    continuing,
    followed,
    grown,
    harmonising,
    keeping,
    rewriting,
    transposed,
    undone,
)
from genai_demo.ui.training.in_use import model_in_use

FRAME = 0.12
"""seconds between two pictures of growing pieces"""
INTERVALS = (1, 2, 12)
"""semitones by which bars can be transposed at once"""
_SENT = ("action", "place", "key", "first", "last", "hand", "lowest", "highest", "interval", "added", "part", "from")
"""what the page's script sends of a card"""


def models_here() -> tuple[str, ...]:
    """Return the models that write and whose checkpoint is here, be it whole or not."""
    return tuple(model for model in FOLDERS if checkpoint_folder(model).is_dir())


def composers_here() -> tuple[str, ...]:
    """Return those of the models that write from nothing."""
    return tuple(model for model in MODELS if model in models_here())


def rewriter(item: Item, bars: tuple[int, int], hand: str, keys: tuple[int, int]) -> str:
    """Return the model that writes some of an item anew.

    The GAN writes what is its own, as far as it can; the composer, which alone knows genres, whole bars of one; the
    masked model, which hears both sides, what it can fill at once; and the best one here writes all the rest.

    Args:
        item: what it is done to.
        bars: first and last bar to write, from 0.
        hand: one of `HANDS`.
        keys: the lowest and the highest pitch to write.

    Raises:
        UserError: there are no such bars.
    """
    first, last = checked_bars(item.piece, *bars)
    here = models_here()
    own = item.request.model if item.request else ""
    whole_bars = (hand, keys) == ("both", PITCHES)
    if own == "gan" and own in here and whole_bars:
        return own
    if item.genre != ANY and "composer" in here and whole_bars:
        return "composer"
    if "masked" in here and fits_at_once(item.piece, first, last):
        return "masked"
    return next((model for model in REWRITERS if model in here), REWRITERS[0])


def harmoniser() -> str:
    """Return the best model here that adds to a melody."""
    return next((model for model in HARMONISERS if model in models_here()), HARMONISERS[0])


def problem(model: str) -> UserError | None:
    """Return what is wrong with a model, None if it can be used."""
    return generation.problem(model)


def check(request: Request) -> None:
    """Raise `UserError` if the request is not allowed, or its model cannot be used."""
    request.check()
    if wrong := problem(request.model):
        raise wrong


def shipped() -> Library | None:
    """Return a library with a piece that ships with its model, to be seen and heard first; None where there is none."""
    for model in composers_here():
        for file in sorted((checkpoint_folder(model) / "samples").glob("*.mid")):
            try:
                receipt = read_receipt(file)
                item = Item(read_piece(file).piece, generation.request_of(receipt), receipt)
                return Library((item,), shipped=True)
            except UserError:
                continue  # what shows nothing is no reason to serve no page
    return None


def drawn(library: Library | None, language: str) -> str:
    """Return the library as HTML."""
    if library is None:
        return cards.placeholder(text("music_empty", language))
    return music_cards.library(library, models_here(), language)


def model(job: Job) -> str | None:
    """Return the folder of what stands in for a job's model; None for what ships, which links lead to."""
    return None if job.linked else model_in_use("music", job.request.model)


def stream(job: Job, library: Library | None, turn: str) -> Iterator[Library]:
    """Run a job and yield the library as it changes.

    Args:
        job: what to do.
        library: as it is; a job for new pieces clears it.
        turn: new name of the turn, by which the page knows that there is something to hear.

    Raises:
        UserError: the request is refused.
    """
    if library is None or job.place is None:
        library = Library(turn=library.turn if library else "")
    following: tuple[Job, Library] | None = (job, replace(library, shipped=False))
    while following:
        job, library = following
        with closing(generation.run(job.request, model(job))) as updates:
            for update, seconds in _paced(updates):
                library = grown(library, job, update, seconds)
                if update.finished and not job.then:
                    library = replace(library, turn=turn)
                yield library
        following = followed(job, library)


def _paced(updates: Iterable[Update]) -> Iterator[tuple[Update, float]]:
    """Yield updates with the seconds the model has worked so far, without those that come faster than an eye sees."""
    waiting = iter(updates)
    seconds = due = 0.0
    while True:
        started = time.perf_counter()
        update = next(waiting, None)
        seconds += time.perf_counter() - started
        if update is None:
            return
        if time.perf_counter() >= due or update.finished:
            yield update, seconds
            due = time.perf_counter() + FRAME


def asked(library: Library | None, event: Mapping[str, Any], temperature: float, top_p: float) -> Job | Library:
    """Return what a button of a card asks for: a job for a model, or the library after what needs none.

    Args:
        library: as it is.
        event: what the page's script sends of the button and its fields; bars count from 0.
        temperature, top_p: of what a model then writes.

    Raises:
        UserError: it is not allowed.
    """
    wanted = {name: event.get(name) for name in _SENT}
    library, place = at(library, wanted["place"], wanted["key"])
    item = library.items[place]
    action = wanted["action"]
    first, last = _whole(wanted["first"]), _whole(wanted["last"])
    if action == "undo":
        return changed_by(library, place, undone, library.turn)
    if action in ("lower", "higher"):
        semitones = _whole(wanted["interval"])
        if semitones not in INTERVALS:
            raise UserError("ui.music_gone")
        steps = semitones if action == "higher" else -semitones
        return changed_by(library, place, lambda item: transposed(item, first, last, steps), secrets.token_hex(4))
    request: Request
    seed = new_seed()
    if action in ("keep", "rewrite"):
        keys = _whole(wanted["lowest"]), _whole(wanted["highest"])
        # Where no model here writes less than whole bars, the page offers no hands.
        hand = str(wanted["hand"] or "both")
        written = (first, last) if action == "rewrite" else (0, len(item.piece.bars) - 1)
        model = rewriter(item, written, hand, keys)
        # A genre has no say where only one hand is written, or some keys.
        genre = item.genre if model == "composer" and (hand, keys) == ("both", PITCHES) else ANY
        scope = Scope(hand, *keys, temperature, seed, model, genre)
        if action == "keep":
            job = keeping(item, place, (first, last), scope)
        else:
            job = Job(rewriting(item, first, last, scope), place)
        check(job.request)
        return job
    if action == "continue":
        # Bars behind the last one chosen are dropped only where that was asked for.
        behind = last if wanted["from"] == "chosen" else len(item.piece.bars) - 1
        request = continuing(item, behind, _whole(wanted["added"]), temperature, top_p, seed, composers_here()[0])
    elif action == "harmonise":
        request = harmonising(item, str(wanted["part"]), temperature, seed, harmoniser())
    else:
        raise UserError("ui.music_gone")
    check(request)
    return Job(request, place)


def _whole(value: object) -> int:
    """Return a number that the page's script sends.

    Raises:
        UserError: it is none.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise UserError("ui.music_gone")
    return value
