"""Figures of news models are what their definitions say."""

from __future__ import annotations

import math
import random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from genai_demo.engine.evaluation.ngrams import KneserNey
from genai_demo.text.data.articles import Article
from genai_demo.text.data.memorization import CopyCheck, without_copies
from genai_demo.text.evaluation.metrics import distinct, fill_in_accuracy, kneser_ney_bits_per_byte, stutters
from genai_demo.text.models import gru, masked
from genai_demo.text.models.gru import GruConfig, GruModel
from genai_demo.text.models.masked import MaskedConfig, MaskedModel
from genai_demo.text.tokens.special_tokens import AG_NEWS, END
from genai_demo.text.tokens.tokenizer import Tokenizer
from genai_demo.text.training.likelihood import bits_per_byte

TEXTS = ["The team won on Sunday.", "Shares fell. Ünïcode 你好.", "Oil prices rose again on Monday, and again.", "x"]
ARTICLES = [Article(text, topic) for text, topic in zip(TEXTS, ("sports", "business", "world", "any"), strict=True)]
TOKENIZER = Tokenizer.train(TEXTS, 290)
BYTES = sum(len(text.encode()) + 1 for text in TEXTS)


def gru_model() -> GruModel:
    torch.manual_seed(0)
    return GruModel(GruConfig(TOKENIZER.size, **gru.DEBUG))  # type: ignore[arg-type]


def masked_model() -> MaskedModel:
    torch.manual_seed(0)
    return MaskedModel(MaskedConfig(TOKENIZER.size, **masked.DEBUG))


@pytest.mark.parametrize("topic_known", [False, True])
def test_bits_per_byte_of_the_gru_is_its_code_length(topic_known: bool) -> None:
    network = gru_model()
    measured = bits_per_byte(network, TOKENIZER, ARTICLES, topic_known)
    network.eval()
    bits = 0.0
    with torch.no_grad():
        for article in ARTICLES:
            row = [AG_NEWS.tokens[article.topic if topic_known else "any"], *TOKENIZER.encode(article.text), END]
            vectors, _ = network(torch.tensor([row[:-1]]))
            nats = network.logits(vectors)[0].log_softmax(-1)
            bits -= sum(float(nats[place, token]) for place, token in enumerate(row[1:])) / math.log(2)
    assert measured == pytest.approx(bits / BYTES, rel=1e-5)


def test_measuring_leaves_the_network_in_its_mode() -> None:
    network = gru_model()
    bits_per_byte(network, TOKENIZER, ARTICLES)
    assert network.training
    bits_per_byte(network.eval(), TOKENIZER, ARTICLES)
    assert not network.training


class _Uniform(MaskedModel):
    """Knows nothing: every token is as likely as any other."""

    def logits(self, vectors: Tensor) -> Tensor:
        return torch.zeros(*vectors.shape[:-1], self.config.vocabulary)


def test_bound_of_a_model_that_knows_nothing_is_exact() -> None:
    network = _Uniform(MaskedConfig(TOKENIZER.size, **masked.DEBUG))
    tokens = sum(len(TOKENIZER.encode(text)) for text in TEXTS)
    assert bits_per_byte(network, TOKENIZER, ARTICLES) == pytest.approx(tokens * math.log2(TOKENIZER.size) / BYTES)


class _Echo(MaskedModel):
    """Guesses the token to the left of a hole, and nothing where that is a hole too."""

    def forward(self, ids: Tensor) -> Tensor:
        return torch.nn.functional.one_hot(ids.roll(1, 1), self.config.vocabulary).float()

    def logits(self, vectors: Tensor) -> Tensor:
        return vectors


