"""Faces with what is known of them."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
import torch
from torch import Tensor

from genai_demo.errors import UserError

UNKNOWN = math.nan
COLUMNS = frozenset({"age", "gender", "smile", "male", "smiling"})
"""of a label table, see `read_label`"""
_AGES = (0, 120)
_GENDERS = {"man": 0.0, "male": 0.0, "m": 0.0, "woman": 1.0, "female": 1.0, "f": 1.0}
_SMILES = {"0": 0.0, "1": 1.0}
_SMILING = {"-1": 0.0, "0": 0.0, "1": 1.0}
_MALE = {"-1": 1.0, "0": 1.0, "1": 0.0}
"""whether it is a woman, by what says whether it is a man"""
_NAME = re.compile(r"(\d{1,3})_([01])_(?:[0-4]_)?\d{8,}")
"""age, gender, where given the race, and the time, with which the names of UTKFace begin"""


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


def label_in_name(name: str) -> Label:
    """Return what the name of a picture says, as UTKFace names them; nothing is known where it is named otherwise.

    Source: Zhang, Song and Qi, "Age progression/regression by conditional adversarial autoencoder", CVPR 2017, whose
    set names its files [age]_[gender]_[race]_[date and time].jpg, 0 for male and 1 for female; three lack the race.
    """
    found = _NAME.match(PurePosixPath(name).name)
    if not found or not _AGES[0] <= int(found[1]) <= _AGES[1]:
        return Label()
    return Label(float(found[1]), float(found[2]))


def read_label(row: Mapping[str, str], source: str, line: int) -> Label:
    """Return what a row of a label table says: `age` in years, `gender` (male or female, man or woman, m or f) and
    `smile` (0 or 1), or `male` and `smiling` (1 for yes, -1 or 0 for no); empty cells and missing columns are unknown.

    Args:
        row: cells by the lower-case name of their column.
        source, line: where the row stands, for the sentence that refuses it.

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
    gender = lookup("gender", _GENDERS) if row.get("gender", "").strip() else lookup("male", _MALE)
    smile = lookup("smile", _SMILES) if row.get("smile", "").strip() else lookup("smiling", _SMILING)
    return Label(age, gender, smile)
