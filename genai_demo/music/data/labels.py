"""What is known of pieces of music beside their notes; imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from genai_demo.errors import UserError
from genai_demo.music.midi.events import TEMPOS
from genai_demo.music.theory.piece import MODES, Key

COLUMNS = frozenset({"composer", "title", "licence", "license", "source", "key", "tempo", "tempo_quarter_bpm"})
"""of a label table, see `read_label`"""
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ACCIDENTALS = {"": 0, "#": 1, "b": -1, "♯": 1, "♭": -1}


@dataclass(frozen=True)
class Label:
    """What is known of one piece; "" and None where unknown."""

    composer: str = ""
    title: str = ""
    licence: str = ""
    source: str = ""
    """where it was taken from"""
    key: Key | None = None
    tempo: float | None = None
    """quarter notes per minute"""


def read_key(name: str) -> Key | None:
    """Return the key of a name such as "Eb major" or "F# minor"; None for anything else."""
    tonic, _, mode = name.strip().partition(" ")
    letter, accidental = tonic[:1].upper(), tonic[1:]
    if letter not in _LETTERS or accidental not in _ACCIDENTALS or mode.strip().lower() not in MODES:
        return None
    return Key((_LETTERS[letter] + _ACCIDENTALS[accidental]) % 12, mode.strip().lower())


def read_label(row: Mapping[str, str], source: str, line: int) -> Label:
    """Return what a row of a label table says: `composer`, `title`, `licence`, `source`, `key` such as "Eb major" and
    `tempo` (or `tempo_quarter_bpm`) in quarter notes per minute; empty cells and missing columns are unknown.

    Args:
        row: cells by the lower-case name of their column.
        source, line: where the row stands, for the sentence that refuses it.

    Raises:
        UserError: a tempo that is not allowed.
    """

    def cell(column: str) -> str:
        return row.get(column, "").strip()

    tempo: float | None = None
    if stated := cell("tempo") or cell("tempo_quarter_bpm"):
        try:
            tempo = float(stated)
        except ValueError:
            tempo = float("nan")
        if not TEMPOS[0] <= tempo <= TEMPOS[1]:  # not a number is not between any bounds
            raise UserError("music.csv_tempo", file=source, line=line, value=stated[:40], low=TEMPOS[0], high=TEMPOS[1])
    licence = cell("licence") or cell("license")
    return Label(cell("composer"), cell("title"), licence, cell("source"), read_key(cell("key")), tempo)
