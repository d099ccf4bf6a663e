"""Files of text as people have them are read as they are meant: `text.toml` has a row for each kind."""

from __future__ import annotations

import gzip
import tomllib
from pathlib import Path
from typing import Any

import pytest

from genai_demo.catalogue import LANGUAGES
from genai_demo.errors import UserError
from genai_demo.text.data.articles import Article, Articles, read_source

TABLE = Path(__file__).with_name("text.toml")
CASES: list[dict[str, Any]] = tomllib.loads(TABLE.read_text(encoding="utf-8"))["case"]
FACTS = ("articles", "left_out", "unknown")


def written(case: dict[str, Any], folder: Path) -> str:
    content = case["content"].lstrip("\n").encode(case.get("encoding", "utf-8"))
    file = folder / case["file"]
    file.write_bytes(gzip.compress(content) if file.suffix == ".gz" else content)
    return str(file)


def told(article: Article) -> str:
    title, rest = article.title, article.text[len(article.title) :].lstrip()
    return f"{article.topic}: {title} | {rest}" if title else f"{article.topic}: {article.text}"


def fact(read: Articles, name: str) -> Any:
    found = {"articles": [told(article) for article in read.articles], "unknown": read.unknown.total()}
    return (found | {"left_out": [reason.key for reason in read.left_out]})[name]


@pytest.mark.parametrize(
    ("case", "name"),
    [pytest.param(case, name, id=f"{case['file']}-{name}") for case in CASES for name in FACTS if name in case],
)
def test_facts(case: dict[str, Any], name: str, tmp_path: Path) -> None:
    assert fact(read_source(written(case, tmp_path)), name) == case[name], case["right"]


@pytest.mark.parametrize("case", [case for case in CASES if "refused" in case], ids=lambda case: case["file"])
def test_refusals(case: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UserError) as refusal:
        read_source(written(case, tmp_path))
    assert refusal.value.key == case["refused"]
    assert all(case["file"] in refusal.value.in_language(language) for language in LANGUAGES)


def test_the_table_is_in_order() -> None:
    assert len({case["file"] for case in CASES}) == len(CASES)
    for case in CASES:
        assert {"file", "right", "source", "content"} <= case.keys()
        assert case.keys() <= {"file", "right", "source", "content", "encoding", "refused", *FACTS}
        assert ("refused" in case) != bool(case.keys() & set(FACTS)), case["file"]
