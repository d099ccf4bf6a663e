"""The baseline counts what the models' figure counts."""

from __future__ import annotations

import pytest

from genai_demo.engine.evaluation.ngrams import KneserNey
from genai_demo.text.data.articles import Article
from genai_demo.text.evaluation.ngrams import kneser_ney_bits_per_byte
from genai_demo.text.tokens.special_tokens import CONTROLS
from genai_demo.text.tokens.tokenizer import Tokenizer


def test_bits_per_byte_counts_one_byte_for_the_end() -> None:
    tokenizer = Tokenizer.train(["a"], 256 + CONTROLS)
    training = [Article("é")]
    found = kneser_ney_bits_per_byte(tokenizer, training, [Article("é"), Article("éa")], [1, 2])
    for order, value in zip((1, 2), found, strict=True):
        rows = [[*tokenizer.encode(text), 1] for text in ("é", "éa")]
        model = KneserNey([[*tokenizer.encode("é"), 1]], tokenizer.size, order)
        assert value == pytest.approx(model.bits(rows) / (3 + 4))