def test_fill_in_accuracy_counts_right_guesses() -> None:
    echo = _Echo(MaskedConfig(TOKENIZER.size, **masked.DEBUG))
    repeated = [Article("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), Article("bbbbbbbbbbbbbbbbbbbb")]
    bytes_only = Tokenizer.train(["q"], 256 + 8)
    right, commonest, count = fill_in_accuracy(echo, bytes_only, repeated)
    assert count == math.ceil(0.15 * 36) + math.ceil(0.15 * 20)
    assert commonest == pytest.approx(math.ceil(0.15 * 36) / count)  # "a" is the commonest
    assert 0.4 < right < 1  # wrong only after another hole or at the start
    assert fill_in_accuracy(echo, bytes_only, repeated) == (right, commonest, count)
    assert fill_in_accuracy(echo, bytes_only, [Article("abcdefgh")])[0] == 0


def test_fill_in_accuracy_of_one_token() -> None:
    right, commonest, count = fill_in_accuracy(masked_model(), TOKENIZER, [Article("x")])
    assert count == 1
    assert commonest == 1  # the commonest token of a text of one token is that token
    assert right in (0, 1)


def test_distinct_counts_pairs_of_words() -> None:
    assert distinct(["a b a b"]) == pytest.approx(2 / 3)
    assert distinct(["a b", "A B"]) == pytest.approx(1 / 2)
    assert distinct(["a b", "b a"]) == 1  # no pair runs from one text into the next
    assert distinct(["a a a"], n=1) == pytest.approx(1 / 3)
    assert distinct(["alone", ""]) == 0


WORDS = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=30).map(" ".join)


@given(st.lists(WORDS, max_size=5), st.lists(WORDS, max_size=5), st.integers(1, 4))
def test_copied_share_is_what_sets_of_n_grams_say(training: list[str], texts: list[str], n: int) -> None:
    def grams(text: str) -> list[tuple[str, ...]]:
        words = text.split()
        return [tuple(words[start : start + n]) for start in range(len(words) - n + 1)]

    known = {gram for text in training for gram in grams(text)}
    found = [gram in known for text in texts for gram in grams(text)]
    assert CopyCheck(training, n).share(texts) == pytest.approx(sum(found) / max(1, len(found)))


def test_copying_is_found_in_large_collections_only_where_it_is() -> None:
    words = random.Random(0)
    texts = [" ".join(f"w{words.randrange(500)}" for _ in range(40)) for _ in range(400)]
    check = CopyCheck(texts[:300])
    assert check.share(texts[:300]) == 1
    assert check.share(texts[300:]) == 0
    half = " ".join(texts[0].split()[:20]) + " " + " ".join(texts[300].split()[:20])
    assert check.share([half]) == pytest.approx(13 / 33)
    assert check.share([texts[0].upper()]) == 1
    assert check.share(["too short to tell"]) == 0


def test_words_are_those_of_the_training_data() -> None:
    check = CopyCheck(["The end.", "the start"])
    check.share(["nothing new here"])
    assert check.words == {"the", "end.", "start"}


def test_articles_that_stand_in_the_training_data_are_left_out() -> None:
    words = random.Random(1)
    own, other = (" ".join(f"w{words.randrange(500)}" for _ in range(40)) for _ in range(2))
    training = [Article(own, "world")]
    half = " ".join([*own.split()[:12], *other.split()[:28]])
    held_out = [Article(other, "sports"), Article(own.upper(), "world"), Article(half), Article("Too short to tell.")]
    assert without_copies(held_out, training) == [held_out[0], held_out[3]]
    assert without_copies(held_out, training, most=0.2) == [held_out[0], held_out[2], held_out[3]]
    assert without_copies(held_out, []) == held_out


def test_kneser_ney_counts_one_byte_for_the_end() -> None:
    tokenizer = Tokenizer.train(["a"], 256 + AG_NEWS.controls)
    training = [Article("é")]
    found = kneser_ney_bits_per_byte(tokenizer, training, [Article("é"), Article("éa")], [1, 2])
    for order, value in zip((1, 2), found, strict=True):
        rows = [[*tokenizer.encode(text), 1] for text in ("é", "éa")]
        model = KneserNey([[*tokenizer.encode("é"), 1]], tokenizer.size, order)
        assert value == pytest.approx(model.bits(rows) / (3 + 4))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The the, THE team won.", True),
        ("It was very very good.", False),
        ("Wi-Fi for Wi-Fi for Wi-Fi", False),
        ("He won 6 6 6 and A A A.", False),
        ("no no", False),
        ("", False),
    ],
)
def test_a_word_three_times_in_a_row_is_a_stutter(text: str, found: bool) -> None:
    assert stutters(text) == found
