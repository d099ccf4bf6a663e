"""Clefs: which one each bar of a staff has."""

from __future__ import annotations

from collections.abc import Sequence

from genai_demo.music.notation.spelling import Name
from genai_demo.music.notation.voices import Event
from genai_demo.music.theory.piece import LEFT

CLEFS = {"G": ("2", 30, 38), "F": ("4", 18, 26)}
"""line of the staff a clef stands on, and `Name.line` of the staff's lowest and highest line"""
_CHANGE = 8
"""ledger lines that a change of clef has to save"""


def heights(lines: Sequence[Sequence[Event]], names: Sequence[Name]) -> list[tuple[int, int]]:
    """Return `Name.line` of the lowest and highest note of every chord of a staff in a bar."""
    chords = [event.notes for line in lines for event in line if event.notes]
    return [(names[chord[0]].line, names[chord[-1]].line) for chord in chords]


def clefs_of(bars: Sequence[Sequence[tuple[int, int]]], hand: int) -> list[str]:
    """Return the clef of every bar of a staff: the one with fewer ledger lines, changed only where that saves some.

    Args:
        bars: lowest and highest `Name.line` of the chords of every bar.
        hand: `RIGHT` or `LEFT`.
    """
    usual = "F" if hand == LEFT else "G"

    def ledgers(bar: Sequence[tuple[int, int]], clef: str) -> int:
        _, low, high = CLEFS[clef]
        return sum(max((low - lowest) // 2, 0) + max((highest - high) // 2, 0) for lowest, highest in bar)

    # The least sum of ledger lines and changes, by dynamic programming over the bars.
    best = {clef: (0.0 if clef == usual else float(_CHANGE), [clef]) for clef in CLEFS}
    for bar in bars:
        reached = {}
        for clef in CLEFS:
            cost, way = min(
                ((cost + _CHANGE * (way[-1] != clef), way) for cost, way in best.values()), key=lambda item: item[0]
            )
            reached[clef] = (cost + ledgers(bar, clef), [*way, clef])
        best = reached
    return min(best.values(), key=lambda item: item[0])[1][1:]
