"""Label tables: CSV files with a row for each file of a source, and the choice of files by their rows and splits."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Generic, TypeVar

from genai_demo.engine.files import decode_text
from genai_demo.errors import UserError

LabelT = TypeVar("LabelT")
ItemT = TypeVar("ItemT")
ReadLabel = Callable[[Mapping[str, str], str, int], LabelT]
"""the label of a row: cells by the lower-case name of their column, where empty and missing ones are unknown; the name
of the table and the line of the row, for the `UserError` that refuses it"""

SPLITS = ("train", "validation")
"""splits that every source has: where it names none, some files are held out by their names"""
_HELD_OUT = 0.06
_OTHER_NAME = "image_id"
"""what some call the column `file`"""
_LARGEST_FILE = 200 * 2**20
_LARGEST_FIELD = 2**31 - 1
"""characters of a cell; the library's own limit, 131,072, is less than some texts have"""
_DELIMITERS = (",", "\t", ";")
_STROKE = "|"
"""parts cells in some exports, and the paper's name from a headline in many texts"""
_STATED = re.compile(r'"?sep=([,;|\t])"?(\r\n|\r|\n)', re.IGNORECASE)
"""a first line for Excel, of which the end stays, so that lines are counted as they are"""
_FIRST_LINE = 10_000
"""characters in which the names of the columns stand"""


@dataclass(frozen=True)
class Row(Generic[LabelT]):
    """One row of a label table."""

    label: LabelT
    split: str
    """"" where none is given"""
    chosen: bool
    """whether it is one of the rows that were asked for"""


def read_row(
    read_label: ReadLabel[LabelT],
    cells: Mapping[str, str],
    source: str,
    line: int,
    where: Mapping[str, frozenset[str]],
) -> Row[LabelT]:
    """Return a row of a table.

    Args:
        read_label, cells, source, line: see `ReadLabel`.
        where: allowed cells by column, as from `read_where`.

    Raises:
        UserError: a cell that `read_label` refuses.
    """
    label = read_label(cells, source, line)
    chosen = all(cells[column].strip().lower() in allowed for column, allowed in where.items())
    return Row(label, cells.get("split", "").strip(), chosen)


def read_where(where: str, columns: Sequence[str], source: str, sentences: str) -> dict[str, frozenset[str]]:
    """Return the allowed cells by column of a choice of rows such as "kind=color_photo,source=bio_guide|manual".

    Args:
        where: `column=cell` or `column=cell|cell`, several of them joined by commas, all of which must hold; upper and
            lower case are the same. "" chooses every row.
        columns: the columns that there are, in lower case.
        source: what is chosen from, for the sentence.
        sentences: see `SourceKind`.

    Raises:
        UserError: not of this form, or no such column.
    """
    choice: dict[str, frozenset[str]] = {}
    for part in where.split(",") if where.strip() else ():
        column, equals, cells = part.partition("=")
        column = column.strip().lower()
        if not equals or not column or column in choice:
            raise UserError(f"{sentences}.bad_where", value=where[:80])
        _check_column(column, columns, source, sentences)
        choice[column] = frozenset(cell.strip().lower() for cell in cells.split("|"))
    return choice


def _check_column(column: str, columns: Sequence[str], source: str, sentences: str) -> None:
    if column not in columns:
        found = ", ".join(columns)[:200]
        raise UserError(f"{sentences}.no_column", source=source, column=column[:40], found=found)


def find_delimiter(text: str, known: Callable[[str], bool]) -> tuple[str, str]:
    """Return a table without a first line that says what parts its cells, and what does so.

    That is a comma, a tab or a semicolon, whichever finds most in its first line, or an upright stroke that finds more
    columns than one.

    Args:
        text: the table.
        known: tells whether a cell is a column's name.
    """
    if stated := _STATED.match(text):
        return text[stated.end() - len(stated[2]) :], stated[1]

    def found(delimiter: str) -> tuple[int, int]:
        first = next(csv.reader(io.StringIO(text[:_FIRST_LINE], newline=""), delimiter=delimiter), [])
        return sum(map(known, first)), len(first)

    csv.field_size_limit(_LARGEST_FIELD)
    return text, _STROKE if found(_STROKE)[0] > 1 else max(_DELIMITERS, key=found)


