"""Reading music: folders and ZIP archives of MIDI files and scores with a label table, and data sets of the hub.

Imports no torch.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tqdm import tqdm

from genai_demo.engine.data.parallel import in_processes
from genai_demo.engine.data.sources import Member, SourceKind, open_source
from genai_demo.errors import UserError
from genai_demo.music.data.labels import COLUMNS, Label, read_label
from genai_demo.music.data.sample import COUNT, sample_members
from genai_demo.music.musicxml.parsing import MOST_BYTES
from genai_demo.music.reading import MUSIC_FILES, read_piece
from genai_demo.music.theory.piece import Piece

HUB_COLUMNS = ("midi", "music", "file")
"""columns of a hub data set that may hold the MIDI files"""
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


def _find_column(features: Mapping[str, Any]) -> str | None:
    kinds = {column.lower(): getattr(feature, "dtype", "") for column, feature in features.items()}
    names = {column.lower(): column for column in features}
    return next((names[column] for column in HUB_COLUMNS if kinds.get(column) in ("binary", "large_binary")), None)


KIND = SourceKind(
    sentences="music",
    suffixes=MUSIC_FILES,
    most_bytes=MOST_BYTES,
    most_members=200_000,
    most_unpacked=2 * 2**30,
    read_label=read_label,
    label_columns=COLUMNS,
    find_column=_find_column,
    sample=sample_members,
    usual_sample=COUNT,
)


def described(music: Music, validation: Music) -> dict[str, Any]:
    """Return what a run says of the music that it learns from and measures on, JSON-able."""
    parts = {"music": music, "validation": validation}
    return {name: {"pieces": len(part), "hash": data_hash(part)} for name, part in parts.items()}


def read_music(
    source: str, split: str | None = None, where: str = "", labels: str | None = None, most: int | None = None
) -> Music:
    """Read all pieces of a folder, a ZIP archive, a MIDI file or a hub data set.

    A key or tempo that the labels name takes the place of the one in the MIDI file. What cannot be used is left out and
    listed in `Music.left_out`.

    Args:
        source, split, where, labels: see `open_source`; the labels are those of `read_label`, and a data set's column
            of MIDI files is the first of `HUB_COLUMNS` that it has.
        most: files to read, evenly chosen, for a look at what is there; None reads all.

    Raises:
        UserError: no such source, labels that do not fit, nothing that can be used, or one piece only where some are to
            be held out.
    """
    with open_source(KIND, source, split, where, labels) as selection:
        name, members, left_out = selection.source, selection.members, selection.left_out
        if most is not None and len(members) > most:
            members = [members[place * len(members) // most] for place in range(most)]
        pieces: list[Piece] = []
        kept: list[Member[Label]] = []
        quiet = len(members) <= _QUIET_UP_TO
        with tqdm(desc=name, total=len(members), unit=" pieces", file=sys.stderr, disable=quiet, leave=False) as bar:
            for member, found in _read_all(members):
                bar.update()
                if isinstance(found, UserError):
                    left_out.append((member.name, found))
                    continue
                label = member.label or Label()
                pieces.append(replace(found, key=label.key or found.key, tempo=label.tempo or found.tempo))
                kept.append(member)
    if not kept:
        raise UserError("music.no_pieces", source=name, count=len(left_out))
    chosen = selection.in_split(kept)
    labelled = tuple(kept[index].label or Label() for index in chosen)
    names = tuple(kept[index].name for index in chosen)
    return Music(tuple(pieces[index] for index in chosen), labelled, names, selection.told(left_out))


def read_together(sources: Sequence[str], split: str | None = None, where: str = "") -> Music:
    """Return the pieces of all sources, one source after the other; see `read_music`."""
    parts = [read_music(source, split, where) for source in sources]
    return Music(
        tuple(piece for part in parts for piece in part.pieces),
        tuple(label for part in parts for label in part.labels),
        tuple(name for part in parts for name in part.names),
        tuple(left_out for part in parts for left_out in part.left_out),
    )


def _read_all(members: Sequence[Member[Label]]) -> Iterator[tuple[Member[Label], Piece | UserError]]:
    """Yield each member with its piece, or with why there is none."""
    for first in range(0, len(members), _AT_ONCE):
        some = members[first : first + _AT_ONCE]
        contents = [_content(member) for member in some]
        pieces = in_processes(_piece_of, [content for content in contents if isinstance(content, bytes)])
        for member, content in zip(some, contents, strict=True):
            found = next(pieces) if isinstance(content, bytes) else content
            yield member, found if isinstance(found, (Piece, UserError)) else UserError(found[0], **found[1])


def _content(member: Member[Label]) -> bytes | UserError:
    try:
        return member.read()
    except UserError as error:
        return error


def _piece_of(content: bytes) -> Piece | tuple[str, dict[str, object]]:
    """Return the piece in a file, or key and values of the sentence that refuses it."""
    try:
        return read_piece(content).piece
    except UserError as error:
        return error.key, error.values
