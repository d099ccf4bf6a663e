"""Reading news: tables, JSON and text files, and data sets of the Hugging Face hub."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from genai_demo.engine.data.items import count_held_out
from genai_demo.engine.data.sample import sample_count
from genai_demo.engine.data.sources import looks_like_hub_id, reading_hub
from genai_demo.engine.data.tables import whole_rows
from genai_demo.errors import UserError
from genai_demo.text.data.cleaning import clean
from genai_demo.text.data.labels import topics_of
from genai_demo.text.data.sample import COUNT, sample_rows
from genai_demo.text.data.tables import ENDINGS, Row, Table, find_columns, read_table, rows_by_name, with_class
from genai_demo.text.tokens.special_tokens import AG_NEWS, TopicSet

_SHOWN = 5
"""labels without a topic that a sentence names"""


@dataclass(frozen=True)
class Article:
    """One text and its topic."""

    text: str
    topic: str = "any"
    """one of the topics of its collection; "any" where it is not known"""
    title: str = ""
    """the headline that the text begins with, where it is known; a space parts it from the rest"""

    def lines(self) -> str:
        """Return the text with its headline on a line of its own, after an empty one that announces it."""
        return f"\n{self.title}\n{self.text[len(self.title) :].lstrip()}"


@dataclass(frozen=True)
class Articles:
    """The articles of one or several sources, and what became of the rest."""

    articles: list[Article]
    left_out: tuple[UserError, ...] = ()
    """why each row that gave none was left out"""
    unknown: Counter[str] = field(default_factory=Counter)
    """labels that stand for no topic, and how many rows have each"""

    def __add__(self, other: Articles) -> Articles:
        return Articles(self.articles + other.articles, self.left_out + other.left_out, self.unknown + other.unknown)

    def parted(self, share: float) -> tuple[Articles, Articles]:
        """Return the articles to learn from, and a `share` of them held out, at least one: always the same ones."""
        digests = [hashlib.sha256(article.text.encode()).digest() for article in self.articles]
        count = count_held_out(len(digests), share)
        held_out = set(sorted(range(len(digests)), key=digests.__getitem__)[:count])
        parts: tuple[list[Article], list[Article]] = ([], [])
        for index, article in enumerate(self.articles):
            parts[index in held_out].append(article)
        return replace(self, articles=parts[0]), Articles(parts[1])

    def remarks(self) -> list[UserError]:
        """Return what whoever learns from them had better know."""
        if not self.unknown:
            return []
        most = ", ".join(label for label, _ in self.unknown.most_common(_SHOWN))
        return [UserError("text.unknown_labels", count=self.unknown.total(), labels=most)]


def read_source(source: str, split: str = "train", topics: TopicSet = AG_NEWS) -> Articles:
    """Read all articles of a file, or of a data set of the hub.

    Args:
        source: path of a table (`.csv` or `.tsv`, with columns of labels, and of texts or titles and descriptions; or
            headerless as AG News is distributed), `.jsonl` or `.json` file (the same as objects), `.parquet` file, or
            `.txt` file (articles parted by blank lines, or one a line, also with a label and a tab before it); all but
            Parquet also gzipped; the hub id of a data set with such columns, such as "fancyzhx/ag_news"; or a sample,
            see `sample_count`.
        split: split of a hub data set, or of a sample, of which all but "train" are the articles held out.
        topics: what its labels may stand for.

    Raises:
        UserError: no such file or data set, not of these forms, or without articles.
    """
    if (count := sample_count(source, COUNT)) is not None:
        rows = sample_rows(count, held_out=split != "train")
        return Articles([Article(f"{title} {story}", topic, title) for topic, title, story in rows])
    file = Path(source)
    local = file.exists() or not looks_like_hub_id(source, ENDINGS)
    table = read_table(file) if local else _hub_table(source, split)
    name = file.name if local else source
    articles, labels = [], []
    left_out: list[UserError] = []
    for row, article in whole_rows(_read_rows(table, name), left_out):
        if article is None:
            left_out.append(UserError("text.empty_article"))
        else:
            articles.append(article)
            labels.append(row.label)
    if not articles:
        raise UserError("text.no_articles", source=source)
    found, unknown = topics_of(labels, table.from_one, topics)
    known = [replace(article, topic=topic) for article, topic in zip(articles, found, strict=True)]
    return Articles(known, tuple(left_out), unknown)


def read_held_out(source: str, topics: TopicSet = AG_NEWS) -> Articles:
    """Return what of a source is there to measure on: of a sample the articles held out, of any other source all."""
    return read_source(source, "train" if sample_count(source, COUNT) is None else "validation", topics)


def read_articles(source: str, split: str = "train", topics: TopicSet = AG_NEWS) -> list[Article]:
    """Return the articles of a source only, see `read_source`."""
    return read_source(source, split, topics).articles


def data_hash(articles: list[Article]) -> str:
    """Return 12 hexadecimal digits that stand for exactly these articles in this order."""
    digest = hashlib.sha256()
    for article in articles:
        digest.update(f"{article.topic}\t{article.text}\0".encode())
    return digest.hexdigest()[:12]


def described(**parts: list[Article]) -> dict[str, Any]:
    """Return what a run says of the articles that it learns from and measures on, by name, JSON-able."""
    return {name: {"articles": len(part), "hash": data_hash(part)} for name, part in parts.items()}


def _hub_table(name: str, split: str) -> Table:
    from datasets import load_dataset

    with reading_hub(name, split, "text"):
        rows = load_dataset(name, split=split)
    columns = find_columns(rows.column_names)
    if columns is None:
        raise UserError("text.hub_columns", name=name, found=", ".join(rows.column_names)[:200])
    classes = getattr(rows.features.get(columns.label), "names", None)
    numbered = ((number, with_class(row, columns.label, classes)) for number, row in enumerate(rows, 1))
    return Table(rows_by_name(numbered, columns), True, columns.from_one)


def _read_rows(table: Table, source: str) -> Iterator[tuple[Row, Article | None] | UserError]:
    """Yield rows with their articles as `_article`, and in place of a damaged one what is wrong with it."""
    for row in table.rows:
        if isinstance(row, UserError):
            yield row
            continue
        article = _article(row, source, table.raw)
        yield article if isinstance(article, UserError) else (row, article)


def _article(row: Row, source: str, raw: bool) -> Article | UserError | None:
    """Return the article of a row, its topic left open; None for a row without a word, or what is wrong with it."""
    parts: list[Any] = [row.title, row.body]
    # A table may have both kinds of columns, and fill either.
    titled = None not in parts and any(parts)
    if not titled:
        parts = [next((part for part in (row.text, row.title, row.body) if part), "")]
    if not all(isinstance(part, str) for part in parts):
        return UserError("text.json_fields", file=source, line=row.line)
    if raw:
        parts = [clean(part) for part in parts]
    elif row.labelled:
        # News is one paragraph, as in AG News, after its headline; only other texts keep their lines.
        if not titled:
            parts = re.split(r"(?<!\n)\n(?!\s*\n)", parts[0].strip(), maxsplit=1)
            titled = len(parts) == 2
        parts = [" ".join(part.split()) for part in parts]
    # Half a surrogate pair, which JSON can spell, is no character.
    parts = [part.strip().encode(errors="replace").decode() for part in parts]
    text = " ".join(parts).strip()
    return Article(text, title=parts[0] if titled and all(parts) else "") if _has_letter(text) else None


def _has_letter(text: str) -> bool:
    return any(map(str.isalpha, text))