def whole_rows(rows: Iterable[ItemT | UserError], left_out: list[UserError]) -> Iterator[ItemT]:
    """Yield the rows of a table that are whole.

    Args:
        rows: rows, and in place of a damaged one what is wrong with it.
        left_out: gets the latter, once all rows are read.

    Raises:
        UserError: most rows are damaged: what is wrong with the first of them.
    """
    whole, damaged = 0, []
    for row in rows:
        if isinstance(row, UserError):
            damaged.append(row)
        else:
            whole += 1
            yield row
    if len(damaged) > whole:
        raise damaged[0]
    left_out += damaged


def csv_rows(
    name: str, text: str, delimiter: str, sentences: str, quotes: bool = True
) -> Iterator[tuple[int, list[str]] | UserError]:
    """Yield the cells of each row that is not empty, and the line where it ends; in place of a damaged one its fault.

    A row is whole if it has as many cells as the first one; where that has a single cell, nothing is parted. Behind a
    damaged one reading goes on with the next line, as a quotation mark that is never closed spans all that follows.

    Args:
        name: of the file, for the sentence.
        text: its content.
        delimiter: what parts its cells.
        sentences: see `SourceKind`.
        quotes: whether quotation marks around a cell do not belong to it.

    Raises:
        UserError: the first row is damaged.
    """
    csv.field_size_limit(_LARGEST_FIELD)
    how: dict[str, Any] = {"delimiter": delimiter, "quoting": csv.QUOTE_MINIMAL if quotes else csv.QUOTE_NONE}
    lines = list(io.StringIO(text, newline=""))
    wanted, first = 0, 0
    while first < len(lines):
        rows = csv.reader((lines[place] for place in range(first, len(lines))), strict=True, **how)
        begun = first
        while begun < len(lines):
            fault: UserError | None = None
            cells: list[str] = []
            try:
                cells = next(rows, [])
            except csv.Error as error:
                fault = UserError("data.bad_csv", file=name, line=begun + 1, reason=error)
            end = first + rows.line_num
            if wanted == 1:
                cells = [delimiter.join(cells)] if cells else []
            if cells and wanted and len(cells) != wanted:
                fault = UserError(f"{sentences}.csv_row", file=name, line=end, found=len(cells), wanted=wanted)
            if fault:
                if not wanted:
                    raise fault
                yield fault
                break
            if cells:
                wanted = wanted or len(cells)
                yield end, cells
            begun = end
        first = begun + 1


def read_csv(name: str, text: str, sentences: str) -> Iterator[tuple[int, list[str]] | UserError]:
    """Yield the names of the columns in lower case, then rows as `csv_rows`.

    Args:
        name: of the file, for the sentences.
        text: its content; commas, tabs or semicolons part its cells.
        sentences: see `SourceKind`.

    Raises:
        UserError: the first line is not valid CSV.
    """
    text, delimiter = find_delimiter(text, lambda cell: cell.strip().lower() in ("file", _OTHER_NAME))
    rows = csv_rows(name, text, delimiter, sentences)
    first = next(rows, (0, []))
    if not isinstance(first, UserError):
        yield first[0], [column.strip().lower() for column in first[1]]
    yield from rows


def read_table(name: str, text: str, sentences: str) -> Iterator[tuple[int, list[str]] | UserError]:
    """Yield header and rows as `read_csv`, of CSV or of a table whose first line is the number of its rows.

    In the latter, names and cells are parted by spaces, and the first column, that of the files, has no name.

    Args:
        name, text, sentences: as in `read_csv`.

    Raises:
        UserError: not of this form.
    """
    lines = text.splitlines()
    if not lines or not lines[0].strip().isdecimal():
        yield from read_csv(name, text, sentences)
        return
    header = ["file", *lines[1].lower().split()] if len(lines) > 1 else ["file"]
    yield 2, header
    for line, cells in enumerate(map(str.split, lines[2:]), 3):
        if cells and len(cells) != len(header):
            yield UserError(f"{sentences}.csv_row", file=name, line=line, found=len(cells), wanted=len(header))
        elif cells:
            yield line, cells


