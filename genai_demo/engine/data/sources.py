"""Where training data lie: folders, ZIP archives, single files, and data sets of the Hugging Face hub.

Every rule about what is not trusted stands here. Nothing is ever unpacked to the disk.
"""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, Generic

from genai_demo.engine.data.sample import sample_count
from genai_demo.engine.data.tables import (
    SPLITS,
    LabelT,
    LabelTable,
    ReadLabel,
    Row,
    choose,
    read_row,
    read_where,
    table_beside,
)
from genai_demo.errors import UserError

_MOST_RATIO = 200
"""bytes that one byte of an archive may become"""
_FEW = 100
"""members up to which one that cannot be used may be the only one to be held out"""
_RATIO_FROM = 64 * 2**20
"""unpacked bytes below which no ratio is suspicious"""
_UNPACKING_ERRORS = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, ValueError)


@dataclass(frozen=True)
class Member(Generic[LabelT]):
    """One file that may be what is looked for."""

    name: str
    """its path in the source"""
    read: Callable[[], bytes]
    """returns its content; raises `UserError` where there is none that can be used"""
    row: Row[LabelT] | None = None
    """what the label table says of it"""

    @property
    def label(self) -> LabelT | None:
        return self.row.label if self.row else None


@dataclass(frozen=True)
class SourceKind(Generic[LabelT]):
    """What a modality takes as a source, and how far it trusts one."""

    sentences: str
    """catalogue file of the sentences that name what is read, such as `empty_zip`"""
    suffixes: tuple[str, ...]
    """of single files that are a source by themselves, in lower case"""
    most_bytes: int
    """bytes of one file; one byte more is read of what is longer, for the decoder to refuse it"""
    most_members: int
    """files in a ZIP archive"""
    most_unpacked: int
    """bytes of all files of a ZIP archive"""
    read_label: ReadLabel[LabelT]
    label_columns: frozenset[str]
    """columns that `read_label` knows, in lower case"""
    find_column: Callable[[Mapping[str, Any]], str | None]
    """the name of a hub data set's column of files, by its features"""
    sample: Callable[[int], list[Member[LabelT]]]
    """makes so many files with their labels, for where there is no network"""
    usual_sample: int
    """files of a sample if no number is given"""
    tables: tuple[str, ...] = ()
    """names of label tables that well-known sets come with, in lower case"""


@dataclass(frozen=True)
class Selection(Generic[LabelT]):
    """The members of a source that were asked for."""

    source: str
    """its name"""
    members: list[Member[LabelT]]
    left_out: list[tuple[str, UserError]]
    """names of what could not be chosen, and why"""
    sentences: str
    """see `SourceKind`"""
    later: str | None = None
    """split that is parted off once it is known which members can be used; None if all members belong to it"""

    def in_split(self, usable: Sequence[Member[LabelT]]) -> list[int]:
        """Return the indices of those of the members that can be used which belong to the split.

        Raises:
            UserError: there is but one, and none to hold out or to learn from.
        """
        if self.later is None or not usable:
            return list(range(len(usable)))
        if len(usable) == 1:
            raise UserError(f"{self.sentences}.two_needed", source=self.source)
        return choose(self.source, [(member.name, member.row) for member in usable], (), self.later)

    def told(self, left_out: list[tuple[str, UserError]]) -> tuple[tuple[str, UserError], ...]:
        """Return what is to be told of what was left out: where both splits read all members, the one to learn from."""
        return () if self.later == "validation" else tuple(left_out)


def holds(source: Path, suffixes: Sequence[str]) -> bool:
    """Return whether a folder or ZIP archive has a file with one of the suffixes, in lower case."""
    try:
        if source.is_dir():
            return any(file.suffix.lower() in suffixes for file in source.rglob("*"))
        with zipfile.ZipFile(source) as archive:
            return any(PurePosixPath(_name(entry)).suffix.lower() in suffixes for entry in archive.infolist())
    except _UNPACKING_ERRORS:
        return False


