"""What an evaluation measures, and how it is shown; imports no torch."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured number, and what it is to be compared with."""

    value: float
    unit: str
    """what it counts, such as "share" (0 to 1), "bits", "distance" or "seconds\""""
    n: int
    """how many were measured; its `Meaning` says of what"""
    real: float | None = None
    """its floor: the same figure of real, held-out examples; None where it was not, or cannot be, measured"""
    baseline: float | None = None
    """what the simplest model reaches"""
    spread: float | None = None
    """standard deviation of `real` among draws of real examples; None where there was one draw"""


Figures = dict[str, Figure]


@dataclass(frozen=True)
class Meaning:
    """What a figure is."""

    title: str
    better: str = "-"
    """"low", "high", or "as real": as near as may be to the floor"""
    counted: str = ""
    """what `Figure.n` counts"""
    baseline: str = ""
    """what the baseline is, where that is not the same for all figures"""
    digits: int | None = None
    """after the point; None goes by the unit"""


Row = tuple[str, ...]
_DIGITS = {"bits per byte": 3, "bits per character": 3, "bits": 3, "distance": 3}


def _shown(value: float | None, unit: str, digits: int | None) -> str:
    if value is None:
        return "-"
    if unit == "share" and digits is None:
        return f"{100 * value:.1f} %"
    return f"{value:.{_DIGITS.get(unit, 2) if digits is None else digits}f}"


def _cells(figure: Figure, meaning: Meaning) -> dict[str, str]:
    numbers = {"value": figure.value, "real": figure.real, "baseline": figure.baseline, "spread": figure.spread}
    cells = {name: _shown(number, figure.unit, meaning.digits) for name, number in numbers.items()}
    if figure.baseline is not None and meaning.baseline:
        cells["baseline"] += f" ({meaning.baseline})"
    # An unbiased estimate may lie at or below 0, where a ratio says nothing.
    floor = figure.real if figure.real is not None and figure.unit != "squared MMD" else 0.0
    cells["ratio"] = f"{figure.value / floor:.2f}" if floor > 0 else "-"
    return cells | {"better": meaning.better, "n": f"{figure.n:,} {meaning.counted}"}


def figure_rows(figures: Figures, meanings: Mapping[str, Meaning], columns: Mapping[str, str]) -> list[Row]:
    """Return a header and one row of words for each figure, in the order of `meanings`.

    Args:
        figures: by name, each of which has a meaning.
        meanings: by name.
        columns: what the columns after the first are called, by "value", "real", "baseline", "spread", "ratio" (value
            over floor), "better" or "n".
    """
    rows: list[Row] = [("figure", *columns.values())]
    for name, meaning in meanings.items():
        if name in figures:
            cells = _cells(figures[name], meaning)
            rows.append((meaning.title, *(cells[column] for column in columns)))
    return rows


def plain_table(rows: Sequence[Row], right: bool = False) -> str:
    """Return rows in columns, for a terminal.

    Args:
        rows: the header first, all of the same length.
        right: align all columns but the first at their right side.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    align = [str.ljust, *[str.rjust if right else str.ljust] * (len(widths) - 1)]
    return "\n".join(
        "  ".join(side(cell, width) for side, cell, width in zip(align, row, widths, strict=True)).rstrip()
        for row in rows
    )


def markdown_table(rows: Sequence[Row], right: Collection[str] = ()) -> str:
    """Return rows as a Markdown table.

    Args:
        rows: the header first, all of the same length.
        right: headers of the columns that are aligned at their right side.
    """
    lines = [rows[0], tuple("---:" if name in right else "---" for name in rows[0]), *rows[1:]]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
