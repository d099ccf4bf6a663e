"""What is told of a piece as tables: for people, and for spreadsheets; imports no torch."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from genai_demo.music.theory.piece import TICKS

if TYPE_CHECKING:
    from genai_demo.music.explaining.bars import TakenUp
    from genai_demo.music.explaining.explanation import Explanation

_NOTE = ("place", "bar", "start", "pitch", "length", "hand", "step", "probability")
_PART = ("kind", "token", "forbidden")
_RIVAL = ("before", "after")
_NAMED = 4
"""rivals that a line of the table for people names"""
_FOUND = ("bar", "earlier", "bits", "attention", "alike")
_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def notes_csv(told: Explanation) -> str:
    """Return a line for every rival of every part of every note, below the names of the columns."""
    rows = (
        (
            *(getattr(entry, name) for name in _NOTE),
            *(getattr(part, name) for name in _PART),
            *(rival.token, *(getattr(rival, name) for name in _RIVAL), int(rival.allowed)),
        )
        for entry in told.entries
        for part in entry.parts
        for rival in part.rivals
    )
    return _csv((*_NOTE, *_PART, "rival", *_RIVAL, "allowed"), rows)


def cells_csv(told: Explanation) -> str:
    """Return a line for every cell of the roll that had a probability of at least a hundredth."""
    return _csv(("start", "pitch", "probability"), told.heat.cells() if told.heat else ())


def order_csv(told: Explanation) -> str:
    """Return a line for every column that the masked model filled, in the order in which it did."""
    return _csv(("step", "start", "hand", "struck"), ((c.step, c.start, c.hand, c.struck) for c in told.cells))


def verdicts_csv(told: Explanation) -> str:
    """Return a line for every bar that the discriminator judged."""
    names = ("bar", "roll", "harmony", "changes", "score", "rank", "drafts")
    return _csv(names, ([getattr(one, name) for name in names] for one in told.verdicts))


def measures_csv(told: Explanation) -> str:
    """Return a line for every measure among the pieces of every form."""
    names = ("name", "value", "form", "pieces", "below")
    return _csv(names, ([getattr(one, name) for name in names] for one in told.measures))


def bars_csv(found: Iterable[TakenUp]) -> str:
    """Return a line for every pair of bars."""
    return _csv(_FOUND, ([getattr(one, name) for name in _FOUND] for one in found))


def _csv(names: Sequence[str], rows: Iterable[Iterable[Any]]) -> str:
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(names)
    table.writerows(rows)
    return written.getvalue()


def as_table(told: Explanation) -> str:
    """Return a line for each note: where it stands, its probability, and its likeliest rivals."""
    lines = [
        f"{'bar':>4}{'quarter':>9}  {'note':<6}{'drawn with':>10}{'forbidden':>11}   rivals: before -> after shaping"
    ]
    for entry in told.entries:
        part = next(part for part in entry.parts if part.kind == "pitch")
        rivals = [rival for rival in part.rivals if rival.token != part.token][:_NAMED]
        said = ", ".join(
            f"{_name(rival.token)} {_percent(rival.before)} -> {_percent(rival.after)}" for rival in rivals
        )
        lines.append(
            f"{entry.bar + 1:>4}{entry.start / TICKS + 1:>9.2f}  {_name(part.token):<6}"
            f"{_percent(entry.probability):>10}{_percent(part.forbidden):>11}   {said}".rstrip()
        )
    return "\n".join(lines)


def _name(token: str) -> str:
    kind, _, value = token.partition("_")
    if kind != "PITCH":
        return token.lower()
    return f"{_NAMES[int(value) % 12]}{int(value) // 12 - 1}"


def _percent(probability: float) -> str:
    return f"{100 * probability:.1f} %"
