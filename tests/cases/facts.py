"""The tables of cases: what a row may state of a file, and how it is read off the piece."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from genai_demo.errors import UserError
from genai_demo.music.midi.reading import Reading
from genai_demo.music.notation.played import grace_notes
from genai_demo.music.notation.quantizing import quantize_for_score
from genai_demo.music.theory.piece import LEFT, RIGHT, TICKS, Note
from genai_demo.music.tokens.piece_string import key_id

FOLDER = Path(__file__).parent
WORDS = ("file", "right", "source")
"""what every row has"""


@dataclass(frozen=True)
class Fact:
    """One statement of one row."""

    file: Path
    kind: str
    value: Any

    def __str__(self) -> str:
        return f"{self.file.name}-{self.kind}"

    def found(self, read: Callable[[Path], Reading]) -> Any:
        """Return what `value` should be, from how `read` takes the file."""
        if self.kind == "refused":
            try:
                read(self.file)
            except UserError as error:
                return error.key
            return None
        return FACTS[self.kind](read(self.file))


def facts(table: Path, files: Path) -> Iterator[Fact]:
    """Yield every statement of a table.

    Args:
        table: TOML with one [[case]] a file.
        files: folder of the files.
    """
    for row in tomllib.loads(table.read_text(encoding="utf-8"))["case"]:
        assert all(row.get(word) for word in WORDS), row
        for kind, value in row.items():
            if kind not in WORDS:
                assert kind in FACTS or kind == "refused", f"{row['file']}: no fact is called {kind}"
                yield Fact(files / row["file"], kind, spread(value) if kind == "bars" else value)


def spread(metres: list[str]) -> list[str]:
    """Return "2 x 3/4" as two metres."""
    parts = [re.fullmatch(r"(?:(\d+) x )?(\d+/\d+)", metre) for metre in metres]
    assert all(parts), metres
    return [part[2] for part in parts if part for _ in range(int(part[1] or 1))]


def _lines(notes: Iterable[Note], hand: int) -> list[str]:
    return [
        f"{note.pitch}@{Fraction(note.start, TICKS)}+{Fraction(note.length, TICKS)}"
        for note in notes
        if note.hand == hand
    ]


def _written(hand: int) -> Callable[[Reading], list[str]]:
    def of(reading: Reading) -> list[str]:
        graces = grace_notes(reading.piece)
        notes = tuple(note for note in reading.piece.notes if note not in graces)
        return _lines(quantize_for_score(replace(reading.piece, notes=notes)), hand)

    return of


def _key(reading: Reading) -> str:
    return key_id(reading.piece.key).replace("_", " ") if reading.piece.key else ""


def _keys(reading: Reading) -> list[str]:
    piece = reading.piece
    changes = [f"{piece.bar_at(tick) + 1} {key_id(key).replace('_', ' ')}" for tick, key in piece.key_changes]
    return [f"1 {_key(reading)}", *changes]


FACTS: dict[str, Callable[[Reading], Any]] = {
    "bars": lambda reading: [f"{bar.beats}/{bar.unit}" for bar in reading.piece.bars],
    "hands": lambda reading: [sum(note.hand == hand for note in reading.piece.notes) for hand in (RIGHT, LEFT)],
    "right_hand": lambda reading: _lines(reading.piece.notes, RIGHT),
    "left_hand": lambda reading: _lines(reading.piece.notes, LEFT),
    "written_right": _written(RIGHT),
    "written_left": _written(LEFT),
    "graces": lambda reading: [
        f"{note.pitch} {main.pitch}" for note, main in sorted(grace_notes(reading.piece).items())
    ],
    "key": _key,
    "keys": _keys,
    "tempo": lambda reading: round(reading.piece.tempo, 3),
    "about_tempo": lambda reading: round(reading.piece.tempo),
    "remarks": lambda reading: {remark.key.removeprefix("music."): remark.count for remark in reading.remarks},
}
"""what a row may state, and what it is in a file as it was read"""
