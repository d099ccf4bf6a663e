"""Explained tokens as tables: for people, and for spreadsheets; imports no torch."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genai_demo.text.explaining.tokens import Entry, Rival

_OF_TOKEN = ("place", "step", "token", "id", "probability", "forbidden")
_OF_RIVAL = ("rival", "rival_id", "before", "after", "allowed")
_NAMED = 4
"""rivals that a line of the table for people names"""


def as_csv(entries: Iterable[Entry]) -> str:
    """Return a line for every rival of every token, below the names of the columns."""
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow([*_OF_TOKEN, *_OF_RIVAL])
    for entry in entries:
        of_token = [getattr(entry, name) for name in _OF_TOKEN]
        for rival in entry.rivals:
            table.writerow([*of_token, rival.token, rival.id, rival.before, rival.after, int(rival.allowed)])
    return written.getvalue()


def as_table(entries: Iterable[Entry]) -> str:
    """Return a line for each token: its probability, what the rules took away, and its likeliest rivals."""
    lines = [f"{'token':<16}{'drawn with':>10}{'forbidden':>11}   rivals: before -> after shaping"]
    for entry in entries:
        rivals = [rival for rival in entry.rivals if rival.id != entry.id][:_NAMED]
        told = ", ".join(f"{_quoted(rival)} {_percent(rival.before)} -> {_percent(rival.after)}" for rival in rivals)
        lines.append(
            f"{entry.token.strip() or repr(entry.token):<16}{_percent(entry.probability):>10}"
            f"{_percent(entry.forbidden):>11}   {told}".rstrip()
        )
    return "\n".join(lines)


def _quoted(rival: Rival) -> str:
    return repr(rival.token) if rival.token else f"<{rival.id}>"


def _percent(probability: float) -> str:
    return f"{100 * probability:.1f} %"
