"""Where the measures of a piece stand among those of real pieces; imports no torch.

The numbers of real pieces are quantiles: no piece is stored. `python -m genai_demo.music.evaluation.real_pieces` makes
them.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from genai_demo.music.theory.piece import Piece
from genai_demo.music.theory.statistics import FIGURES, excerpt

BARS = 16
"""bars of the openings that are compared; a piece is measured by its own first ones"""
MEASURES = (
    *("note_density", "polyphony", "pitch_classes", "in_key", "empty_bars"),
    *("clashes", "wide_spans", "leaps", "crossings", "odd_bars", "rhythm_8", "harmony_8"),
)
"""those of `statistics.FIGURES` that are compared"""
QUANTILES = 40
"""steps between the smallest and the largest value of a distribution"""
ALL = "all"
FORMS = {
    "mazurka": r"mazur|mazourk",
    "waltz": r"waltz|walzer|walc|valse",
    "polonaise": r"polon(aise|ez)",
    "nocturne": r"nocturne|nokturn|notturno",
    "march": r"march|marsz|marcia",
    "minuet": r"minuet|menuet|menuett|minuetto",
    "etude": r"etude|étude|etiuda",
    "prelude": r"prelud|prélude",
    "sonata": r"sonat",
    "polka": r"polka",
    "lullaby": r"berceuse|lullaby|kołysanka|wiegenlied",
}
"""words in titles by which the forms are told"""
FILE = Path(__file__).with_name("real_pieces.json")


@dataclass(frozen=True)
class Measure:
    """A measure of a piece, and where it stands among real pieces of a form."""

    name: str
    """one of `MEASURES`"""
    value: float
    form: str
    """one of `FORMS`, or `ALL`"""
    pieces: int
    """real pieces that it stands among"""
    below: float
    """share of them that have less, 0 to 1; of those that have as much, half counts"""
    quantiles: tuple[float, ...]
    """the real pieces' smallest value, `QUANTILES` - 1 between, and the largest"""


def forms_of(title: str) -> list[str]:
    """Return the forms that the title of a piece names, and `ALL`."""
    return [ALL, *(form for form, words in FORMS.items() if re.search(rf"\b({words})", title, re.IGNORECASE))]


@cache
def real_pieces() -> Mapping[str, Any]:
    """Return what is known of real pieces: their number and the quantiles of each measure, by form."""
    found: Mapping[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def share_below(value: float, quantiles: Sequence[float]) -> float:
    """Return the share of a distribution that is below a value, half of what equals it included."""
    steps = len(quantiles) - 1
    low, high = bisect_left(quantiles, value), bisect_right(quantiles, value)
    if low < high:  # from `low` to `high` - 1 the distribution stands still
        return (low + high - 1) / 2 / steps
    if low in (0, len(quantiles)):
        return float(low > 0)
    before, after = quantiles[low - 1], quantiles[low]
    return (low - 1 + (value - before) / (after - before)) / steps


def told(piece: Piece) -> tuple[Measure, ...]:
    """Return the measures of a piece, each among the real pieces of every form."""
    opening = excerpt(piece, 0, BARS)
    found = []
    for name in MEASURES:
        value = FIGURES[name](opening)
        if value is None:
            continue
        for form, known in real_pieces()["forms"].items():
            quantiles = tuple(known["measures"][name])
            found.append(Measure(name, float(value), form, known["pieces"], share_below(value, quantiles), quantiles))
    return tuple(found)
