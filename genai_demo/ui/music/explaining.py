"""Pieces that can be opened: what else could have come, and how their bars and measures came about."""

from __future__ import annotations

import base64
import inspect
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from genai_demo.engine.generation import sampling
from genai_demo.engine.generation.receipts import Receipt, parse_receipt
from genai_demo.errors import UserError
from genai_demo.music.audio.synthesis import encode, render
from genai_demo.music.explaining.measures import ALL, FORMS, MEASURES
from genai_demo.music.sampling.loading import FOLDERS
from genai_demo.music.theory.piece import TICKS, Note, Piece, resolve_overlaps
from genai_demo.ui.files import download
from genai_demo.ui.languages import text
from genai_demo.ui.music.files import KINDS
from genai_demo.ui.music.library import Item

if TYPE_CHECKING:
    from genai_demo.music.explaining.explanation import Explanation
    from genai_demo.music.explaining.notes import Entry, Part

BEFORE, AFTER = 2, 2
"""quarter notes before and after a note that are heard with it"""
_KEPT = 8
"""pieces whose explanations are kept"""
_DIGITS = 4
"""decimal places of probabilities that the page shows"""
_Functions = dict[str, tuple[Callable[..., Any], ...]]
"""functions that compute what a view shows, by its name"""
_RIVALS = {"pitch": 10, "duration": 5, "position": 5, "hand": 2}
"""rivals of each part that the page shows"""
_WORDS = (
    *("title", "open", "close", "wait", "failed", "composer", "gan", "masked", "model", "deeper", "csv", "code"),
    *("view_notes", "view_bars", "view_heat", "view_verdicts", "view_replay", "view_measures", "views"),
    *("note", "drawn", "cell", "given", "key", "before", "after", "threshold", "hear", "hear_own", "step", "pick"),
    *("forbidden", "not_allowed", "others", "position", "hand", "pitch", "duration", "beat", "quarters", "bar_line"),
    *("none", "hand_0", "hand_1", "about_notes", "about_heat", "about_bars", "about_verdicts", "about_replay"),
    *("about_measures", "bars_intro", "bars_wait", "bars_none", "bars_of", "earlier", "bits", "attention", "alike"),
    *("verdicts_intro", "bar", "roll", "harmony", "changes", "rank", "replay_intro", "replay_at", "replay_play"),
    *("replay_pause", "replay_next", "replay_speed", "measures_intro", "form", "more_than", "value", "pale", "sure"),
    *("measure", "spread", "standing", "phrase"),
)
"""what the page's script says"""
_FIELDS = (
    *("percent", "name", "bar", "hand", "step", "steps", "model", "checkpoint", "beat", "quarters", "rank"),
    *("drafts", "count", "form"),
)
"""fields of its sentences, which it fills in"""


def words(language: str) -> dict[str, str]:
    """Return what the page's script says."""
    left = {name: f"{{{name}}}" for name in _FIELDS}
    names = (*_WORDS, *(f"form_{form}" for form in (ALL, *FORMS)), *(f"measure_{name}" for name in MEASURES))
    return {name: text(f"inside_{name}", language, **left) for name in names}


def explained(receipt: Receipt, piece: Piece) -> Explanation:
    """Return why a visitor's piece became what it is, by the models that ship only.

    Args:
        receipt: of the piece; a visitor's may not name any folder.
        piece: that it makes.

    Raises:
        UserError: the receipt is not in order, of another model, or of another checkpoint than the one that is here.
    """
    if receipt.model not in FOLDERS.values():
        raise UserError("ui.music_not_shipped", model=receipt.model[:80], allowed=", ".join(FOLDERS.values()))
    return _explained(receipt.to_json(), piece)


@lru_cache(_KEPT)
def _explained(receipt: str, piece: Piece) -> Explanation:
    from genai_demo.music.explaining.explanation import explain

    return explain(parse_receipt(receipt), piece)


@lru_cache(_KEPT)
def _taken_up(receipt: str, piece: Piece) -> tuple[Any, ...]:
    from genai_demo.music.explaining.explanation import taken_up

    return taken_up(parse_receipt(receipt), piece)


def taken_up(receipt: Receipt, piece: Piece) -> list[dict[str, Any]]:
    """Return which earlier bars each bar of a piece takes up, as plain data."""
    return [asdict(one) for one in _taken_up(receipt.to_json(), piece)]


def _receipt(item: Item) -> Receipt:
    if item.receipt is None:
        raise UserError("ui.music_gone")
    return item.receipt


def inside_parcel(item: Item) -> str:
    """Return what the page's script shows of a piece, as JSON.

    Raises:
        UserError: it has no receipt, or its checkpoint is not the one that is here.
    """
    told = explained(_receipt(item), item.piece)
    values = {
        "key": item.key,
        "family": told.family,
        "model": told.model,
        "checkpoint": told.checkpoint,
        "form": getattr(item.request, "genre", "any"),
        "notes": [_shown(entry) for entry in told.entries],
        "heat": told.heat.digits() if told.heat else None,
        "verdicts": [asdict(one) for one in told.verdicts],
        "cells": [[cell.step, cell.start, cell.hand] for cell in told.cells],
        "measures": [asdict(one) for one in told.measures],
        "code": {view: _code(functions) for view, functions in _functions(told.family).items()},
    }
    return json.dumps(values, separators=(",", ":"))


