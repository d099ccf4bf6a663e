"""What is known of pieces of music beside their notes, and the CSV files that say it; imports no torch."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from genai_demo.errors import UserError
from genai_demo.music.midi.events import TEMPOS
from genai_demo.music.theory.piece import MODES, Key

_LARGEST_FILE = 50 * 2**20
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
    split: str = ""
    chosen: bool = True
    """whether the row is one of those asked for"""


def read_key(name: str) -> Key | None:
    """Return the key of a name such as "Eb major" or "F# minor"; None for anything else."""
    tonic, _, mode = name.strip().partition(" ")
    letter, accidental = tonic[:1].upper(), tonic[1:]
    if letter not in _LETTERS or accidental not in _ACCIDENTALS or mode.strip().lower() not in MODES:
        return None
    return Key((_LETTERS[letter] + _ACCIDENTALS[accidental]) % 12, mode.strip().lower())


def read_label(row: Mapping[str, str], source: str, line: int, where: Mapping[str, frozenset[str]]) -> Label:
    """Return the label that a row of a table gives; empty cells and missing columns are unknown.

    Args:
        row: cells by the lower-case name of their column.
        source, line: where the row stands, for the sentence that refuses it.
        where: allowed cells by column, as from `read_where`.

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
    chosen = all(cell(column).lower() in allowed for column, allowed in where.items())
    return Label(
        cell("composer"),
        cell("title"),
        cell("licence") or cell("license"),
        cell("source"),
        read_key(cell("key")),
        tempo,
        cell("split"),
        chosen,
    )


def read_where(where: str, columns: Sequence[str], source: str) -> dict[str, frozenset[str]]:
    """Return the allowed cells by column of a choice of rows such as "licence=Public Domain|CC BY 4.0,source=mutopia".

    Args:
        where: `column=cell` or `column=cell|cell`, several of them joined by commas, all of which must hold; upper and
            lower case are the same. "" chooses every row.
        columns: the columns that there are, in lower case.
        source: what is chosen from, for the sentence.

    Raises:
        UserError: not of this form, or no such column.
    """
    choice: dict[str, frozenset[str]] = {}
    for part in where.split(",") if where.strip() else ():
        column, equals, cells = part.partition("=")
        column = column.strip().lower()
        if not equals or not column or column in choice:
            raise UserError("music.bad_where", value=where[:80])
        if column not in columns:
            raise UserError("music.no_column", source=source, column=column[:40], found=", ".join(columns)[:200])
        choice[column] = frozenset(cell.strip().lower() for cell in cells.split("|"))
    return choice


class Labels:
    """The rows of a CSV file, found by a piece's name.

    Args:
        file: has the column `file`, the name of a MIDI file with or without its ending, and may have `split`,
            `composer`, `title`, `licence`, `source`, `key` such as "Eb major" and `tempo` (or `tempo_quarter_bpm`) in
            quarter notes per minute.
        where: which rows to choose, see `read_where`.

    Raises:
        UserError: no such file, or not of this form.
    """

    def __init__(self, file: Path, where: str = "") -> None:
        self.source = file.name
        self._labels: dict[str, Label] = {}
        rows = csv.reader(io.StringIO(_read_text(file), newline=""), strict=True)
        try:
            header = [name.strip().lower() for name in next(rows, [])]
            if "file" not in header:
                raise UserError("music.no_column", source=file.name, column="file", found=", ".join(header)[:200])
            choice = self.where = read_where(where, header, file.name)
            for cells in rows:
                if not cells:
                    continue
                if len(cells) != len(header):
                    raise UserError(
                        "music.csv_row", file=file.name, line=rows.line_num, found=len(cells), wanted=len(header)
                    )
                row = dict(zip(header, cells, strict=True))
                key = row["file"].strip()
                if key in self._labels:
                    raise UserError("music.csv_twice", file=file.name, line=rows.line_num, value=key[:80])
                self._labels[key] = read_label(row, file.name, rows.line_num, choice)
        except csv.Error as error:
            raise UserError("music.bad_csv", file=file.name, line=rows.line_num, reason=error) from error
        self.splits = tuple(sorted({label.split for label in self._labels.values()} - {""}))
        if self._labels and not any(label.chosen for label in self._labels.values()):
            raise UserError("music.chose_nothing", source=file.name, value=where[:80])

    def find(self, name: str) -> Label | None:
        """Return the label of the piece called `name`, by its path or its last part, with its ending or without."""
        path = PurePosixPath(name)
        for key in (name, str(path.with_suffix("")), path.name, path.stem):
            if key in self._labels:
                return self._labels[key]
        return None


def _read_text(file: Path) -> str:
    if not file.is_file():
        raise UserError("engine.no_file", file=file)
    with file.open("rb") as stream:
        content = stream.read(_LARGEST_FILE + 1)
    if len(content) > _LARGEST_FILE:
        raise UserError("music.csv_too_large", file=file.name, most=_LARGEST_FILE // 2**20)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError("engine.not_utf8", file=file.name) from error
