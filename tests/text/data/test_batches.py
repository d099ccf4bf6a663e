"""Batches are made of the rows they promise, always the same for the same step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from genai_demo.text.data.articles import Article
from genai_demo.text.data.batches import Corpus, NewsBatches
from genai_demo.text.tokens.special_tokens import AG_NEWS, END, PAD
from tests.helpers import news

TOKENIZER = news.tokenizer()
WINDOW = 24


def batches(**changes: Any) -> NewsBatches:
    settings: dict[str, Any] = {"window": WINDOW, "background_share": 0.5, "topic_dropout": 0.1, "titled_share": 0.5}
    settings = {"articles": news.articles(), "background": news.background(), "seed": 0, **settings, **changes}
    background = [article.text for article in settings.pop("background")]
    return NewsBatches(settings.pop("articles"), background, TOKENIZER, **settings)


MIXED = batches()
ARTICLES = {tuple(TOKENIZER.encode(article.text)): article.topic for article in news.articles()}
TEXTS = [tuple(TOKENIZER.encode(article.text)) for article in news.background()]


def bare(row: Tensor) -> list[int]:
    """Return a row without its padding, making sure that padding is only at its end."""
    ids = row.tolist()
    kept = [index for index in ids if index != PAD]
    assert ids == kept + [PAD] * (len(ids) - len(kept))
    return kept


def check_row(row: Tensor, window: int) -> str:
    """Make sure that a row is well formed and return what it starts with."""
    ids = bare(row)
    assert 2 <= len(ids) <= window
    start, body = ids[0], ids[1:]
    assert all(index >= AG_NEWS.controls for index in body[:-1])
    ended = body[-1] == END
    assert ended or len(ids) == window, "a row that does not end is cut at the window"
    text = tuple(body[:-1] if ended else body)
    if start == AG_NEWS.background:
        assert any(text == whole[place : place + len(text)] for whole in TEXTS for place in range(len(whole)))
        return "background"
    whole = next(article for article in ARTICLES if article[: len(text)] == text)
    assert not ended or whole == text
    topic = next(name for name, token in AG_NEWS.tokens.items() if token == start)
    assert topic in ("any", ARTICLES[whole])
    return topic


@given(st.integers(0, 10**6), st.integers(1, 12), st.integers(0, 3))
def test_pure_and_well_formed(step: int, size: int, rank: int) -> None:
    rows = MIXED.batch(step, size, rank)
    assert rows.shape[0] == size
    assert rows.dtype == torch.int64
    assert torch.equal(rows, MIXED.batch(step, size, rank))
    for row in rows:
        check_row(row, WINDOW)
    assert max(len(bare(row)) for row in rows) == rows.shape[1], "no wider than its longest row"


def test_equal_for_another_object_other_for_another_step_process_or_seed() -> None:
    rows = MIXED.batch(3, 8, 1)
    assert torch.equal(rows, batches().batch(3, 8, 1))
    for other in (MIXED.batch(4, 8, 1), MIXED.batch(3, 8, 0), batches(seed=1).batch(3, 8, 1)):
        assert not torch.equal(rows, other)


@pytest.mark.parametrize(("share", "background"), [(0.0, 0), (1.0, 64)])
def test_share_at_its_ends(share: float, background: int) -> None:
    for window in (2, 3, WINDOW, 500):
        rows = batches(background_share=share, window=window).batch(0, 64)
        assert int((rows[:, 0] == AG_NEWS.background).sum()) == background


def test_share_between() -> None:
    rows = batches(background_share=0.25, window=4)
    count = sum(int((rows.batch(step, 64)[:, 0] == AG_NEWS.background).sum()) for step in range(40))
    assert count / (40 * 64) == pytest.approx(0.25, abs=0.03)


def test_without_background_all_rows_are_news() -> None:
    alone = batches(background=[], background_share=0.9)
    assert not (alone.batch(0, 32)[:, 0] == AG_NEWS.background).any()


@pytest.mark.parametrize(("dropout", "hidden"), [(0.0, 0), (1.0, 48)])
def test_topic_dropout_at_its_ends(dropout: float, hidden: int) -> None:
    rows = batches(background_share=0.0, topic_dropout=dropout, window=200).batch(0, 48)
    assert int((rows[:, 0] == AG_NEWS.tokens["any"]).sum()) == hidden
    for row in rows:
        check_row(row, 200)


@pytest.mark.parametrize("count", [1, 3, 200])
def test_more_rows_than_articles(count: int) -> None:
    few = batches(articles=news.articles()[:count], background=[], window=64)
    assert few.batch(0, 10).shape[0] == 10


def test_every_article_has_its_turn() -> None:
    for share in (0.0, 0.01):
        rows = batches(background_share=share, topic_dropout=0.0, window=200)
        seen = {
            tuple(bare(row)[1:-1])
            for step in range(120)
            for row in rows.batch(step, 16)
            if row[0] != AG_NEWS.background
        }
        assert seen == set(ARTICLES)


def test_every_part_of_the_background_has_its_turn() -> None:
    rows, seen = batches(background_share=1.0, window=16), set()
    for step in range(60):
        for row in rows.batch(step, 16):
            seen |= {tuple(bare(row)[1:][place : place + 5]) for place in range(11)}
    assert any(END in grams for grams in seen), "the last window closes the text"
    for text in TEXTS:
        assert {text[place : place + 5] for place in range(len(text) - 4)} <= seen


def test_corpus_gives_texts_back() -> None:
    corpus = Corpus([[9, 10], [], [65_535]])
    assert len(corpus) == 3
    assert [corpus.text(index).tolist() for index in range(3)] == [[9, 10], [], [65_535]]
    assert len(Corpus([])) == 0
    with pytest.raises(OverflowError):
        Corpus([[65_536]])


def test_articles_without_topic_are_of_any() -> None:
    plain = batches(articles=[Article("It was news.")], background=[], window=64)
    assert plain.batch(0, 2)[:, 0].tolist() == [AG_NEWS.tokens["any"]] * 2
    assert np.unique(plain.batch(0, 2)[:, 0]).size == 1


@pytest.mark.parametrize(("share", "least", "most"), [(0.0, 0, 0), (0.5, 160, 240), (1.0, 400, 400)])
def test_headlines_stand_on_a_line_of_their_own_in_a_share_of_the_rows(share: float, least: int, most: int) -> None:
    rows = batches(articles=news.titled(), background=[], topic_dropout=0.0, window=200, titled_share=share)
    texts = [TOKENIZER.decode(row.tolist()) for step in range(5) for row in rows.batch(step, 80)]
    apart = [text for text in texts if "\n" in text]
    assert least <= len(apart) <= most
    known = {article.text: article.title for article in news.titled()}
    for text in apart:
        announced, title, story = text.split("\n")
        assert not announced and known[f"{title} {story}"] == title
    assert {text for text in texts if "\n" not in text} <= set(known)


def test_articles_without_headline_are_written_as_they_are() -> None:
    rows = batches(titled_share=1.0, background=[], window=200)
    assert {tuple(bare(row)[1:-1]) for row in rows.batch(0, 64)} <= set(ARTICLES)
