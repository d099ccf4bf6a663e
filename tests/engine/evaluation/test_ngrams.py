"""The n-gram model is a distribution, and the one its papers describe."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.engine.evaluation.ngrams import KneserNey

SIZE = 5
texts = st.lists(st.lists(st.integers(0, SIZE - 1), min_size=1, max_size=12), min_size=1, max_size=12)


def following(model: KneserNey, history: list[int], size: int = SIZE) -> np.ndarray:
    """Return the probability of every symbol after `history`."""
    return np.array([model.probabilities([[*history, symbol]])[-1] for symbol in range(size)])


@given(texts, st.lists(st.integers(0, SIZE - 1), max_size=6), st.integers(1, 5))
def test_probabilities_sum_to_one(corpus: list[list[int]], history: list[int], order: int) -> None:
    probabilities = following(KneserNey(corpus, SIZE, order), history)
    assert probabilities.sum() == pytest.approx(1)
    assert (probabilities > 0).all()


@given(texts, st.integers(1, 4))
def test_probabilities_sum_to_one_after_histories_that_were_seen(corpus: list[list[int]], order: int) -> None:
    model = KneserNey(corpus, SIZE, order)
    for text in corpus[:3]:
        assert following(model, text[: len(text) // 2]).sum() == pytest.approx(1)


@given(texts, texts, st.integers(1, 5))
def test_what_follows_is_what_texts_are_measured_by(
    corpus: list[list[int]], others: list[list[int]], order: int
) -> None:
    model = KneserNey(corpus, SIZE, order)
    for text in (*corpus[:2], *others[:2]):
        history = text[:-1]
        assert model.following(history) == pytest.approx(following(model, history))


def test_sums_to_one_with_estimated_discounts() -> None:
    # Zipf's law gives enough n-grams that occur once, twice, three and four times to estimate from.
    random = np.random.default_rng(0)
    corpus = [list(np.minimum(random.zipf(1.5, 30) - 1, 39)) for _ in range(200)]
    model = KneserNey(corpus, 40, 3)
    for history in ([], [0], [0, 1], corpus[5][:7], [39, 39]):
        assert following(model, history, 40).sum() == pytest.approx(1)


def test_hand_computed_bigram() -> None:
    """Two texts, a b and a c, with discounts 0.5, 1, 1.5 for want of counts to estimate from.

    The bigrams are (start a) twice, (a b) and (a c) once; so one symbol precedes each of a, b and c. The unigrams give
    each 0.5 of 3 and share the other 0.5 among 4 symbols. After a, b keeps 0.5 of 2, and half is left over.
    """
    model = KneserNey([[0, 1], [0, 2]], 4, 2)
    unigram = {0: 0.5 / 3 + 0.5 / 4, 1: 0.5 / 3 + 0.5 / 4, 3: 0.5 / 4}
    after_a = following(model, [0], 4)
    assert after_a[1] == pytest.approx(0.5 / 2 + 0.5 * unigram[1])
    assert after_a[3] == pytest.approx(0.5 * unigram[3])
    # At the start a occurred twice: it keeps 2 - 1 of 2.
    assert following(model, [], 4)[0] == pytest.approx(0.5 + 0.5 * unigram[0])
    # After b, which nothing ever followed, the unigrams decide.
    assert following(model, [1], 4)[0] == pytest.approx(unigram[0])
    assert model.bits([[0, 1]]) == pytest.approx(-math.log2((0.5 + 0.5 * unigram[0]) * after_a[1]))


def test_discounts_are_estimated_from_counts_of_counts() -> None:
    """One symbol each that occurs once, twice (two of them), three and four times: Y = 1/5, D2 = 1.7, D3+ = 2.2."""
    model = KneserNey([[0, 1, 1, 2, 2, 3, 3, 3, 4, 4, 4, 4]], 6, 1)
    share = 1 / (1 + 2 * 2)
    discounts = {1: share, 2: 2 - 3 * share * 1 / 2, 3: 3 - 4 * share * 1 / 1}
    left = (discounts[1] + 2 * discounts[2] + 2 * discounts[3]) / 12
    expected = [1 - discounts[1], *[2 - discounts[2]] * 2, 3 - discounts[3], 4 - discounts[3], 0]
    assert following(model, [], 6) == pytest.approx(np.array(expected) / 12 + left / 6)


def test_texts_do_not_run_into_each_other() -> None:
    # "1" starts every text and ends none, so nothing says that it follows 0.
    model = KneserNey([[1, 0]] * 5, 3, 2)
    assert following(model, [0], 3)[1] == pytest.approx(following(model, [2], 3)[1])
    together = model.probabilities([[1, 0], [1, 2, 0]])
    apart = np.concatenate([model.probabilities([[1, 0]]), model.probabilities([[1, 2, 0]])])
    assert together == pytest.approx(apart)


def test_longer_histories_help_where_they_matter() -> None:
    # The last symbol is the one before the last two: only trigrams and longer can know.
    corpus = [[first, 2, first] for first in (0, 1)] * 20
    bits = [KneserNey(corpus, 3, order).bits(corpus) for order in (1, 2, 3)]
    assert bits[2] < 0.7 * bits[1] < bits[0]


def test_keys_do_not_collide_when_n_grams_are_long() -> None:
    size = 8000  # five symbols of 13 bits do not fit 64 bits as they are
    random = np.random.default_rng(1)
    corpus = [list(random.integers(0, size, 50)) for _ in range(20)]
    probabilities = KneserNey(corpus, size, 6).probabilities(corpus)
    assert ((probabilities > 0) & (probabilities <= 1)).all()
    assert probabilities[1::50].min() > 0.2  # after a start that was seen, what followed it is expected


def test_a_pruned_model_is_a_distribution_and_loses_what_matters_least() -> None:
    random = np.random.default_rng(5)
    texts = [[int(one) for one in random.zipf(1.6, 30) % 9] for _ in range(40)]
    whole = KneserNey(texts, 9, 3)
    assert whole.pruned([10**6, 10**6]).bits(texts) == pytest.approx(whole.bits(texts))
    sizes = [(60, 120), (30, 40), (10, 0)]
    bits = [whole.bits(texts), *(whole.pruned(most).bits(texts) for most in sizes)]
    assert bits == sorted(bits)
    for most in sizes:
        model = whole.pruned(most)
        again = KneserNey.from_arrays(model.to_arrays())
        assert again.kept == model.kept <= whole.kept
        assert again.bits(texts) == pytest.approx(model.bits(texts), rel=0.02)
        for history in ([], [1], [1, 2], [8, 8, 8], texts[0][:5]):
            for one in (model, again):
                following = one.following(history)
                assert following.sum() == pytest.approx(1) and following.min() >= 0
