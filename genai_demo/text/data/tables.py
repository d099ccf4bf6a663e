"""Rows of text with labels, from the files that people have: CSV and its relatives, JSON, Parquet and plain text."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from genai_demo.engine.data.tables import csv_rows, find_delimiter
from genai_demo.engine.files import decode_text, has_mark, stands_for_another, without_accents
from genai_demo.errors import UserError
from genai_demo.text.data.json_values import json_values
from genai_demo.text.data.labels import is_label

_LARGEST_FILE = 2 * 2**30
_TABLES, _LINES = (".csv", ".tsv"), (".jsonl", ".json", ".ndjson")
SUFFIXES = (*_TABLES, *_LINES, ".parquet", ".txt")
ENDINGS = (*SUFFIXES, *(f"{suffix}.gz" for suffix in SUFFIXES if suffix != ".parquet"))
"""of the files that are read"""

# English, then German, French, Spanish, Italian, Portuguese and Chinese, without accents.
_LABELS = (
    *("label", "labels", "class index", "class", "category", "topic", "topics", "section", "target", "subject"),
    *("kategorie", "thema", "ressort", "categorie", "rubrique", "categoria", "etiqueta", "tema", "argomento"),
    *("类别", "分类", "标签", "类目", "主题"),
)
_TITLES = (
    *("title", "headline", "headlines", "heading", "headline text"),
    *("titel", "uberschrift", "titre", "titulo", "titular", "titolo", "标题", "题目"),
)
_BODIES = (
    *("description", "content", "body", "abstract", "summary", "short description", "article", "story"),
    *("beschreibung", "artikel", "contenu", "descripcion", "contenido", "descrizione", "contenuto", "conteudo"),
    *("内容", "正文", "摘要"),
)
_TEXTS = (
    *("text", "sentence", "document", "news", "content", "message"),
    *("texte", "texto", "noticia", "testo", "nachricht", "文本", "新闻"),
)
_KNOWN = {*_LABELS, *_TITLES, *_BODIES, *_TEXTS}
_JOINED = re.compile(r"[^\W_]+(?:_[^\W_]+)+")
"""what nobody writes but as a name, such as question_text"""
_MOST_LINES = 50
"""lines of an article, on average, where blank lines part articles"""


@dataclass(frozen=True)
class Columns:
    """Which columns of a table hold what; None for what it does not have."""

    label: str | None
    title: str | None
    body: str | None
    """what follows the title"""
    text: str | None
    """the whole, where title or body are missing"""

    @property
    def names(self) -> list[str]:
        """All of them."""
        return list(dict.fromkeys(name for name in vars(self).values() if name is not None))

    @property
    def from_one(self) -> bool:
        """Whether the labels are known to be numbered from 1."""
        return self.label is not None and _plain(self.label) == "class index"


@dataclass(frozen=True)
class Row:
    """One row: what stands in the columns, in whatever type the file has it."""

    line: int
    label: Any
    title: Any
    body: Any
    text: Any
    labelled: bool
    """whether it has a label, be it an empty one"""


@dataclass(frozen=True)
class Table:
    """The rows of a source."""

    rows: Iterator[Row | UserError]
    """in place of a damaged one what is wrong with it"""
    raw: bool
    """whether the texts may have the damage of AG News' raw rows"""
    from_one: bool = False
    """whether the numbers of labels are known to begin at 1"""


def _plain(column: object) -> str:
    return re.sub(r"[\W_]+", " ", without_accents(str(column).lower())).strip()


def _is_name(cell: object) -> bool:
    """Return whether a cell is the name of a column that is known, or one that ends with such a name."""
    plain = _plain(cell)
    return plain in _KNOWN or (bool(_JOINED.fullmatch(str(cell).strip())) and plain.rpartition(" ")[2] in _KNOWN)