@contextmanager
def open_source(
    kind: SourceKind[LabelT], source: str, split: str | None = None, where: str = "", labels: str | None = None
) -> Iterator[Selection[LabelT]]:
    """Open a source and yield its members; they can be read until it is closed.

    Args:
        kind: what the modality takes.
        source: path of a folder, with all folders in it, of a `.zip` file, or of a single file; or the id of a hub data
            set with a column of files, whose other columns are the labels; or a sample, see `sample_count`.
        split: "train", "validation", or another one that the table or the data set names, see `choose`. None takes all
            (of a data set, those of its split "train").
        where: which rows of the labels to choose, see `read_where`.
        labels: CSV file of labels, see `LabelTable`. None takes the one from `table_beside`, if there is one.

    Raises:
        UserError: no such source, or labels that do not fit.
    """
    if (count := sample_count(source, kind.usual_sample)) is not None:
        if labels is not None or where.strip():
            raise UserError("data.sample_labels")
        yield _select(kind, source, kind.sample(count), None, split)
        return
    path = Path(source)
    if not path.exists() and looks_like_hub_id(source, (".zip", ".csv", *kind.suffixes)):
        if labels is not None:
            raise UserError(f"{kind.sentences}.hub_labels", name=source)
        members, whole = _hub_members(kind, source, split, where)
        yield _select(kind, source, members, None, None if whole else split)
        return
    # The current folder has a name, too.
    path = path.resolve() if path.is_dir() else path
    file = table_beside(path, kind.tables) if labels is None else Path(labels)
    if file is None and where.strip():
        raise UserError(f"{kind.sentences}.where_without_labels", value=where[:80])
    table = None if file is None else LabelTable(file, kind.read_label, kind.sentences, where)
    with _members(kind, path) as members:
        yield _select(kind, path.name, members, table, split)


def _select(
    kind: SourceKind[LabelT],
    source: str,
    members: list[Member[LabelT]],
    table: LabelTable[LabelT] | None,
    split: str | None,
) -> Selection[LabelT]:
    """Return the members that a table's choice of rows and `split` ask for."""
    left_out: list[tuple[str, UserError]] = []
    splits: Sequence[str] = ()
    if table is not None:
        members = [replace(member, row=table.find(member.name)) for member in members]
        known = [member for member in members if member.row is not None]
        if not known:
            raise UserError(f"{kind.sentences}.no_match", labels=table.name, source=source)
        if table.where or (split and table.splits):
            no_row = UserError(f"{kind.sentences}.no_row", labels=table.name)
            left_out = [(member.name, no_row) for member in members if member.row is None]
            members, splits = known, table.splits
        # A damaged line may have been that of a file which has none now.
        count = len(table.damaged)
        names = [*(name for name, _ in left_out), *[table.name] * count][:count]
        left_out = [*zip(names, table.damaged, strict=True), *left_out[count:]]
    few = split in SPLITS and not splits and len(members) <= _FEW
    chosen = choose(source, [(member.name, member.row) for member in members], splits, None if few else split)
    later = split if few else None
    return Selection(source, [members[index] for index in chosen], left_out, kind.sentences, later)


def looks_like_hub_id(source: str, suffixes: tuple[str, ...]) -> bool:
    """Return whether `source` is written as the id of a hub data set, such as "owner/name", and not as a path.

    Args:
        source: what a person gave.
        suffixes: of files, in lower case.
    """
    owner, _, name = source.partition("/")
    return (
        bool(owner and name)
        and not source.startswith((".", "~"))
        and "/" not in name
        and "\\" not in source
        and not name.lower().endswith(suffixes)
    )


@contextmanager
def _members(kind: SourceKind[LabelT], path: Path) -> Iterator[list[Member[LabelT]]]:
    """Yield the files in what lies at `path`, tables and what the operating system left aside."""
    if path.is_dir():
        files = {file.relative_to(path).as_posix(): file for file in sorted(path.rglob("*")) if file.is_file()}
        yield [_file_member(kind, file, name) for name, file in files.items() if not _aside(kind, name)]
    elif not path.is_file():
        raise UserError("engine.no_file", file=path)
    elif path.suffix.lower() in kind.suffixes:
        yield [_file_member(kind, path, path.name)]
    elif not zipfile.is_zipfile(path) and path.suffix.lower() != ".zip":
        raise UserError(f"{kind.sentences}.unknown_source", source=path.name)
    else:
        with _zip_members(kind, path) as members:
            yield members


def _aside(kind: SourceKind[Any], name: str) -> bool:
    """Return whether a file is a table, or what an operating system leaves behind, such as `.DS_Store`."""
    path = PurePosixPath(name)
    return (
        name.lower().endswith(".csv")
        or path.name.lower() in ("thumbs.db", "desktop.ini", *kind.tables)
        or any(part == "__MACOSX" or (part.startswith(".") and part != "..") for part in path.parts)
    )


def _file_member(kind: SourceKind[LabelT], file: Path, name: str) -> Member[LabelT]:
    return Member(name, lambda: _read_file(kind, file))


