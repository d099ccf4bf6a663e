"""Figures of news models: bits per byte, variety, copying from the training data."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from genai_demo.text.data.articles import Article
from genai_demo.text.models.gru import GruModel
from genai_demo.text.models.masked import MaskedModel
from genai_demo.text.tokens.tokenizer import CONTROLS, END, MASK, PAD, TOPIC_TOKENS, Tokenizer

_BATCH_TOKENS = 4096


@torch.inference_mode()
def bits_per_byte(
    model: GruModel | MaskedModel,
    tokenizer: Tokenizer,
    articles: list[Article],
    topic_known: bool = False,
) -> float:
    """Return the bits a model needs per UTF-8 byte, the end of an article counted as one byte.

    For the GRU this is the exact code length of every token and of the end. For the masked model it is an upper
    bound: the expected code length over random orders of filling in, the number of tokens being given
    (Hoogeboom et al. 2022, autoregressive diffusion, equation 5).

    Args:
        articles: texts that the model has not seen, at least one.
        topic_known: tell the model each article's topic instead of "any".
    """
    device = model.embedding.weight.device
    was_training = model.training
    model.eval()
    total = 0.0
    for rows in _rows(tokenizer, articles, topic_known):
        batch = rows.to(device)
        total += float(_exact_nats(model, batch) if isinstance(model, GruModel) else _bound_nats(model, batch))
    model.train(was_training)
    size = sum(len(article.text.encode()) + 1 for article in articles)
    return total / math.log(2) / size


def _rows(tokenizer: Tokenizer, articles: list[Article], topic_known: bool) -> Iterable[Tensor]:
    """Yield rows `[topic, tokens..., END, PAD...]` (B, T) of articles of similar lengths."""
    encoded = sorted(
        (
            [TOPIC_TOKENS[article.topic if topic_known else "any"], *ids, END]
            for article, ids in zip(articles, tokenizer.encode_all([article.text for article in articles]), strict=True)
        ),
        key=len,
    )
    batch: list[list[int]] = []
    for row in encoded:
        if batch and len(row) * (len(batch) + 1) > _BATCH_TOKENS:
            yield _padded(batch)
            batch = []
        batch.append(row)
    if batch:
        yield _padded(batch)


def _padded(rows: list[list[int]]) -> Tensor:
    width = max(map(len, rows))
    return torch.tensor([row + [PAD] * (width - len(row)) for row in rows])  # (B, T)


def _exact_nats(model: GruModel, rows: Tensor) -> Tensor:
    vectors, _ = model(rows[:, :-1])
    logits = model.logits(vectors)  # (B, T - 1, V)
    return F.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten(), ignore_index=PAD, reduction="sum")


def _bound_nats(model: MaskedModel, rows: Tensor, draws: int = 4) -> Tensor:
    text = (rows != PAD) & (rows != END)  # (B, T)
    text[:, 0] = False
    count = text.sum(1, keepdim=True)  # (B, 1)
    generator = torch.Generator().manual_seed(0)
    total = torch.zeros((), device=rows.device)
    for draw in range(draws):
        # Stratified over the share of holes, so that few draws estimate the bound well.
        uniform = (torch.rand(len(rows), 1, generator=generator) + draw) / draws
        holes_wanted = (uniform.to(rows.device) * count).floor() + 1  # 1 to count
        order = torch.rand(rows.shape, generator=generator).to(rows.device).masked_fill(~text, 2.0)
        holes = (order.argsort(1).argsort(1) < holes_wanted) & text
        vectors = model(rows.masked_fill(holes, MASK))
        nats = F.cross_entropy(model.logits(vectors[holes]), rows[holes], reduction="none")
        weight = (count / holes_wanted).expand_as(rows)[holes]
        total += (nats * weight).sum() / draws
    return total


@torch.inference_mode()
def fill_in_accuracy(
    model: MaskedModel, tokenizer: Tokenizer, articles: list[Article], share: float = 0.15, seed: int = 0
) -> tuple[float, float, int]:
    """Return how often the likeliest token is the one that was masked, how often the commonest one is, and of how many.

    The commonest token is that of the same articles, a baseline that knows more than a model may.

    Args:
        articles: texts that the model has not seen, at least one; their topics are not told.
        share: share of each text's tokens that are masked at once, above 0 to 1; at least one token is.
        seed: of the choice of tokens.
    """
    generator = torch.Generator().manual_seed(seed)
    device = model.embedding.weight.device
    right, masked = 0, torch.zeros(tokenizer.size, dtype=torch.long)
    counts = torch.zeros(tokenizer.size, dtype=torch.long)
    for rows in _rows(tokenizer, articles, topic_known=False):
        text = rows >= CONTROLS  # (B, T)
        wanted = (share * text.sum(1, keepdim=True)).ceil()  # (B, 1)
        order = torch.rand(rows.shape, generator=generator).masked_fill(~text, 2.0)
        holes = (order.argsort(1).argsort(1) < wanted) & text
        vectors = model(rows.masked_fill(holes, MASK).to(device))
        guesses = model.logits(vectors[holes.to(device)]).argmax(-1).cpu()  # (N,)
        right += int((guesses == rows[holes]).sum())
        masked += rows[holes].bincount(minlength=tokenizer.size)
        counts += rows[text].bincount(minlength=tokenizer.size)
    total = int(masked.sum())
    return right / total, int(masked[counts.argmax()]) / total, total


def distinct(texts: list[str], n: int = 2) -> float:
    """Return the share of different word n-grams among all of `texts` (Li et al. 2016, distinct-n), 0 to 1.

    It falls as more text is counted: compare it only between texts of about the same total length.
    """
    grams: Counter[tuple[str, ...]] = Counter()
    for text in texts:
        grams.update(_word_grams(text, n))
    return len(grams) / max(1, grams.total())


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
        for place, factor in enumerate(self._factors):
            hashes += factor * words[place : place + len(hashes)]  # modulo 2^64
        return hashes

    def share(self, texts: list[str]) -> float:
        """Return the share of the n-grams of `texts` that stand in the training data, 0 to 1."""
        grams = np.concatenate([np.zeros(0, np.uint64), *(self._hashes(text) for text in texts)])
        if not len(grams) or not len(self._known):
            return 0.0
        # `np.isin` would sort all that is known again for every call.
        places = np.minimum(np.searchsorted(self._known, grams), len(self._known) - 1)
        return float((self._known[places] == grams).mean())


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


def _word_grams(text: str, n: int) -> list[tuple[str, ...]]:
    words = text.lower().split()
    return [tuple(words[start : start + n]) for start in range(len(words) - n + 1)]