def find_columns(names: Sequence[str]) -> Columns | None:
    """Return which of a table's columns hold what, by the names that such tables have; None if none holds a text.

    Of several names, those that say so alone come before those that only end so, as question_text does.
    """
    by_end = {_plain(name).rpartition(" ")[2]: name for name in reversed(names) if _JOINED.fullmatch(str(name).strip())}
    by_name = {_plain(name): name for name in reversed(names)}

    def first(candidates: Sequence[str]) -> str | None:
        return next((known[name] for known in (by_name, by_end) for name in candidates if name in known), None)

    title, body, text = first(_TITLES), first(_BODIES), first(_TEXTS)
    if title is not None and body is None:
        body = text
    found = text or body or title
    return None if found is None else Columns(first(_LABELS), title, body, found)


def read_table(file: Path) -> Table:
    """Return the rows of a file with one of `ENDINGS`.

    Raises:
        UserError: no such file, or not of the form that its name says; some of it when the rows are read.
    """
    kind = Path(file.name.removesuffix(".gz")).suffix.lower()
    if kind not in SUFFIXES or file.name.lower().endswith(".parquet.gz"):
        if not file.exists():
            raise UserError("engine.no_file", file=file)
        raise UserError("text.unknown_format", file=file.name)
    if kind == ".parquet":
        return _parquet(file)
    text = _read_text(file)
    if not text.strip():
        raise UserError("text.empty_file", file=file.name)
    if kind in _TABLES:
        return _csv(file.name, text)
    return _json(file.name, text) if kind in _LINES else _txt(text)


def rows_by_name(rows: Iterable[tuple[int, dict[str, Any]] | UserError], columns: Columns) -> Iterator[Row | UserError]:
    """Yield rows of the values in `columns` by their names, and what is wrong with others."""
    for row in rows:
        if isinstance(row, UserError):
            yield row
            continue
        line, values = row
        label, title, body, text = (
            None if name is None else values.get(name)
            for name in (columns.label, columns.title, columns.body, columns.text)
        )
        yield Row(line, label, title, body, text, columns.label is not None)


