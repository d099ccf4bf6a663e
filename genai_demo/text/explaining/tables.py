"""Explained tokens as tables: for people, and for spreadsheets; imports no torch."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genai_demo.text.explaining.influence import Influence
    from genai_demo.text.explaining.reading import Reading
    from genai_demo.text.explaining.surprise import ReadWord
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


def words_as_csv(words: Iterable[ReadWord]) -> str:
    """Return a line for every token of the words of a text that was read, with what was expected in its place."""
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(["word", "word_bits", "place", "token", "bits", "expected", "probability"])
    for word in words:
        for token in word.tokens:
            for guess in token.guesses:
                row = [word.text, word.bits, token.place, token.token, token.bits, guess.token, guess.probability]
                table.writerow(row)
    return written.getvalue()


def words_as_table(reading: Reading) -> str:
    """Return a line for each word of a text that was read, and one for each measure of the whole."""
    lines = [f"{word.bits:8.1f}   {word.text.strip()}" for word in reading.words]
    lines = [f"{'bits':>8}   word", *lines, "", f"{'bits':>8}{'bits per byte':>15}   by"]
    lines += [f"{one.bits:8.1f}{one.bits / reading.bytes:15.3f}   {one.name} ({one.kind})" for one in reading.measures]
    if reading.nearest is not None:
        near = reading.nearest
        lines += ["", f"article {near.article} of {near.articles} has {100 * near.share:.0f} % of its words in runs"]
    return "\n".join(lines)


def influence_as_csv(found: Influence) -> str:
    """Return a line for every token that was read, and how much it mattered."""
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(["place", "token", found.method])
    for place, (token, value) in enumerate(zip(found.tokens, found.values, strict=True)):
        table.writerow([place, token, value])
    return written.getvalue()


def influence_as_table(found: Influence) -> str:
    """Return a line for every token that was read, and how much it mattered."""
    lines = [f"{value:+9.3f}   {token.strip()}" for token, value in zip(found.tokens, found.values, strict=True)]
    return "\n".join([f"{found.method:>9}   token", *lines])


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
