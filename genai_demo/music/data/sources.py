"""Where music lies: folders and ZIP archives of MIDI files, and data sets of the Hugging Face hub; imports no torch."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from genai_demo.errors import UserError
from genai_demo.music.data.labels import Label, read_label, read_where
from genai_demo.music.midi.events import MOST_BYTES

ENDINGS = (".mid", ".midi", ".kar")
_MOST_MEMBERS = 200_000
_MOST_UNPACKED = 2 * 2**30
_MOST_RATIO = 200
"""bytes that one byte of an archive may become; those of MIDI files become ten"""
_RATIO_FROM = 64 * 2**20
"""unpacked bytes below which no ratio is suspicious"""
_COLUMNS = ("midi", "music", "file")
"""columns of a hub data set that may hold the MIDI files, the first that there is"""


@dataclass(frozen=True)
class Member:
    """One file that may be music."""

    name: str
    read: Callable[[], bytes]
    """returns its content; raises `UserError` where there is none that can be used"""
    label: Label | None = None
    """what its source says of it"""


def looks_like_hub_id(source: str) -> bool:
    """Return whether `source` is written as the id of a hub data set, such as "owner/name"."""
    owner, _, name = source.partition("/")
    return (
        bool(owner and name)
        and not source.startswith((".", "~"))
        and "/" not in name
        and "\\" not in source
        and not name.lower().endswith((".zip", ".csv", *ENDINGS))
    )


def _aside(name: str) -> bool:
    """Return whether a file is a table, or what an operating system leaves behind, such as `.DS_Store`."""
    parts = PurePosixPath(name).parts
    return parts[-1].lower().endswith((".csv", "thumbs.db", "desktop.ini")) or any(
        part == "__MACOSX" or (part.startswith(".") and part != "..") for part in parts
    )


def file_member(file: Path, name: str) -> Member:
    """Return a file of the disk as `name`."""

    def read() -> bytes:
        try:
            with file.open("rb") as stream:
                return stream.read(MOST_BYTES + 1)
        except OSError as error:
            raise UserError("music.unreadable", reason=error.strerror) from error

    return Member(name, read)


def folder_members(folder: Path) -> list[Member]:
    """Return the files in a folder and the folders in it, tables and what the operating system left aside."""
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    names = [file.relative_to(folder).as_posix() for file in files]
    return [file_member(file, name) for file, name in zip(files, names, strict=True) if not _aside(name)]


@contextmanager
def zip_members(file: Path) -> Iterator[list[Member]]:
    """Open a ZIP archive and yield the files in it, tables and what the operating system left aside.

    Raises:
        UserError: no whole ZIP archive, an empty one, or one that unpacks to more than any set of MIDI files.
    """
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UserError("music.bad_zip", file=file.name) from error
    with archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        if not entries:
            raise UserError("music.empty_zip", file=file.name)
        if all(entry.flag_bits & 1 for entry in entries):
            raise UserError("music.locked")
        if len(entries) > _MOST_MEMBERS:
            raise UserError("music.zip_members", file=file.name, found=len(entries), most=_MOST_MEMBERS)
        unpacked = sum(entry.file_size for entry in entries)
        packed = file.stat().st_size
        if unpacked > _MOST_UNPACKED or (unpacked > _RATIO_FROM and unpacked > _MOST_RATIO * packed):
            raise UserError("music.zip_bomb", file=file.name, unpacked=-(-unpacked // 2**20))
        yield [_zip_member(archive, entry) for entry in entries if not _aside(entry.filename)]


def _zip_member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Member:
    def read() -> bytes:
        path = PurePosixPath(entry.filename)
        # Nothing is unpacked to where a name says, but such a name was made to do harm.
        if path.is_absolute() or ".." in path.parts or "\\" in entry.filename or ":" in path.parts[0]:
            raise UserError("music.bad_name")
        if entry.flag_bits & 1:
            raise UserError("music.locked")
        if entry.file_size > MOST_BYTES:
            raise UserError("music.too_many_bytes", most=MOST_BYTES // 2**20)
        try:
            with archive.open(entry) as stream:
                return stream.read(MOST_BYTES + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
            raise UserError("music.damaged_member") from error

    return Member(entry.filename, read)


def hub_members(name: str, split: str | None, where: str) -> tuple[list[Member], bool]:
    """Return the MIDI files of a hub data set, and whether they are all that was asked for.

    Args:
        name: id of the data set. Its column of bytes called midi, music or file holds the files; the others are their
            labels, called as in a CSV file.
        split: the split to take; None takes "train". Where the data set holds nothing out itself, the split "train" is
            returned to choose from.
        where: which rows to choose, see `read_where`.

    Raises:
        UserError: no such data set, or no column of MIDI files.
    """
    from datasets import get_dataset_split_names, load_dataset
    from datasets.exceptions import DatasetsError

    try:
        names = get_dataset_split_names(name)
        whole = split is None or (split in names and (split != "train" or "validation" in names))
        table = load_dataset(name, split=split if split and whole else "train")
    except (DatasetsError, OSError, ValueError, RuntimeError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0][:200]
        raise UserError("music.no_hub_data", name=name, split=split or "train", reason=reason) from error
    columns = {column.lower(): column for column in table.column_names}
    kinds = {column: getattr(table.features[columns[column]], "dtype", "") for column in columns}
    music = next((column for column in _COLUMNS if kinds.get(column) in ("binary", "large_binary")), None)
    if music is None:
        raise UserError("music.hub_columns", name=name, found=", ".join(table.column_names)[:200])
    content = columns.pop(music)
    choice = read_where(where, tuple(columns), name)
    labels = table.remove_columns([content])
    members = []
    for number, row in enumerate(labels):
        cells = {key: "" if row[column] is None else str(row[column]) for key, column in columns.items()}
        label = read_label(cells, name, number + 1, choice)
        members.append(Member(f"{number:07d}", _hub_reader(table, number, content), label))
    return members, whole


def _hub_reader(table: Any, number: int, column: str) -> Callable[[], bytes]:
    return lambda: table[number][column] or b""
