"""Reading faces: folders and ZIP archives of pictures with a label table, and data sets of the Hugging Face hub."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from genai_demo.engine.data.sources import Member, SourceKind, open_source
from genai_demo.errors import UserError
from genai_demo.faces.data.labels import COLUMNS, Faces, Label, label_in_name, read_label
from genai_demo.faces.data.pictures import MOST_BYTES, open_picture, square_picture
from genai_demo.faces.data.sample import COUNT, sample_members

_QUIET_UP_TO = 2000
"""pictures that are read without showing progress"""


def _find_column(features: Mapping[str, Any]) -> str | None:
    from datasets import Image

    return next((column for column, feature in features.items() if isinstance(feature, Image)), None)


KIND = SourceKind(
    sentences="faces",
    suffixes=(),
    most_bytes=MOST_BYTES,
    most_members=500_000,
    most_unpacked=16 * 2**30,
    read_label=read_label,
    label_columns=COLUMNS,
    find_column=_find_column,
    sample=sample_members,
    usual_sample=COUNT,
    tables=("list_attr_celeba.txt", "list_attr_celeba.csv"),
)


def read_faces(
    source: str, labels: str | None = None, split: str | None = None, size: int = 64, where: str = ""
) -> Faces:
    """Read all faces of a folder, a ZIP archive or a hub data set, as squares.

    What cannot be used is left out and listed in `Faces.left_out`.

    Args:
        source, labels, split, where: see `open_source`; the labels are those of `read_label`, or where a table says
            nothing of a picture, those of `label_in_name`.
        size: side of the squares in pixels.

    Raises:
        UserError: no such source, labels that do not fit, nothing that can be used, or one picture only where another
            is to be held out.
    """
    with open_source(KIND, source, split, where, labels) as selection:
        name, members, left_out = selection.source, selection.members, selection.left_out
        pictures = np.empty((len(members), 3, size, size), np.uint8)
        kept: list[Member[Label]] = []
        quiet = len(members) <= _QUIET_UP_TO
        for member in tqdm(members, desc=name, unit=" pictures", file=sys.stderr, disable=quiet, leave=False):
            try:
                # Four times the size, so that little is lost before the Lanczos filter.
                picture = open_picture(member.read(), enough=4 * size)
            except UserError as error:
                left_out.append((member.name, error))
                continue
            pictures[len(kept)] = np.asarray(square_picture(picture, size)).transpose(2, 0, 1)  # (3, S, S)
            kept.append(member)
    if not kept:
        raise UserError("faces.no_pictures", source=name, count=len(left_out))
    chosen = selection.in_split(kept)
    if len(chosen) < len(kept):
        pictures, kept = pictures[chosen], [kept[index] for index in chosen]
    rows = [member.label or label_in_name(member.name) for member in kept]
    return Faces(
        torch.from_numpy(pictures[: len(kept)]),
        torch.tensor([row.age for row in rows], dtype=torch.float32),
        torch.tensor([row.woman for row in rows], dtype=torch.float32),
        torch.tensor([row.smile for row in rows], dtype=torch.float32),
        tuple(member.name for member in kept),
        selection.told(left_out),
    )
