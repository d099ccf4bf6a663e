"""Reading music: folders and ZIP archives of MIDI files with a CSV of labels, and data sets of the hub.

Imports no torch.
"""

from __future__ import annotations

import hashlib
import re
import sys
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from genai_demo.engine.data.parallel import in_processes
from genai_demo.errors import UserError
from genai_demo.music.data.labels import Label, Labels
from genai_demo.music.data.sources import (
    ENDINGS,
    Member,
    file_member,
    folder_members,
    hub_members,
    looks_like_hub_id,
    zip_members,
)
from genai_demo.music.midi.reading import read_midi
from genai_demo.music.theory.piece import Piece

SPLITS = ("train", "validation")
"""splits that every source has: where it names none, some pieces are held out by their names"""
_HELD_OUT = 0.06
_QUIET_UP_TO = 100
"""pieces that are read without showing progress"""
_AT_ONCE = 4000
"""files whose content is held in memory at once"""


@dataclass(frozen=True)
class Music:
    """Pieces of music, and what is known of each."""

    pieces: tuple[Piece, ...]
    labels: tuple[Label, ...]
    names: tuple[str, ...]
    """where each piece came from: a path in its folder or ZIP"""
    left_out: tuple[tuple[str, UserError], ...] = ()
    """names of what could not be used, and why"""

    def __len__(self) -> int:
        return len(self.names)


def data_hash(music: Music) -> str:
    """Return 12 hexadecimal digits that stand for exactly these pieces in this order, their keys and tempi included."""
    digest = hashlib.sha256()
    for piece in music.pieces:
        notes = [(note.start, note.pitch, note.length, note.hand, note.velocity) for note in piece.notes]
        bars = [(bar.beats, bar.unit) for bar in piece.bars]
        key = (piece.key.tonic, piece.key.mode) if piece.key else None
        digest.update(repr((notes, bars, key, round(piece.tempo, 3), piece.pedal)).encode())
    return digest.hexdigest()[:12]


def read_music(source: str, split: str | None = None, where: str = "", labels: str | None = None) -> Music:
    """Read all pieces of a folder, a ZIP archive, a MIDI file or a hub data set.

    A key or tempo that the labels name takes the place of the one in the MIDI file. What cannot be used is left out and
    listed in `Music.left_out`.

    Args:
        source: path of a folder, with all folders in it, of a `.zip` file, or of a MIDI file; or the hub id of a data
            set with a column of MIDI files, see `hub_members`.
        split: "train", "validation", or another one that the CSV or the data set names. None takes all pieces (of a
            data set, those of its split "train"). Where no splits are named, about 6 % of the pieces, chosen by their
            names, are the validation.
        where: which rows of the labels to choose, such as "licence=Public Domain|CC BY 4.0", see `read_where`.
        labels: CSV file of labels, see `Labels`. None takes `labels.csv` in the folder, or the file beside the source
            that is called like it: `piano.csv` for `piano.zip`.

    Raises:
        UserError: no such source, labels that do not fit, or nothing that can be used.
    """
    path = Path(source)
    if not path.exists() and looks_like_hub_id(source):
        if labels is not None:
            raise UserError("music.hub_labels", name=source)
        members, whole = hub_members(source, split, where)
        return _read(source, _chosen(source, members, (), None if whole else split))
    # The current folder has a name, too.
    path = path.resolve() if path.is_dir() else path
    table = _labels(path, labels, where)
    if path.is_dir():
        return _read_labelled(path, folder_members(path), table, split)
    if not path.is_file():
        raise UserError("engine.no_file", file=path)
    if path.suffix.lower() in ENDINGS:
        return _read_labelled(path, [file_member(path, path.name)], table, split)
    if not zipfile.is_zipfile(path) and path.suffix.lower() != ".zip":
        raise UserError("music.unknown_source", source=path.name)
    with zip_members(path) as members:
        return _read_labelled(path, members, table, split)


def read_together(sources: Sequence[str], split: str | None = None, where: str = "") -> Music:
    """Return the pieces of all sources, one source after the other; see `read_music`."""
    parts = [read_music(source, split, where) for source in sources]
    return Music(
        tuple(piece for part in parts for piece in part.pieces),
        tuple(label for part in parts for label in part.labels),
        tuple(name for part in parts for name in part.names),
        tuple(left_out for part in parts for left_out in part.left_out),
    )


