"""Reading news: CSV, JSONL and text files, and data sets of the Hugging Face hub."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genai_demo.engine.data.sources import looks_like_hub_id, reading_hub
from genai_demo.engine.data.tables import read_csv
from genai_demo.errors import UserError
from genai_demo.text.data.cleaning import clean
from genai_demo.text.tokens.special_tokens import TOPICS

_LARGEST_FILE = 2 * 2**30
_SUFFIXES = (".csv", ".jsonl", ".txt")
_ENDINGS = (*_SUFFIXES, *(f"{suffix}.gz" for suffix in _SUFFIXES))


@dataclass(frozen=True)
class Article:
    """One text and its topic."""

    text: str
    topic: str = "any"
    """one of `TOPICS`; "any" where it is not known"""
    title: str = ""
    """the headline that the text begins with, where it is known; a space parts it from the rest"""

    def lines(self) -> str:
        """Return the text with its headline on a line of its own, after an empty one that announces it."""
        return f"\n{self.title}\n{self.text[len(self.title) :].lstrip()}"


def read_articles(source: str, split: str = "train") -> list[Article]:
    """Read all articles of a file, or of a data set of the hub.

    Args:
        source: path of a `.csv` (columns label, title, description), `.jsonl` (text, or title and description; label)
            or `.txt` (articles parted by blank lines) file, each also gzipped; or the hub id of a data set
            with the columns text and label, such as "fancyzhx/ag_news".
        split: split of a hub data set.

    Raises:
        UserError: no such file or data set, not of these forms, or without articles.
    """
    file = Path(source)
    if file.exists() or not looks_like_hub_id(source, _ENDINGS):
        articles = list(_read_file(file))
    else:
        articles = list(_read_hub(source, split))
    if not articles:
        raise UserError("text.no_articles", source=source)
    return articles


def data_hash(articles: list[Article]) -> str:
    """Return 12 hexadecimal digits that stand for exactly these articles in this order."""
    digest = hashlib.sha256()
    for article in articles:
        digest.update(f"{article.topic}\t{article.text}\0".encode())
    return digest.hexdigest()[:12]


def described(**parts: list[Article]) -> dict[str, Any]:
    """Return what a run says of the articles that it learns from and measures on, by name, JSON-able."""
    return {name: {"articles": len(part), "hash": data_hash(part)} for name, part in parts.items()}


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
    if b"\0" in content[:4096]:
        raise UserError("text.binary", file=file.name)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError("engine.not_utf8", file=file.name) from error


def _read_file(file: Path) -> Iterator[Article]:
    kind = Path(file.name.removesuffix(".gz")).suffix.lower()
    if kind not in _SUFFIXES:
        if not file.exists():
            raise UserError("engine.no_file", file=file)
        raise UserError("text.unknown_format", file=file.name)
    text = _read_text(file)
    if not text.strip():
        raise UserError("text.empty_file", file=file.name)
    if kind == ".csv":
        return _read_csv(file, text)
    return _read_jsonl(file, text) if kind == ".jsonl" else _read_txt(text)


def _read_csv(file: Path, text: str) -> Iterator[Article]:
    rows = read_csv(file.name, text, "text")
    _, header = next(rows)
    wanted = {"title", "description", "text"} & set(header)
    if "label" not in header or not ("text" in wanted or {"title", "description"} <= wanted):
        raise UserError("text.csv_columns", file=file.name, found=", ".join(header)[:200])
    for line, cells in rows:
        yield from _article(dict(zip(header, cells, strict=True)), file.name, line, raw=True)


def _read_jsonl(file: Path, text: str) -> Iterator[Article]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UserError("text.bad_json", file=file.name, line=number) from error
        if not isinstance(row, dict):
            raise UserError("text.json_fields", file=file.name, line=number)
        yield from _article(row, file.name, number, raw=False)


def _read_txt(text: str) -> Iterator[Article]:
    for paragraph in re.split(r"\n\s*\n", text.replace("\r\n", "\n")):
        if paragraph.strip():
            yield Article(paragraph.strip())


def _read_hub(name: str, split: str) -> Iterator[Article]:
    from datasets import load_dataset

    with reading_hub(name, split, "text"):
        rows = load_dataset(name, split=split)
    if "text" not in rows.column_names:
        raise UserError("text.hub_columns", name=name, found=", ".join(rows.column_names))
    label = rows.features.get("label")
    first = 0 if label is not None and hasattr(label, "names") else None
    for number, row in enumerate(rows, 1):
        if first is not None and isinstance(row["label"], int):
            row["label"] = row["label"] + 1
        yield from _article(row, name, number, raw=True)


def _article(row: dict[str, Any], source: str, line: int, raw: bool) -> Iterator[Article]:
    topic = _topic(row.get("label"), source, line)
    parts: list[Any] = [row.get("title"), row.get("description")]
    titled = None not in parts
    if not titled:
        parts = [row.get("text")]
    if not all(isinstance(part, str) for part in parts):
        raise UserError("text.json_fields", file=source, line=line)
    if raw:
        parts = [clean(part) for part in parts]
    elif "label" in row:
        # News is one paragraph, as in AG News, after its headline; only other texts keep their lines.
        if not titled:
            parts = re.split(r"(?<!\n)\n(?!\s*\n)", parts[0].strip(), maxsplit=1)
            titled = len(parts) == 2
        parts = [" ".join(part.split()) for part in parts]
    # Half a surrogate pair, which JSON can spell, is no character.
    parts = [part.strip().encode(errors="replace").decode() for part in parts]
    text = " ".join(parts).strip()
    if text:
        yield Article(text, topic, parts[0] if titled and all(parts) else "")


def _topic(label: object, source: str, line: int) -> str:
    """Return the topic of a label: AG News' 1 to 4, a topic's name, or nothing."""
    if label is None or str(label).strip() == "":
        return "any"
    name = str(label).strip().lower().replace("/", "").replace(" ", "")
    if name in TOPICS:
        return name
    if name in ("1", "2", "3", "4"):
        return TOPICS[int(name)]
    raise UserError("text.bad_label", source=source, line=line, value=str(label)[:40], allowed=", ".join(TOPICS[1:]))
