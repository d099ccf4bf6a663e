"""Training batches, each a pure function of (seed, process, step): nothing to keep when a run is interrupted."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from genai_demo.text.data.articles import Article
from genai_demo.text.tokens.special_tokens import END, PAD
from genai_demo.text.tokens.tokenizer import Tokenizer


class Corpus:
    """Encoded texts, end to end in one array.

    Args:
        texts: ids of each text, without control tokens.
    """

    def __init__(self, texts: list[list[int]]) -> None:
        self.lengths = np.array([len(text) for text in texts], dtype=np.int64)
        self.starts = np.concatenate([[0], np.cumsum(self.lengths)])
        self.ids = (
            np.concatenate([np.asarray(text, dtype=np.uint16) for text in texts]) if texts else np.zeros(0, np.uint16)
        )

    def __len__(self) -> int:
        return len(self.lengths)

    def text(self, index: int) -> np.ndarray:
        """Return the ids of one text."""
        return self.ids[self.starts[index] : self.starts[index + 1]]


class NewsBatches:
    """Batches of whole articles, and of windows of longer background texts, in a given share.

    Args:
        news: articles with topics.
        background: texts that are not news; may be empty.
        tokenizer: encodes both; its topics are those of the articles.
        window: most tokens of a row, its control tokens included.
        background_share: share of rows taken from the background, 0 to 1.
        topic_dropout: share of rows whose topic is hidden, so that "any" is learnt as well.
        titled_share: share of the articles with a headline that have it on a line of its own, 0 to 1.
        seed: makes the batches of two runs differ.
    """

    def __init__(
        self,
        news: list[Article],
        background: list[str],
        tokenizer: Tokenizer,
        *,
        window: int,
        background_share: float,
        topic_dropout: float,
        titled_share: float,
        seed: int,
    ) -> None:
        encoded = tokenizer.encode_all([article.text for article in news])
        order = sorted(range(len(news)), key=lambda index: len(encoded[index]))
        # Sorted by length, so that neighbours make a batch with little padding.
        self._news = Corpus([encoded[index] for index in order])
        tokens = tokenizer.topics.tokens
        self._topics = np.array([tokens[news[index].topic] for index in order], dtype=np.int64)
        titled = [news[index].lines() if titled_share and news[index].title else "" for index in order]
        self._titled, self._titled_share = Corpus(tokenizer.encode_all(titled)), titled_share
        self._background = Corpus(tokenizer.encode_all(background))
        self._window, self._share = window, background_share if background else 0.0
        self._topic_dropout, self._seed = topic_dropout, seed
        self._any, self._no_news = tokens["any"], tokenizer.topics.background
        if len(self._background):
            self._weights = np.cumsum(np.maximum(self._background.lengths, 1))

    def batch(self, step: int, size: int, rank: int = 0) -> Tensor:
        """Return rows `[topic, tokens..., END, PAD...]` as (size, T), T at most `window`."""
        random = np.random.default_rng([self._seed, rank, step])
        from_background = random.binomial(size, self._share) if self._share else 0
        rows = [self._background_row(random) for _ in range(from_background)]
        rows += self._news_rows(random, size - from_background)
        width = max(len(row) for row in rows)
        filled = np.full((size, width), PAD, dtype=np.int64)
        for index, row in enumerate(rows):
            filled[index, : len(row)] = row
        return torch.from_numpy(filled)  # (size, T)

    def _news_rows(self, random: np.random.Generator, count: int) -> list[np.ndarray]:
        total = len(self._news)
        if self._share:
            chosen = random.integers(total, size=count)
        else:
            near = min(total, 4 * count)
            start = random.integers(-near // 2, total - near // 2)
            chosen = (np.clip(start, 0, total - near) + random.permutation(near))[np.arange(count) % near]
        rows = []
        for index in chosen:
            topic = self._any if random.random() < self._topic_dropout else self._topics[index]
            apart = self._titled.lengths[index] and random.random() < self._titled_share
            text = (self._titled if apart else self._news).text(int(index))
            rows.append(np.concatenate([[topic], text, [END]])[: self._window])
        return rows

    def _background_row(self, random: np.random.Generator) -> np.ndarray:
        # A text is chosen in proportion to its length, so that every token is seen equally often.
        index = int(np.searchsorted(self._weights, random.integers(self._weights[-1]), side="right"))
        body = np.append(self._background.text(index), END)
        room = self._window - 1
        start = 0 if len(body) <= room or random.random() < 0.1 else int(random.integers(len(body) - room + 1))
        return np.append(self._no_news, body[start : start + room])