def _labels(path: Path, labels: str | None, where: str) -> Labels | None:
    """Return the labels that were named or found, or None where there are none."""
    if labels is not None:
        return Labels(Path(labels), where)
    stem = path.name if path.is_dir() else path.stem
    plain = re.sub(r"_\d+$", "", stem)
    places = (path / "labels.csv", path.parent / f"{stem}.csv", path.parent / f"{plain}.csv")
    found = next((place for place in places if place.is_file()), None)
    if found is None and where.strip():
        raise UserError("music.where_without_labels", value=where[:80])
    return Labels(found, where) if found else None


def _read_labelled(path: Path, members: list[Member], table: Labels | None, split: str | None) -> Music:
    if table is None:
        return _read(path.name, _chosen(path.name, members, (), split))
    members = [replace(member, label=table.find(member.name)) for member in members]
    known = [member for member in members if member.label is not None]
    if not known:
        raise UserError("music.no_match", labels=table.source, source=path.name)
    if not table.where and not (split and table.splits):
        return _read(path.name, _chosen(path.name, members, (), split))
    left_out = [(member.name, UserError("music.no_row", labels=table.source)) for member in members if not member.label]
    return _read(path.name, _chosen(path.name, known, table.splits, split), left_out)


def _chosen(source: str, members: list[Member], splits: Sequence[str], split: str | None) -> list[Member]:
    """Return the members that `where` and `split` ask for.

    Args:
        source: their source, for the sentences.
        members: to choose from.
        splits: what their labels name; empty where they name none.
        split: see `read_music`.
    """
    members = [member for member in members if member.label is None or member.label.chosen]
    if split is None:
        return members
    if splits:
        if split not in splits:
            raise UserError("music.no_split", source=source, value=split[:40], found=", ".join(splits)[:200])
        return [member for member in members if member.label is not None and member.label.split == split]
    if split not in SPLITS:
        raise UserError("music.no_split", source=source, value=split[:40], found=", ".join(SPLITS))
    ranks = [_rank(member.name) for member in members]
    # Few pieces: at least one of them is held out.
    bound = max(_HELD_OUT, min(ranks, default=0.0))
    return [member for member, rank in zip(members, ranks, strict=True) if (rank <= bound) == (split == "validation")]


def _rank(name: str) -> float:
    """Return a number between 0 and 1 that depends on the last part of a piece's name, without its ending."""
    digest = hashlib.sha256(PurePosixPath(name).stem.encode(errors="replace")).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def _read(source: str, members: Sequence[Member], left_out: Sequence[tuple[str, UserError]] = ()) -> Music:
    pieces: list[Piece] = []
    kept: list[Member] = []
    missing = list(left_out)
    quiet = len(members) <= _QUIET_UP_TO
    with tqdm(desc=source, total=len(members), unit=" pieces", file=sys.stderr, disable=quiet, leave=False) as bar:
        for member, found in _read_all(members):
            bar.update()
            if isinstance(found, UserError):
                missing.append((member.name, found))
                continue
            label = member.label or Label()
            pieces.append(replace(found, key=label.key or found.key, tempo=label.tempo or found.tempo))
            kept.append(member)
    if not kept:
        raise UserError("music.no_pieces", source=source, count=len(missing))
    return Music(
        tuple(pieces),
        tuple(member.label or Label() for member in kept),
        tuple(member.name for member in kept),
        tuple(missing),
    )


def _read_all(members: Sequence[Member]) -> Iterator[tuple[Member, Piece | UserError]]:
    """Yield each member with its piece, or with why there is none."""
    for first in range(0, len(members), _AT_ONCE):
        some = members[first : first + _AT_ONCE]
        contents = [_content(member) for member in some]
        pieces = in_processes(_piece_of, [content for content in contents if isinstance(content, bytes)])
        for member, content in zip(some, contents, strict=True):
            found = next(pieces) if isinstance(content, bytes) else content
            yield member, found if isinstance(found, (Piece, UserError)) else UserError(found[0], **found[1])


def _content(member: Member) -> bytes | UserError:
    try:
        return member.read()
    except UserError as error:
        return error


def _piece_of(content: bytes) -> Piece | tuple[str, dict[str, object]]:
    """Return the piece in a MIDI file, or key and values of the sentence that refuses it."""
    try:
        return read_midi(content).piece
    except UserError as error:
        return error.key, error.values
