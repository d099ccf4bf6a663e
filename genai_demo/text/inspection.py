"""What a file of news holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from genai_demo.engine.data.items import Items
from genai_demo.text.data.articles import Articles, read_source
from genai_demo.text.data.tables import ENDINGS
from genai_demo.text.tokens.special_tokens import TOPIC_SETS

_SHOWN = 3
"""articles of an example"""
_LONGEST = 300
"""characters of each"""


def inspect(path: Path, language: str) -> dict[str, Any] | None:
    """Return what there is to learn from in a table or text file; None for any other file.

    Raises:
        UserError: see `read_source`.
    """
    found = _read(path)
    return None if found is None else _told(found, language)


def glance(path: Path, language: str) -> dict[str, Any] | None:
    """Return what `inspect` does, and its first articles.

    Raises:
        UserError: as there.
    """
    found = _read(path)
    if found is None:
        return None
    shown = (f"[{article.topic}] {article.text[:_LONGEST]}" for article in found.articles[:_SHOWN])
    return {**_told(found, language), "example": {"txt": "\n\n".join(shown).encode()}}


def _read(path: Path) -> Articles | None:
    if not path.is_file() or not path.name.lower().endswith(ENDINGS):
        return None
    found = read_source(str(path))
    if found.unknown:  # they may stand for the topics of another collection
        others = (read_source(str(path), topics=topics) for topics in TOPIC_SETS.values())
        found = min(others, key=lambda one: one.unknown.total())
    return found


def _told(found: Articles, language: str) -> dict[str, Any]:
    labelled = sum(article.topic != "any" for article in found.articles)
    items = Items("text", len(found.articles), 0, labelled, found.left_out, found.remarks())
    return items.inspected("articles", language)