def _read_file(kind: SourceKind[Any], file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(kind.most_bytes + 1)
    except OSError as error:
        raise UserError("data.unreadable", reason=error.strerror) from error


@contextmanager
def _zip_members(kind: SourceKind[LabelT], file: Path) -> Iterator[list[Member[LabelT]]]:
    """Open a ZIP archive that is whole, not empty, and unpacks to no more than a set of such files does."""
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UserError("data.bad_zip", file=file.name) from error
    with archive:
        # `is_dir` fails at a name that is empty.
        entries = [entry for entry in archive.infolist() if not _name(entry).endswith("/")]
        if not entries:
            raise UserError(f"{kind.sentences}.empty_zip", file=file.name)
        if all(entry.flag_bits & 1 for entry in entries):
            raise UserError("data.locked")
        if len(entries) > kind.most_members:
            raise UserError("data.zip_members", file=file.name, found=len(entries), most=kind.most_members)
        unpacked = sum(entry.file_size for entry in entries)
        packed = file.stat().st_size
        if unpacked > kind.most_unpacked or (unpacked > _RATIO_FROM and unpacked > _MOST_RATIO * packed):
            raise UserError(f"{kind.sentences}.zip_bomb", file=file.name, unpacked=-(-unpacked // 2**20))
        yield [_zip_member(kind, archive, entry) for entry in entries if not _aside(kind, _name(entry))]


def _name(entry: zipfile.ZipInfo) -> str:
    """Return the path of a member; some programs for Windows write backslashes, against the format's rule."""
    return entry.filename.replace("\\", "/")


def _zip_member(kind: SourceKind[LabelT], archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Member[LabelT]:
    def read() -> bytes:
        path = PurePosixPath(_name(entry))
        # Nothing is unpacked to where a name says, but such a name was made to do harm.
        if path.is_absolute() or ".." in path.parts or not path.parts or ":" in path.parts[0]:
            raise UserError("data.bad_name")
        if entry.flag_bits & 1:
            raise UserError("data.locked")
        if entry.file_size > kind.most_bytes:
            raise UserError(f"{kind.sentences}.too_many_bytes", most=kind.most_bytes // 2**20)
        try:
            with archive.open(entry) as stream:
                return stream.read(kind.most_bytes + 1)
        except _UNPACKING_ERRORS as error:
            raise UserError(f"{kind.sentences}.damaged_file") from error

    return Member(_name(entry), read)


@contextmanager
def reading_hub(name: str, split: str, sentences: str) -> Iterator[None]:
    """Turn what goes wrong while a hub data set is read into a `UserError`.

    Args:
        name, split: of the data set, for the sentence.
        sentences: see `SourceKind`.
    """
    from datasets.exceptions import DatasetsError

    try:
        yield
    except (DatasetsError, OSError, ValueError, RuntimeError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0][:200]
        raise UserError(f"{sentences}.no_hub_data", name=name, split=split, reason=reason) from error


def _hub_members(
    kind: SourceKind[LabelT], name: str, split: str | None, where: str
) -> tuple[list[Member[LabelT]], bool]:
    """Return the files of a hub data set with their labels, and whether they are all that was asked for.

    Where the data set holds nothing out itself, its split "train" is returned to choose from.
    """
    from datasets import get_dataset_split_names, load_dataset

    with reading_hub(name, split or "train", kind.sentences):
        names = get_dataset_split_names(name)
        whole = split is None or (split in names and (split != "train" or "validation" in names))
        table = load_dataset(name, split=split if split and whole else "train")
    files = kind.find_column(table.features)
    if files is None:
        raise UserError(f"{kind.sentences}.hub_columns", name=name, found=", ".join(table.column_names)[:200])
    if getattr(table.features[files], "decode", False):
        # The files as they are: they are decoded as all others are.
        table = table.cast_column(files, replace(table.features[files], decode=False))
    columns = {column.lower(): column for column in table.column_names if column != files}
    choice = read_where(where, tuple(columns), name, kind.sentences)
    needed = columns.keys() & {*kind.label_columns, *choice}
    cells = {key: _cells(table, columns[key]) for key in needed}
    members = []
    for number in range(len(table)):
        values = {key: cells[key][number] for key in needed}
        try:
            row = read_row(kind.read_label, values, name, number + 1, choice)
            members.append(Member(f"{number:07d}", _hub_reader(kind, table, number, files), row))
        except UserError as error:
            members.append(Member(f"{number:07d}", _refuser(error)))
    return members, whole


def _refuser(error: UserError) -> Callable[[], bytes]:
    def read() -> bytes:
        raise error

    return read


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


def _hub_reader(kind: SourceKind[Any], table: Any, number: int, column: str) -> Callable[[], bytes]:
    def read() -> bytes:
        value = table[number][column]
        if not isinstance(value, dict):
            return value or b""
        return _read_file(kind, Path(value["path"])) if value["bytes"] is None else value["bytes"]

    return read