def _read_text(file: Path) -> str:
    if not file.is_file():
        raise UserError("engine.no_file", file=file)
    try:
        with gzip.open(file, "rb") if file.suffix == ".gz" else file.open("rb") as stream:
            content = stream.read(_LARGEST_FILE + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UserError("text.bad_gzip", file=file.name) from error
    if len(content) > _LARGEST_FILE:
        raise UserError("text.file_too_large", file=file.name)
    if mistaken := stands_for_another(content):
        raise UserError(f"text.{mistaken}", file=file.name)
    if b"\0" in content[:4096] and not has_mark(content):
        raise UserError("text.binary", file=file.name)
    return decode_text(content, file.name)


def _csv(name: str, text: str) -> Table:
    text, delimiter = find_delimiter(text, _is_name)
    # What is parted by tabs needs no quotation marks, and often has some that mean nothing.
    quotes = delimiter != "\t" or _well_quoted(name, text)
    rows = csv_rows(name, text, delimiter, "text", quotes)
    first = next(rows, None)
    assert isinstance(first, tuple), "the file is not empty, and a damaged first row is refused"
    header = first[1]
    columns = find_columns(header) if any(map(_is_name, header)) else None
    if columns is None:
        found = _headerless(header)
        if found is None:
            raise UserError("text.csv_columns", file=name, found=", ".join(header)[:200])
        columns, header = found

    def named() -> Iterator[tuple[int, dict[str, Any]] | UserError]:
        for row in rows if header is first[1] else chain([first], rows):
            yield row if isinstance(row, UserError) else (row[0], dict(zip(header, row[1], strict=True)))

    return Table(rows_by_name(named(), columns), True, columns.from_one)


def _well_quoted(name: str, text: str) -> bool:
    try:
        return not any(isinstance(row, UserError) for row in csv_rows(name, text, "\t", "text"))
    except UserError:
        return False


def _headerless(cells: list[str]) -> tuple[Columns, list[str]] | None:
    """Return the columns of a table whose first row is data, and names for them; None if that tells nothing."""
    if len(cells) == 1:
        return Columns(None, None, None, "text"), ["text"]
    if len(cells) == 3 and is_label(cells[0]):
        return Columns("label", "title", "body", None), ["label", "title", "body"]
    for names in (["label", "text"], ["text", "label"]):
        if len(cells) == 2 and is_label(cells[names.index("label")]):
            return Columns("label", None, None, "text"), names
    return None


def _json(name: str, text: str) -> Table:
    """Return rows of objects, see `json_values`."""
    found: dict[tuple[str, ...], Columns | None] = {}
    objects = json_values(name, text, lambda names: find_columns(names) is not None)

    def rows() -> Iterator[Row | UserError]:
        for line, values in objects:
            if isinstance(values, UserError):
                yield values
                continue
            keys = tuple(values) if isinstance(values, dict) else ()
            if keys not in found:
                found[keys] = find_columns(keys)
            columns = found[keys]
            if columns is None:
                yield UserError("text.json_fields", file=name, line=line)
            else:
                yield from rows_by_name([(line, values)], columns)

    return Table(rows(), False)


def _txt(text: str) -> Table:
    """Return the paragraphs of a text; where blank lines do not part them, each line is one, with a label if all have.

    A few blank lines among hundreds of others part nothing: an article was empty.
    """
    text = text.replace("\r\n", "\n").strip()
    parts = [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]
    lines = [line for line in text.split("\n") if line.strip()]
    if len(parts) > 1 and len(lines) <= _MOST_LINES * len(parts):
        return Table((Row(number, None, None, None, part, False) for number, part in enumerate(parts, 1)), False)
    pairs = [line.partition("\t") for line in lines]
    # A few lines may be out of order; where most are labelled, the tab is no accident.
    labelled = all(tab for _, tab, _ in pairs) and 2 * sum(is_label(label) for label, _, _ in pairs) > len(pairs)
    if labelled:
        rows = (Row(number, label, None, None, rest, True) for number, (label, _, rest) in enumerate(pairs, 1))
    else:
        rows = (Row(number, None, None, None, line, False) for number, line in enumerate(lines, 1))
    return Table(rows, False)


def _parquet(file: Path) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not file.is_file():
        raise UserError("engine.no_file", file=file)
    try:
        content = pq.ParquetFile(file)
        names = content.schema_arrow.names
        described = json.loads((content.schema_arrow.metadata or {}).get(b"huggingface", b"{}"))
        unpacked = sum(content.metadata.row_group(index).total_byte_size for index in range(content.num_row_groups))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UserError("text.bad_parquet", file=file.name) from error
    if unpacked > _LARGEST_FILE:
        raise UserError("text.file_too_large", file=file.name)
    columns = find_columns(names)
    if columns is None:
        raise UserError("text.csv_columns", file=file.name, found=", ".join(names)[:200])
    features = described.get("info", {}).get("features", {}) if isinstance(described, dict) else {}
    classes = features.get(columns.label, {}).get("names") if isinstance(features, dict) else None

    def rows() -> Iterator[tuple[int, dict[str, Any]]]:
        number = 0
        try:
            for batch in content.iter_batches(columns=columns.names):
                for values in batch.to_pylist():
                    number += 1
                    yield number, with_class(values, columns.label, classes)
        except (pa.ArrowException, OSError) as error:
            raise UserError("text.bad_parquet", file=file.name) from error

    return Table(rows_by_name(rows(), columns), True, columns.from_one)


def with_class(values: dict[str, Any], column: str | None, classes: Sequence[str] | None) -> dict[str, Any]:
    """Return the values of a row, with the name of its class, if classes have names, in place of its number."""
    number = values.get(column) if column is not None else None
    if classes and isinstance(number, int) and not isinstance(number, bool):
        name = classes[number] if 0 <= number < len(classes) else None
        return values | {str(column): name}
    return values
