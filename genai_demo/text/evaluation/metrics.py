"""Figures of news models: bits per byte, variety, copying from the training data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import torch

from genai_demo.engine.evaluation.ngrams import KneserNey
from genai_demo.text.data.articles import Article
from genai_demo.text.data.words import words_of
from genai_demo.text.models.masked import MaskedModel
from genai_demo.text.tokens.special_tokens import END, MASK
from genai_demo.text.tokens.tokenizer import Tokenizer
from genai_demo.text.training.likelihood import _rows


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
        text = rows >= tokenizer.topics.controls  # (B, T)
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


def kneser_ney_bits_per_byte(
    tokenizer: Tokenizer, training: list[Article], articles: list[Article], orders: Sequence[int]
) -> list[float]:
    """Return, for each order, the bits per UTF-8 byte of `articles`, the end of an article counted as one byte.

    Args:
        tokenizer: what the n-grams are made of.
        training: articles to count in, at least one.
        articles: articles to measure on, at least one.
        orders: tokens of the longest n-gram.
    """
    counted, measured = (
        [[*ids, END] for ids in tokenizer.encode_all([article.text for article in part])]
        for part in (training, articles)
    )
    size = sum(len(article.text.encode()) + 1 for article in articles)
    return [KneserNey(counted, tokenizer.size, order).bits(measured) / size for order in orders]


def distinct(texts: list[str], n: int = 2) -> float:
    """Return the share of different n-grams among all of `texts` (Li et al. 2016, distinct-n), 0 to 1.

    They are of words, or of the characters of a Chinese text.

    It falls as more text is counted: compare it only between texts of about the same total length.
    """
    grams: Counter[tuple[str, ...]] = Counter()
    for text in texts:
        words = words_of(text.lower())
        grams.update(tuple(words[start : start + n]) for start in range(len(words) - n + 1))
    return len(grams) / max(1, grams.total())


def stutters(text: str) -> bool:
    """Return whether a word stands three times in a row in `text`; numbers and single letters do not count."""
    words = [word.strip(".,;:!?\"'()").lower() for word in text.split()]
    return any(
        first == second == third and len(first) > 1 and first.isalpha()
        for first, second, third in zip(words, words[1:], words[2:], strict=False)
    )
