"""Reading faces: folders and ZIP archives of pictures with a CSV of labels, and data sets of the Hugging Face hub."""

from __future__ import annotations

import hashlib
import re
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from tqdm import tqdm

from genai_demo.errors import UserError
from genai_demo.faces.data.labels import Faces, Label, Labels
from genai_demo.faces.data.pictures import open_picture, square_picture
from genai_demo.faces.data.sources import Member, folder_members, hub_members, looks_like_hub_id, zip_members

SPLITS = ("train", "validation")
"""splits that every source has: where it names none, some pictures are held out by their names"""
_HELD_OUT = 0.06
_QUIET_UP_TO = 2000
"""pictures that are read without showing progress"""


def read_faces(
    source: str, labels: str | None = None, split: str | None = None, size: int = 64, where: str = ""
) -> Faces:
    """Read all faces of a folder, a ZIP archive or a hub data set, as squares.

    What cannot be used is left out and listed in `Faces.left_out`.

    Args:
        source: path of a folder, with all folders in it, or of a `.zip` file; or the hub id of a data set with a
            column of pictures, whose columns age, gender and smile are the labels.
        labels: CSV file of labels, see `Labels`. None takes `labels.csv` in the folder, or the file beside the source
            that is called like it, with or without a number at the end: `faces.csv` for `faces_64.zip`.
        split: "train", "validation", or another one that the CSV or the data set names. None takes all pictures (of a
            data set, those of its split "train"). Where no splits are named, about 6 % of the pictures, chosen by
            their names, are the validation.
        size: side of the squares in pixels.
        where: which rows of the labels to choose, such as "kind=color_photo,source=bio_guide", see `read_where`.

    Raises:
        UserError: no such source, labels that do not fit, or nothing that can be used.
    """
    path = Path(source)
    if not path.exists() and looks_like_hub_id(source):
        if labels is not None:
            raise UserError("faces.hub_labels", name=source)
        members, whole = hub_members(source, split, where)
        return _read(source, _chosen(source, members, (), None if whole else split), size)
    # The current folder has a name, too.
    path = path.resolve() if path.is_dir() else path
    table = _labels(path, labels, where)
    if path.is_dir():
        return _read_labelled(path, folder_members(path), table, split, size)
    if not path.is_file():
        raise UserError("engine.no_file", file=path)
    if not zipfile.is_zipfile(path) and path.suffix.lower() != ".zip":
        raise UserError("faces.unknown_source", source=path.name)
    with zip_members(path) as members:
        return _read_labelled(path, members, table, split, size)


def _labels(path: Path, labels: str | None, where: str) -> Labels | None:
    """Return the labels that were named or found, or None where there are none."""
    if labels is not None:
        return Labels(Path(labels), where)
    stem = path.stem if path.suffix.lower() == ".zip" else path.name
    plain = re.sub(r"_\d+$", "", stem)
    places = (path / "labels.csv", path.parent / f"{stem}.csv", path.parent / f"{plain}.csv")
    found = next((place for place in places if place.is_file()), None)
    if found is None and where.strip():
        raise UserError("faces.where_without_labels", value=where[:80])
    return Labels(found, where) if found else None


def _read_labelled(path: Path, members: list[Member], table: Labels | None, split: str | None, size: int) -> Faces:
    if table is None:
        return _read(path.name, _chosen(path.name, members, (), split), size)
    members = [replace(member, label=table.find(member.name)) for member in members]
    known = [member for member in members if member.label is not None]
    if not known:
        raise UserError("faces.no_match", labels=table.source, source=path.name)
    if not table.where and not (split and table.splits):
        return _read(path.name, _chosen(path.name, members, (), split), size)
    left_out = [(member.name, UserError("faces.no_row", labels=table.source)) for member in members if not member.label]
    return _read(path.name, _chosen(path.name, known, table.splits, split), size, left_out)


def _chosen(source: str, members: list[Member], splits: Sequence[str], split: str | None) -> list[Member]:
    """Return the members that `where` and `split` ask for.

    Args:
        source: their source, for the sentences.
        members: to choose from.
        splits: what their labels name; empty where they name none.
        split: see `read_faces`.
    """
    members = [member for member in members if member.label is None or member.label.chosen]
    if split is None:
        return members
    if splits:
        if split not in splits:
            raise UserError("faces.no_split", source=source, value=split[:40], found=", ".join(splits)[:200])
        return [member for member in members if member.label is not None and member.label.split == split]
    if split not in SPLITS:
        raise UserError("faces.no_split", source=source, value=split[:40], found=", ".join(SPLITS))
    ranks = [_rank(member.name) for member in members]
    # Few pictures: at least one of them is held out.
    bound = max(_HELD_OUT, min(ranks, default=0.0))
    return [member for member, rank in zip(members, ranks, strict=True) if (rank <= bound) == (split == "validation")]


def _rank(name: str) -> float:
    """Return a number between 0 and 1 that depends on the last part of a picture's name, without its ending."""
    digest = hashlib.sha256(PurePosixPath(name).stem.encode(errors="replace")).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def _read(source: str, members: Sequence[Member], size: int, left_out: Sequence[tuple[str, UserError]] = ()) -> Faces:
    pictures = np.empty((len(members), 3, size, size), np.uint8)
    kept: list[Member] = []
    missing = list(left_out)
    quiet = len(members) <= _QUIET_UP_TO
    for member in tqdm(members, desc=source, unit=" pictures", file=sys.stderr, disable=quiet, leave=False):
        try:
            # Four times the size, so that little is lost before the Lanczos filter.
            picture = open_picture(member.read(), enough=4 * size)
        except UserError as error:
            missing.append((member.name, error))
            continue
        pictures[len(kept)] = np.asarray(square_picture(picture, size)).transpose(2, 0, 1)  # (3, S, S)
        kept.append(member)
    if not kept:
        raise UserError("faces.no_pictures", source=source, count=len(missing))
    rows = [member.label or Label() for member in kept]
    return Faces(
        torch.from_numpy(pictures[: len(kept)]),
        torch.tensor([row.age for row in rows], dtype=torch.float32),
        torch.tensor([row.woman for row in rows], dtype=torch.float32),
        torch.tensor([row.smile for row in rows], dtype=torch.float32),
        tuple(member.name for member in kept),
        tuple(missing),
    )
