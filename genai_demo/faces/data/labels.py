"""Faces with what is known of them, and the CSV files that say it."""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from torch import Tensor

from genai_demo.errors import UserError

UNKNOWN = math.nan
_LARGEST_FILE = 200 * 2**20
_AGES = (0, 120)
_GENDERS = {"man": 0.0, "male": 0.0, "m": 0.0, "woman": 1.0, "female": 1.0, "f": 1.0}
_SMILES = {"0": 0.0, "1": 1.0}


@dataclass(frozen=True)
class Faces:
    """Pictures of faces, and what is known of each."""

    pictures: Tensor
    """uint8 (N, 3, S, S), RGB"""
    ages: Tensor
    """float32 (N,), years; NaN where unknown"""
    women: Tensor
    """float32 (N,), 1 for a woman, 0 for a man; NaN where unknown"""
    smiles: Tensor
    """float32 (N,), 1 for a smile, 0 for none; NaN where unknown"""
    names: tuple[str, ...]
    """where each picture came from: a path in its folder or ZIP"""
    left_out: tuple[tuple[str, UserError], ...] = ()
    """names of what could not be used, and why"""

    def __len__(self) -> int:
        return len(self.names)

    def labels(self) -> Tensor:
        """Return ages, women and smiles side by side, (N, 3)."""
        return torch.stack([self.ages, self.women, self.smiles], 1)

    def subset(self, indices: Sequence[int] | Tensor) -> Faces:
        """Return the faces at `indices`, in that order; nothing counts as left out of them."""
        chosen = torch.as_tensor(indices, dtype=torch.int64)
        return Faces(
            self.pictures[chosen],
            self.ages[chosen],
            self.women[chosen],
            self.smiles[chosen],
            tuple(self.names[index] for index in chosen.tolist()),
        )


def join(parts: Sequence[Faces]) -> Faces:
    """Return the faces of all `parts`, which have one size, in their order."""
    return Faces(
        torch.cat([part.pictures for part in parts]),
        torch.cat([part.ages for part in parts]),
        torch.cat([part.women for part in parts]),
        torch.cat([part.smiles for part in parts]),
        tuple(name for part in parts for name in part.names),
        tuple(entry for part in parts for entry in part.left_out),
    )


def data_hash(faces: Faces) -> str:
    """Return 12 hexadecimal digits that stand for exactly these pictures and labels in this order."""
    digest = hashlib.sha256(str(tuple(faces.pictures.shape)).encode())
    digest.update(faces.pictures.numpy().tobytes())
    for values in (faces.ages, faces.women, faces.smiles):
        # There are many bit patterns of NaN, but no label is negative.
        digest.update(values.nan_to_num(-1.0).numpy().astype(np.float32).tobytes())
    return digest.hexdigest()[:12]


@dataclass(frozen=True)
class Label:
    """What is known of one face."""

    age: float = UNKNOWN
    woman: float = UNKNOWN
    smile: float = UNKNOWN
    split: str = ""
    """"" where none is given"""
    chosen: bool = True
    """whether the row is one of those asked for"""


def read_label(row: Mapping[str, str], source: str, line: int, where: Mapping[str, frozenset[str]]) -> Label:
    """Return the label that a row of a table gives; empty cells and missing columns are unknown.

    Args:
        row: cells by the lower-case name of their column.
        source, line: where the row stands, for the sentence that refuses it.
        where: allowed cells by column, as from `read_where`.

    Raises:
        UserError: an age, gender or smile that is not allowed.
    """

    def refuse(column: str, allowed: str) -> UserError:
        value = row[column].strip()[:40]
        return UserError("faces.bad_label", source=source, line=line, column=column, value=value, allowed=allowed)

    def lookup(column: str, meanings: dict[str, float]) -> float:
        cell = row.get(column, "").strip().lower()
        if cell and cell not in meanings:
            raise refuse(column, ", ".join(meanings))
        return meanings.get(cell, UNKNOWN)

    age = UNKNOWN
    if row.get("age", "").strip():
        try:
            age = float(row["age"])
        except ValueError:
            raise refuse("age", f"{_AGES[0]}–{_AGES[1]}") from None
        if not _AGES[0] <= age <= _AGES[1]:  # not a number is not between any bounds
            raise refuse("age", f"{_AGES[0]}–{_AGES[1]}")
    chosen = all(row[column].strip().lower() in allowed for column, allowed in where.items())
    return Label(age, lookup("gender", _GENDERS), lookup("smile", _SMILES), row.get("split", "").strip(), chosen)


def read_where(where: str, columns: Sequence[str], source: str) -> dict[str, frozenset[str]]:
    """Return the allowed cells by column of a choice of rows such as "kind=color_photo,source=bio_guide|manual".

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
            raise UserError("faces.bad_where", value=where[:80])
        if column not in columns:
            raise UserError("faces.no_column", source=source, column=column[:40], found=", ".join(columns)[:200])
        choice[column] = frozenset(cell.strip().lower() for cell in cells.split("|"))
    return choice


class Labels:
    """The rows of a CSV file, found by a picture's name.

    Args:
        file: has the column `file`, the name of a picture with or without its ending, and may have `split`, `age` in
            years, `gender` (male or female, man or woman, m or f) and `smile` (0 or 1).
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
                raise UserError("faces.no_column", source=file.name, column="file", found=", ".join(header)[:200])
            choice = self.where = read_where(where, header, file.name)
            for cells in rows:
                if not cells:
                    continue
                if len(cells) != len(header):
                    raise UserError(
                        "faces.csv_row", file=file.name, line=rows.line_num, found=len(cells), wanted=len(header)
                    )
                row = dict(zip(header, cells, strict=True))
                key = row["file"].strip()
                if key in self._labels:
                    raise UserError("faces.csv_twice", file=file.name, line=rows.line_num, value=key[:80])
                self._labels[key] = read_label(row, file.name, rows.line_num, choice)
        except csv.Error as error:
            raise UserError("faces.bad_csv", file=file.name, line=rows.line_num, reason=error) from error
        self.splits = tuple(sorted({label.split for label in self._labels.values()} - {""}))
        if self._labels and not any(label.chosen for label in self._labels.values()):
            raise UserError("faces.chose_nothing", source=file.name, value=where[:80])

    def find(self, name: str) -> Label | None:
        """Return the label of the picture called `name`, by its path or its last part, with its ending or without."""
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
        raise UserError("faces.csv_too_large", file=file.name, most=_LARGEST_FILE // 2**20)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError("engine.not_utf8", file=file.name) from error
