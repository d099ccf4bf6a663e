"""What an evaluation finds, and how it is shown; imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One measured number, and what it is to be compared with."""

    value: float
    unit: str
    """"bits per byte", "share" (0 to 1), "words" or "seconds\""""
    n: int
    """how many were measured; `MEANINGS` says of what"""
    real: float | None = None
    """the same figure of real held-out articles; None where it was not, or cannot be, measured"""
    baseline: float | None = None
    """what the simplest model reaches; `MEANINGS` says which"""


@dataclass(frozen=True)
class Meaning:
    """What a figure is."""

    title: str
    counted: str
    """what `n` counts"""
    baseline: str = ""
    """what the baseline is"""


MEANINGS = {
    "bits_per_byte": Meaning("bits per byte, topic not told", "articles", "Kneser-Ney, order 5"),
    "bits_per_byte_topic_known": Meaning("bits per byte, topic told", "articles"),
    "kneser_ney_order_3": Meaning("bits per byte of Kneser-Ney, order 3", "articles"),
    "kneser_ney_order_5": Meaning("bits per byte of Kneser-Ney, order 5", "articles"),
    "bits_per_byte_bound": Meaning("bits per byte, upper bound over orders of filling in", "articles"),
    "fill_in_accuracy": Meaning("masked tokens guessed right, 15 % masked", "tokens", "always the commonest token"),
    "topic_recognised": Meaning("texts whose topic a classifier recognises", "texts", "chance"),
    "distinct_2": Meaning("different pairs of words among all pairs (distinct-2)", "words"),
    "copied_8_grams": Meaning("8-grams that stand in the training data", "texts"),
    "mean_words": Meaning("words per text", "texts"),
    "ends_sentence": Meaning("texts that end with a sentence", "texts"),
    "known_words": Meaning("words that real texts use as well", "words"),
    "seconds_per_text": Meaning("seconds per text", "texts"),
    "topic_accuracy": Meaning("topics recognised", "articles", "always the commonest topic"),
}
"""every figure an evaluation may hold, in the order in which they are shown"""

HEADER = ("figure", "value", "real articles", "baseline", "measured on")


def rows(report: dict[str, Any]) -> list[tuple[str, ...]]:
    """Return the figures of a report as rows of words, one column for each of `HEADER`."""
    found: list[tuple[str, ...]] = []
    for name, meaning in MEANINGS.items():
        if name in report["figures"]:
            figure = Figure(**report["figures"][name])
            baseline = _shown(figure.baseline, figure.unit)
            found.append(
                (
                    meaning.title,
                    _shown(figure.value, figure.unit),
                    _shown(figure.real, figure.unit),
                    f"{baseline} ({meaning.baseline})" if figure.baseline is not None else baseline,
                    f"{figure.n:,} {meaning.counted}",
                )
            )
    return found


def _shown(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    if unit == "share":
        return f"{100 * value:.1f} %"
    return f"{value:.3f}" if unit == "bits per byte" else f"{value:.2f}"


def plain_table(report: dict[str, Any]) -> str:
    """Return the figures in columns, for a terminal."""
    lines = [HEADER, *rows(report)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def markdown_table(report: dict[str, Any]) -> str:
    """Return the figures as a Markdown table."""
    lines = [HEADER, tuple("---" for _ in HEADER), *rows(report)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
