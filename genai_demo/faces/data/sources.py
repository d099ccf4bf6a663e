"""Where pictures of faces lie: folders, ZIP archives, and data sets of the Hugging Face hub."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from genai_demo.errors import UserError
from genai_demo.faces.data.labels import Label, read_label, read_where
from genai_demo.faces.data.pictures import MOST_BYTES

_MOST_MEMBERS = 500_000
_MOST_UNPACKED = 16 * 2**30
_MOST_RATIO = 200
"""bytes that one byte of an archive may become; pictures are compressed already"""
_RATIO_FROM = 64 * 2**20
"""unpacked bytes below which no ratio is suspicious"""


@dataclass(frozen=True)
class Member:
    """One file that may be a picture."""

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
        and not name.lower().endswith((".zip", ".csv"))
    )


def _of_the_system(name: str) -> bool:
    """Return whether a file is what an operating system leaves behind, such as `.DS_Store` or `__MACOSX/`."""
    parts = PurePosixPath(name).parts
    return parts[-1].lower() in ("thumbs.db", "desktop.ini") or any(
        part == "__MACOSX" or (part.startswith(".") and part != "..") for part in parts
    )


def folder_members(folder: Path) -> list[Member]:
    """Return the files in a folder and the folders in it, tables and what the operating system left aside."""

    def member(file: Path) -> Member:
        def read() -> bytes:
            try:
                with file.open("rb") as stream:
                    return stream.read(MOST_BYTES + 1)
            except OSError as error:
                raise UserError("faces.unreadable", reason=error.strerror) from error

        return Member(file.relative_to(folder).as_posix(), read)

    files = (file for file in sorted(folder.rglob("*")) if file.is_file() and file.suffix.lower() != ".csv")
    return [found for found in map(member, files) if not _of_the_system(found.name)]


@contextmanager
def zip_members(file: Path) -> Iterator[list[Member]]:
    """Open a ZIP archive and yield the files in it, tables and what the operating system left aside.

    Raises:
        UserError: no whole ZIP archive, an empty one, or one that unpacks to more than any set of pictures.
    """
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UserError("faces.bad_zip", file=file.name) from error
    with archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        if not entries:
            raise UserError("faces.empty_zip", file=file.name)
        if all(entry.flag_bits & 1 for entry in entries):
            raise UserError("faces.locked")
        if len(entries) > _MOST_MEMBERS:
            raise UserError("faces.zip_members", file=file.name, found=len(entries), most=_MOST_MEMBERS)
        unpacked = sum(entry.file_size for entry in entries)
        packed = file.stat().st_size
        if unpacked > _MOST_UNPACKED or (unpacked > _RATIO_FROM and unpacked > _MOST_RATIO * packed):
            raise UserError("faces.zip_bomb", file=file.name, unpacked=-(-unpacked // 2**20))
        members = [_zip_member(archive, entry) for entry in entries]
        yield [
            member for member in members if not _of_the_system(member.name) and not member.name.lower().endswith(".csv")
        ]


def _zip_member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Member:
    def read() -> bytes:
        path = PurePosixPath(entry.filename)
        # Nothing is unpacked to where a name says, but such a name was made to do harm.
        if path.is_absolute() or ".." in path.parts or "\\" in entry.filename or ":" in path.parts[0]:
            raise UserError("faces.bad_name")
        if entry.flag_bits & 1:
            raise UserError("faces.locked")
        if entry.file_size > MOST_BYTES:
            raise UserError("faces.too_many_bytes", most=MOST_BYTES // 2**20)
        try:
            with archive.open(entry) as stream:
                return stream.read(MOST_BYTES + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
            raise UserError("faces.damaged_picture") from error

    return Member(entry.filename, read)


def hub_members(name: str, split: str | None, where: str) -> tuple[list[Member], bool]:
    """Return the pictures of a hub data set's first column of pictures, and whether they are all that was asked for.

    Args:
        name: id of the data set. Its columns age, gender and smile are the labels, where it has them.
        split: the split to take; None takes "train". Where the data set holds nothing out itself, the split "train" is
            returned to choose from.
        where: which rows to choose, see `read_where`.

    Raises:
        UserError: no such data set, or no column of pictures.
    """
    from datasets import Image, get_dataset_split_names, load_dataset
    from datasets.exceptions import DatasetsError

    try:
        names = get_dataset_split_names(name)
        whole = split is None or (split in names and (split != "train" or "validation" in names))
        table = load_dataset(name, split=split if split and whole else "train")
    except (DatasetsError, OSError, ValueError, RuntimeError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0][:200]
        raise UserError("faces.no_hub_data", name=name, split=split or "train", reason=reason) from error
    pictures = next((column for column, kind in table.features.items() if isinstance(kind, Image)), None)
    if pictures is None:
        raise UserError("faces.hub_columns", name=name, found=", ".join(table.column_names)[:200])
    # The files as they are: they are decoded as all others are.
    table = table.cast_column(pictures, Image(decode=False))
    columns = {column.lower(): column for column in table.column_names if column != pictures}
    choice = read_where(where, tuple(columns), name)
    cells = {
        key: _cells(table, column) for key, column in columns.items() if key in {"age", "gender", "smile", *choice}
    }
    members = []
    for number in range(len(table)):
        row = {key: values[number] for key, values in cells.items()}
        label = read_label(row, name, number + 1, choice)
        members.append(Member(f"{number:07d}", _hub_reader(table, number, pictures), label))
    return members, whole


def _cells(table: Any, column: str) -> list[str]:
    """Return a column of a hub data set as a CSV file would spell it: classes by their names, nothing as ""."""
    names = getattr(table.features[column], "names", None)

    def cell(value: Any) -> str:
        if value is None or (names and value == -1):
            return ""
        if isinstance(value, bool):
            return str(int(value))
        return names[value] if names else str(value)

    return [cell(value) for value in table[column]]


def _hub_reader(table: Any, number: int, column: str) -> Callable[[], bytes]:
    def read() -> bytes:
        picture = table[number][column]
        if picture is None:
            raise UserError("faces.empty_picture")
        if picture["bytes"] is not None:
            return picture["bytes"]
        try:
            with open(picture["path"], "rb") as stream:
                return stream.read(MOST_BYTES + 1)
        except OSError as error:
            raise UserError("faces.unreadable", reason=error.strerror) from error

    return read