def _shown(entry: Entry) -> list[Any]:
    """Return place, probability, step and parts of a note."""
    return [entry.place, round(entry.probability, _DIGITS), entry.step, [_part(part) for part in entry.parts]]


def _part(part: Part) -> list[Any]:
    rivals = part.rivals[: _RIVALS[part.kind]]
    if all(rival.token != part.token for rival in rivals):
        rivals = (*rivals[:-1], next(rival for rival in part.rivals if rival.token == part.token))
    left = [1 - sum(getattr(rival, when) for rival in rivals) for when in ("before", "after")]
    shown = [
        [rival.token, round(rival.before, _DIGITS), round(rival.after, _DIGITS), int(rival.allowed)] for rival in rivals
    ]
    others = [round(max(0.0, share), _DIGITS) for share in left]
    return [part.kind, part.token, round(part.probability, _DIGITS), round(part.forbidden, _DIGITS), shown, others]


def _functions(family: str) -> _Functions:
    """Return the functions that compute each view of a family."""
    from genai_demo.music.explaining import bars, filled, measures, phrases
    from genai_demo.music.sampling import decoding, unmasking

    common: _Functions = {"measures": (measures.told, measures.share_below)}
    drawn = (sampling.token_probabilities, sampling.trace_token)
    known: dict[str, _Functions] = {
        "composer": common | {"notes": (decoding.forced_logits, *drawn), "bars": (bars.experiment,)},
        "gan": common | {"notes": (phrases.told,), "heat": (phrases.told,), "verdicts": (phrases.gains,)},
        "masked": common
        | {"notes": (filled.part_of_slot, *drawn[:1]), "heat": (filled.struck,), "replay": (unmasking.resolve,)},
    }
    return known[family]


def _code(functions: tuple[Callable[..., Any], ...]) -> str:
    return "\n\n".join(inspect.getsource(one) for one in functions)


def bars_parcel(item: Item) -> str:
    """Return which earlier bars each bar takes up, as JSON."""
    found = _taken_up(_receipt(item).to_json(), item.piece)
    pairs = [
        [
            one.bar,
            one.earlier,
            round(one.bits, 2),
            round(one.attention, _DIGITS),
            one.alike and round(one.alike, _DIGITS),
        ]
        for one in found
    ]
    return json.dumps({"key": item.key, "pairs": pairs})


def with_rival(piece: Piece, place: int, pitch: int) -> Piece:
    """Return a note with the beats around it as a piece of its own, another key struck in its place.

    Args:
        piece: whole.
        place: of the note, from 0.
        pitch: of the other key; its own to hear it as it is.
    """
    note = piece.notes[place]
    start = max(0, note.start - BEFORE * TICKS)
    end = min(max(piece.end, note.end), note.start + max(note.length, AFTER * TICKS))
    others = [
        one
        for number, one in enumerate(piece.notes)
        if number != place and start <= one.start < end and not (one.pitch == pitch and _meets(one, note))
    ]
    heard = [
        replace(one, start=one.start - start, length=min(one.end, end) - one.start)
        for one in (*others, replace(note, pitch=pitch))
    ]
    # One bar that holds all of it, so that nothing slows down.
    quarters = -(-(end - start) // TICKS)
    bar = replace(piece.bars[0], start=0, beats=quarters, unit=4)
    return Piece(resolve_overlaps(heard), (bar,), piece.key, piece.tempo)


def _meets(one: Note, other: Note) -> bool:
    return one.start < other.end and other.start < one.end


def rival_parcel(item: Item, wanted: dict[str, Any]) -> str:
    """Return the sound of a few beats with another key in the place of a note.

    Raises:
        UserError: there is no such note or key, or no SoundFont.
    """
    place, pitch, kind = wanted.get("note"), wanted.get("pitch"), str(wanted.get("kind"))
    if not _among(place, 0, len(item.piece.notes) - 1) or not _among(pitch, 21, 108):
        raise UserError("ui.music_gone")
    assert isinstance(place, int) and isinstance(pitch, int)
    content = encode(render(with_rival(item.piece, place, pitch), ritardando=False), kind)
    return json.dumps({"key": item.key, "kind": KINDS[kind], "content": base64.b64encode(content).decode("ascii")})


def _among(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def table_file(item: Item, view: str) -> str:
    """Return the numbers of a view as a CSV file that the page's script saves.

    Raises:
        UserError: there is no such view.
    """
    from genai_demo.music.explaining import tables

    told = explained(_receipt(item), item.piece)
    if view == "bars":
        content = tables.bars_csv(_taken_up(_receipt(item).to_json(), item.piece))
    else:
        makers: dict[str, Callable[[Explanation], str]] = {
            "notes": tables.notes_csv,
            "heat": tables.cells_csv,
            "verdicts": tables.verdicts_csv,
            "replay": tables.order_csv,
            "measures": tables.measures_csv,
        }
        if view not in makers:
            raise UserError("ui.music_gone")
        content = makers[view](told)
    return download(f"{view}.csv", "text/csv", content.encode())
