"""How much of a text stands word for word in other texts."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from genai_demo.engine.evaluation.ngram_hashes import Hashes, NgramHashes, contained
from genai_demo.text.data.articles import Article
from genai_demo.text.data.words import is_chinese, words_of


class CopyCheck:
    """How much of a text stands word for word in the training data.

    Args:
        training: the texts a model has learnt from.
        n: words, or Chinese characters, in a row that count as copied.
    """

    def __init__(self, training: Iterable[str], n: int = 8) -> None:
        self._n = n
        self._numbers: defaultdict[str, int] = defaultdict(itertools.count().__next__)
        self._known = np.unique(self._grams(training))
        self.words = frozenset(self._numbers)
        """the different words of the training data, in lower case, with the punctuation at them"""

    def _grams(self, texts: Iterable[str]) -> Hashes:
        """Return a hash of every n-gram of words."""
        words = [np.array([self._numbers[word] for word in words_of(text.lower())], np.int64) for text in texts]
        return NgramHashes(words).runs(self._n)[0]

    def share(self, texts: list[str]) -> float:
        """Return the share of the n-grams of `texts` that stand in the training data, 0 to 1."""
        grams = self._grams(texts)
        return float(contained(grams, self._known).mean()) if len(grams) else 0.0


def without_copies(articles: list[Article], training: list[Article], most: float = 0.05) -> list[Article]:
    """Return the articles that do not stand in the training data, not even in parts, in the same order.

    News is printed more than once. Held-out articles whose twins were learnt from praise a model for its memory, and
    lead whoever chooses settings by them to one that knows its training data by heart.

    Args:
        articles: held-out ones.
        training: those that are learnt from.
        most: share of an article's 8-grams, 0 to 1, that may stand in the training data; of a Chinese text, in which a
            name alone may have 8 characters, half of them may.
    """
    check = CopyCheck(article.text for article in training)
    return [
        article
        for article in articles
        if check.share([article.text]) <= (max(most, 0.5) if is_chinese(article.text) else most)
    ]
