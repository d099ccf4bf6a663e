"""A text that a model read, as HTML: everything that a visitor wrote is escaped here."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from genai_demo.text.explaining.known import Nearest, known
from genai_demo.text.explaining.tables import words_as_csv
from genai_demo.text.requests import WRITERS, ReadRequest
from genai_demo.ui.address import link
from genai_demo.ui.components.reading import said
from genai_demo.ui.languages import text

if TYPE_CHECKING:
    from genai_demo.text.explaining.reading import Measure, Reading
    from genai_demo.text.explaining.surprise import ReadWord

_LEVELS = (3, 7, 12)
"""bits from which a word is shaded more"""
_SHOWN_RUNS = 3


@dataclass(frozen=True)
class Read:
    """What the page shows: enough to draw it again in another language."""

    request: ReadRequest
    reading: Reading
    units: int
    """of the network that go from word to word; 0 where there are none"""
    ships: bool
    """whether the model that read ships, and a link shows the same to everybody"""


def read_result(shown: Read, language: str) -> str:
    """Return a text as it was read: its words, what they cost, and what it has in common with what was learnt."""
    request, reading = shown.request, shown.reading
    written = WRITERS[reading.reader].language
    told = {
        "request": asdict(request),
        "words": [asdict(word) for word in reading.words],
        "csv": words_as_csv(reading.words),
        "units": shown.units,
    }
    data = {"told": json.dumps(told, ensure_ascii=False), "link": link("news", "read", request) if shown.ships else ""}
    attributes = "".join(f' data-{name}="{escape(value)}"' for name, value in data.items())
    spans = "".join(_word(word, number, language) for number, word in enumerate(reading.words))
    strange = f'<p class="notice" role="status">{escape(text("read_strange", language))}</p>' if reading.strange else ""
    legend = "read_legend_zh" if written == "zh" else "read_legend"
    label = escape(text("read_label", language))
    return (
        f'<article class="reading" aria-label="{label}" {said(language)}{attributes}>{strange}'
        f'<p class="hint">{escape(text("read_intro", language))}</p>'
        f'<p class="read-text" lang="{written}">{spans}</p>'
        f'<p class="hint read-legend">{escape(text(legend, language))}</p>'
        '<div class="read-about" aria-live="polite"></div>'
        f"{_units(shown, language)}{_totals(reading, language)}"
        f"{_nearest(reading, reading.reader, request.text, language)}"
        f'<p class="hint">{escape(_by(shown, language))}</p></article>'
    )


def _by(shown: Read, language: str) -> str:
    model = shown.reading.model
    if not shown.ships:
        model = "/".join(Path(model).parts[-3:])  # the run and its snapshot, without where they lie
    return text("read_model_line", language, model=model, checkpoint=shown.reading.checkpoint)


def _word(word: ReadWord, number: int, language: str) -> str:
    shown = word.text.lstrip()
    if not shown:
        return escape(word.text)
    space = escape(word.text[: len(word.text) - len(shown)])
    level = 1 + sum(word.bits >= bound for bound in _LEVELS)
    label = f"{shown.strip()}, {text('read_word', language, bits=f'{word.bits:.1f}')}"
    stop = 0 if number == 0 else -1
    return (
        f'{space}<span class="read-word bits-{level}" role="button" tabindex="{stop}" data-word="{number}" '
        f'aria-label="{escape(label)}">{escape(shown)}</span>'
    )


def _totals(reading: Reading, language: str) -> str:
    heads = "".join(
        f'<th scope="col">{escape(text(key, language))}</th>'
        for key in ("read_by", "read_bits", "read_total", "read_means")
    )
    most = max(one.bits for one in reading.measures)
    rows = "".join(_total(one, reading, most, language) for one in reading.measures)
    return (
        f'<p class="small-heading">{escape(text("read_totals", language))}</p>'
        f'<table class="read-totals"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    )


def _total(one: Measure, reading: Reading, most: float, language: str) -> str:
    share = 100 * one.bits / most
    return (
        f'<tr><th scope="row">{escape(text(f"read_{one.name}", language))}</th>'
        f'<td><span class="read-bar" style="--share: {share:.1f}%">{one.bits / reading.bytes:.2f}</span></td>'
        f"<td>{one.bits:.0f}</td><td>{escape(_meaning(one, reading, language))}</td></tr>"
    )


def _meaning(one: Measure, reading: Reading, language: str) -> str:
    from genai_demo.text.explaining.reading import GZIP_FRAME
    from genai_demo.text.explaining.surprise import ORDERS, ROUNDS

    if one.name == "kneser_ney":
        counted = known(WRITERS[reading.reader].name)
        assert counted
        values = {"articles": f"{counted.articles:,}", "pairs": f"{counted.kept:,}"}
        return text("read_counted", language, **values)
    values = {"rounds": str(ROUNDS), "orders": str(ORDERS), "frame": str(GZIP_FRAME)}
    return text(f"read_{one.kind}", language, **values)


def _nearest(reading: Reading, written: str, text_read: str, language: str) -> str:
    lines = nearest_lines(reading.nearest, written, text_read, language)
    return "".join(f'<p class="hint">{escape(line)}</p>' for line in lines)


def nearest_lines(nearest: Nearest | None, reader: str, text_read: str, language: str) -> list[str]:
    """Return what there is to say of the article that has most in common with a text; nothing where nothing is known.

    Args:
        nearest: it, None where there is none.
        reader: short name of the model that read or wrote the text.
        text_read: the text.
        language: to say it in.
    """
    counted = known(WRITERS[reader].name)
    if counted is None:
        return []
    note = text("read_nearest_note_zh" if WRITERS[reader].language == "zh" else "read_nearest_note", language)
    articles = f"{counted.articles:,}"
    if nearest is None:
        return [text("read_nearest_none", language, articles=articles), note]
    longest = sorted(nearest.spans, key=lambda span: span[0] - span[1])[:_SHOWN_RUNS]
    runs = " · ".join(text_read[first:end] for first, end in sorted(longest))
    shares = {name: f"{100 * getattr(nearest, name):.0f} %" for name in ("share", "anywhere")}
    said = text("read_nearest", language, articles=articles, article=f"{nearest.article:,}", runs=runs, **shares)
    return [said, note]


def _units(shown: Read, language: str) -> str:
    """What one unit reacts to; the script shows it."""
    title = escape(text("units_title", language))
    if not shown.units:
        only = escape(text("units_only_gru", language))
        return f'<details class="read-units"><summary>{title}</summary><p class="hint">{only}</p></details>'
    intro = escape(text("units_intro", language, count=f"{shown.units:,}"))
    number, show, find = (escape(text(f"units_{key}", language)) for key in ("number", "show", "find"))
    return (
        f'<details class="read-units"><summary>{title}</summary><p class="hint">{intro}</p>'
        f'<p class="unit-row"><label>{number} '
        f'<input type="number" min="0" max="{shown.units - 1}" step="1" value="0"></label>'
        f'<button type="button" class="tool" data-show="">{show}</button>'
        f'<button type="button" class="tool" data-find="">{find}</button></p><div class="unit-list"></div></details>'
    )
