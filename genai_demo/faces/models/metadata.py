"""What a face checkpoint knows of the faces it was trained on: a small table beside its weights; imports no torch."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from genai_demo.engine.files import write_json
from genai_demo.errors import UserError
from genai_demo.faces.requests import AGE, DIRECTIONS, FaceRequest

FILE = "about.json"
_BANDWIDTHS = (4.0, 0.2, 0.2)
"""standard deviations of the kernel that weighs training faces by their labels: years, woman, smile"""


@dataclass(frozen=True)
class LabelTable:
    """How often which labels come together among training faces, for what a visitor leaves open."""

    rows: np.ndarray
    """(N, 3) float: age in years, woman 0 or 1, smile 0 or 1; a column that is not known is NaN throughout"""
    counts: np.ndarray
    """(N,) faces with these labels"""

    @property
    def known(self) -> tuple[bool, bool, bool]:
        """Whether ages, genders and smiles are known."""
        age, woman, smile = (bool(len(self.rows)) & ~np.isnan(self.rows).any(0)).tolist()
        return age, woman, smile

    def draw(self, request: FaceRequest, chance: float) -> FaceRequest:
        """Return `request` with every label filled in that is known.

        Args:
            request: its given labels are kept; the others are drawn from faces of about the same.
            chance: from 0 to below 1, decides which.
        """
        known = np.array(self.known)
        if not known.any():
            return request
        asked = np.array([request.age, request.woman, request.smile])
        given = np.array([request.age != 0, request.woman != -1, request.smile != -1])
        near = (self.rows - asked) / _BANDWIDTHS
        weights = self.counts * np.exp(-0.5 * np.where(given & known, near, 0.0) ** 2).prod(1)
        if weights.sum() < 1e-6:  # nobody is anything like it
            weights = self.counts.astype(float)
        index = int(np.searchsorted(np.cumsum(weights) / weights.sum(), chance, side="right"))
        drawn = self.rows[min(index, len(self.rows) - 1)]
        age, woman, smile = np.where(given | ~known, asked, drawn).tolist()
        if known[0]:
            age = min(max(age, AGE[0]), AGE[1])  # some training faces are older than can be asked for
        return replace(request, age=age, woman=woman, smile=smile)


@dataclass(frozen=True)
class FaceMetadata:
    """The labels that a model was trained on, and the names of its latent directions."""

    table: LabelTable
    directions: tuple[str, ...]
    """what each direction changes most, one of `training.directions.NAMES`; "" where nothing explains it"""

    def write(self, folder: Path) -> None:
        """Write `FILE` into `folder`."""
        rows = [
            [*(None if np.isnan(value) else round(float(value), 3) for value in row), int(count)]
            for row, count in zip(self.table.rows, self.table.counts, strict=True)
        ]
        write_json(folder / FILE, {"labels": rows, "directions": list(self.directions)})

    @classmethod
    def read(cls, folder: Path) -> FaceMetadata:
        """Read `FILE` of `folder`; a checkpoint without it knows no labels.

        Raises:
            UserError: the file is damaged.
        """
        file = folder / FILE
        if not file.is_file():
            return cls(tabulate(np.empty((0, 3))), ("",) * DIRECTIONS)
        try:
            read = json.loads(file.read_text(encoding="utf-8"))
            rows = np.array(read["labels"], dtype=float).reshape(-1, 4)  # (N, 4)
            return cls(LabelTable(rows[:, :3], rows[:, 3]), tuple(map(str, read["directions"])))
        except (ValueError, KeyError, TypeError) as error:
            raise UserError("engine.damaged", file=file, reason=error) from error


def tabulate(labels: np.ndarray) -> LabelTable:
    """Return how often each row of labels (N, 3) occurs; a column with gaps counts as not known."""
    unknown = np.isnan(labels).any(0)
    rows, counts = np.unique(np.where(unknown, 0.0, labels), axis=0, return_counts=True)
    return LabelTable(np.where(unknown, np.nan, rows), counts)