class LabelTable(Generic[LabelT]):
    """The rows of a table, found by a file's name.

    Args:
        file: see `read_table`; has the column `file` or `image_id`, the name of a file with or without its suffix, and
            may have `split` and those that `read_label` knows.
        read_label: see `ReadLabel`.
        sentences: see `SourceKind`.
        where: which rows to choose, see `read_where`.

    Raises:
        UserError: no such file, not of this form, or damaged for the most part.

    What is wrong with a row, a label that is not allowed or a file that has one already among it, leaves out that row.
    """

    def __init__(self, file: Path, read_label: ReadLabel[LabelT], sentences: str, where: str = "") -> None:
        self.name = file.name
        self.damaged: list[UserError] = []
        """what is wrong with the lines that were left out"""
        rows = read_table(file.name, _read_text(file), sentences)
        header = next(header[1] for header in rows if not isinstance(header, UserError))
        named = _OTHER_NAME if "file" not in header and _OTHER_NAME in header else "file"
        _check_column(named, header, file.name, sentences)
        self.where = read_where(where, header, file.name, sentences)

        def read(line: int, values: list[str]) -> tuple[str, Row[LabelT]] | UserError:
            cells = dict(zip(header, values, strict=True))
            key = cells[named].strip().replace("\\", "/")
            if key in seen:
                return UserError(f"{sentences}.csv_twice", file=file.name, line=line, value=key[:80])
            seen.add(key)
            try:
                return key, read_row(read_label, cells, file.name, line, self.where)
            except UserError as error:
                return error

        seen: set[str] = set()
        found = (row if isinstance(row, UserError) else read(*row) for row in rows)
        self._rows = dict(whole_rows(found, self.damaged))
        self.splits = tuple(sorted({row.split for row in self._rows.values()} - {""}))
        if self._rows and not any(row.chosen for row in self._rows.values()):
            raise UserError(f"{sentences}.chose_nothing", source=file.name, value=where[:80])

    def find(self, name: str) -> Row[LabelT] | None:
        """Return the row of the file called `name`, by its path or its last part, with its suffix or without."""
        path = PurePosixPath(name)
        for key in (name, str(path.parent / path.stem), path.name, path.stem):
            if key in self._rows:
                return self._rows[key]
        return None


def _read_text(file: Path) -> str:
    if not file.is_file():
        raise UserError("engine.no_file", file=file)
    with file.open("rb") as stream:
        content = stream.read(_LARGEST_FILE + 1)
    if len(content) > _LARGEST_FILE:
        raise UserError("data.csv_too_large", file=file.name, most=_LARGEST_FILE // 2**20)
    return decode_text(content, file.name)


def table_beside(source: Path, usual: Sequence[str] = ()) -> Path | None:
    """Return the label table of a folder or file: `labels.csv` in it, the one beside it that is called like it, or one
    of a name in `usual`, in it or beside it.

    A number at the end of the source's name may be missing in the table's: `portraits.csv` for `portraits_64.zip`.
    """
    stem = source.name if source.is_dir() else source.stem
    plain = re.sub(r"_\d+$", "", stem)
    places = (source / "labels.csv", source.parent / f"{stem}.csv", source.parent / f"{plain}.csv")
    known = (folder / name for folder in (source, source.parent) for name in usual)
    return next((place for place in (*places, *known) if place.is_file()), None)


def choose(
    source: str, files: Sequence[tuple[str, Row[Any] | None]], splits: Sequence[str], split: str | None
) -> list[int]:
    """Return the indices of the files whose rows are chosen and which belong to a split.

    Args:
        source: where the files are, for the sentence.
        files: name of each file, and its row, if it has one.
        splits: what their label table names; empty where it names none.
        split: one of `splits`, or of `SPLITS` if there are none: then about 6 % of the files, chosen by their names,
            are the validation. None takes all.

    Raises:
        UserError: no such split.
    """
    chosen = [index for index, (_, row) in enumerate(files) if row is None or row.chosen]
    if split is None:
        return chosen
    if split not in (splits or SPLITS):
        raise UserError("data.no_split", source=source, value=split[:40], found=", ".join(splits or SPLITS)[:200])
    if splits:
        return [index for index in chosen if (row := files[index][1]) is not None and row.split == split]
    ranks = {index: _rank(files[index][0]) for index in chosen}
    # Few files: at least one of them is held out.
    bound = max(_HELD_OUT, min(ranks.values(), default=0.0))
    return [index for index, rank in ranks.items() if (rank <= bound) == (split == "validation")]


def _rank(name: str) -> float:
    """Return a number between 0 and 1 that depends on the last part of a file's name, without its suffix."""
    digest = hashlib.sha256(PurePosixPath(name).stem.encode(errors="replace")).digest()
    return int.from_bytes(digest[:6], "big") / 2**48
