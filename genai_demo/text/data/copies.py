"""How much of a text stands word for word in other texts."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from genai_demo.text.data.articles import Article


class CopyCheck:
    """How much of a text stands word for word in the training data.

    Args:
        training: the texts a model has learnt from.
        n: words in a row that count as copied.
    """

    def __init__(self, training: Iterable[str], n: int = 8) -> None:
        self._numbers: defaultdict[str, int] = defaultdict(itertools.count().__next__)
        # A sum of word numbers times random odd 64-bit factors tells n-grams apart as well as a random hash.
        random = np.random.default_rng(0)
        self._factors = random.integers(0, 2**63, size=n, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
        hashes = [self._hashes(text) for text in training]
        self._known = np.unique(np.concatenate(hashes)) if hashes else np.zeros(0, np.uint64)
        self.words = frozenset(self._numbers)
        """the different words of the training data, in lower case, with the punctuation at them"""

    def _hashes(self, text: str) -> npt.NDArray[np.uint64]:
        words = np.array(list(map(self._numbers.__getitem__, text.lower().split())), dtype=np.uint64)
        hashes = np.zeros(max(0, len(words) - len(self._factors) + 1), np.uint64)
        for index, factor in enumerate(self._factors):
            hashes += factor * words[index : index + len(hashes)]  # modulo 2^64
        return hashes

    def share(self, texts: list[str]) -> float:
        """Return the share of the n-grams of `texts` that stand in the training data, 0 to 1."""
        grams = np.concatenate([np.zeros(0, np.uint64), *(self._hashes(text) for text in texts)])
        if not len(grams) or not len(self._known):
            return 0.0
        # `np.isin` would sort all that is known again for every call.
        indices = np.minimum(np.searchsorted(self._known, grams), len(self._known) - 1)
        return float((self._known[indices] == grams).mean())


def without_copies(articles: list[Article], training: list[Article], most: float = 0.05) -> list[Article]:
    """Return the articles that do not stand in the training data, not even in parts, in the same order.

    News is printed more than once. Held-out articles whose twins were learnt from praise a model for its memory, and
    lead whoever chooses settings by them to one that knows its training data by heart.

    Args:
        articles: held-out ones.
        training: those that are learnt from.
        most: share of an article's 8-grams, 0 to 1, that may stand in the training data.
    """
    check = CopyCheck(article.text for article in training)
    return [article for article in articles if check.share([article.text]) <= most]
