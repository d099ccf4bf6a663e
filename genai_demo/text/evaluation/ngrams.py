"""The baseline that every news model has to beat: n-grams of tokens."""

from __future__ import annotations

from collections.abc import Sequence

from genai_demo.engine.evaluation.ngrams import KneserNey
from genai_demo.text.data.articles import Article
from genai_demo.text.tokens.special_tokens import END
from genai_demo.text.tokens.tokenizer import Tokenizer


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
