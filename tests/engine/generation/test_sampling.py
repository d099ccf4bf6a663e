"""Tokens are drawn as promised: from the shaped distribution, and only allowed ones."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from genai_demo.engine.generation.sampling import Sampling, draw, token_probabilities, trace_token

PLAIN = Sampling()
LOGITS = st.lists(st.floats(-8, 8), min_size=2, max_size=20)


@given(LOGITS, st.floats(0.1, 2), st.floats(0.05, 1), st.floats(0, 0.5), st.floats(1, 2))
def test_probabilities_are_probabilities(
    logits: list[float],
    temperature: float,
    top_p: float,
    min_p: float,
    penalty: float,
) -> None:
    used = np.arange(len(logits)) % 3 == 0
    found = token_probabilities(np.array([logits]), Sampling(temperature, top_p, min_p, penalty), used=used)
    assert float(found.sum()) == pytest.approx(1)
    assert float(found.min()) >= 0


@given(LOGITS, st.floats(0.1, 2))
def test_temperature(logits: list[float], temperature: float) -> None:
    expected = [math.exp(value / temperature) for value in logits]
    found = token_probabilities(np.array(logits), Sampling(temperature))
    assert found.tolist() == pytest.approx([value / sum(expected) for value in expected], abs=1e-12)


@given(LOGITS, st.floats(0.05, 0.999))
def test_top_p_keeps_the_smallest_set_that_reaches_it(logits: list[float], top_p: float) -> None:
    whole = token_probabilities(np.array(logits), PLAIN).tolist()
    order = sorted(range(len(whole)), key=lambda index: (-whole[index], index))
    kept, total = set(), 0.0
    for index in order:
        assume(abs(total - top_p) > 1e-9)
        if total >= top_p:
            break
        kept.add(index)
        total += whole[index]
    ours = token_probabilities(np.array(logits), Sampling(1.0, top_p=top_p)).tolist()
    assert {index for index, value in enumerate(ours) if value > 0} == kept
    assert [ours[index] for index in kept] == pytest.approx([whole[index] / total for index in kept])


@pytest.mark.parametrize("spread", [0.0, 0.1, 4.0], ids=["even", "flat", "steep"])
@pytest.mark.parametrize("top_p", [0.0, 0.5, 0.99, 0.9999999])
def test_a_large_vocabulary_is_cut_as_a_small_one(spread: float, top_p: float) -> None:
    logits = spread * np.random.default_rng(0).standard_normal((3, 2000))
    logits[:, 100:120] = logits[:, :1]
    found = token_probabilities(logits, Sampling(top_p=top_p))
    for whole, kept in zip(token_probabilities(logits, PLAIN), found, strict=True):
        order = np.argsort(-whole, kind="stable")
        count = int((whole[order].cumsum() < top_p).sum()) + 1
        assert set(np.flatnonzero(kept)) == set(order[:count])


@given(LOGITS, st.floats(0.01, 0.5))
def test_min_p_drops_what_is_far_less_likely_than_the_likeliest(logits: list[float], min_p: float) -> None:
    whole = token_probabilities(np.array(logits), PLAIN).tolist()
    floor = min_p * max(whole)
    assume(all(abs(value - floor) > 1e-12 for value in whole))
    kept = {index for index, value in enumerate(whole) if value >= floor}
    ours = token_probabilities(np.array(logits), Sampling(1.0, min_p=min_p)).tolist()
    assert {index for index, value in enumerate(ours) if value > 0} == kept
    total = sum(whole[index] for index in kept)
    assert [ours[index] for index in kept] == pytest.approx([whole[index] / total for index in kept])


def test_ties_at_the_edge_of_top_p_go_to_the_first() -> None:
    assert token_probabilities(np.zeros(4), Sampling(1.0, top_p=0.4)).tolist() == [0.5, 0.5, 0, 0]
    assert token_probabilities(np.zeros(4), Sampling(1.0, top_p=0.5)).tolist() == [0.5, 0.5, 0, 0]
    assert token_probabilities(np.zeros(4), Sampling(1.0, top_p=0.05)).tolist() == [1, 0, 0, 0]


@given(
    st.lists(st.floats(-8, 8), min_size=2, max_size=20),
    st.floats(1.01, 2),
    st.floats(0.2, 2),
    st.data(),
)
def test_repetition_penalty_divides_the_odds_of_used_tokens(
    logits: list[float], penalty: float, temperature: float, data: st.DataObject
) -> None:
    used = np.array(data.draw(st.lists(st.booleans(), min_size=len(logits), max_size=len(logits))))
    assume(not used.all())
    plain = token_probabilities(np.array(logits), Sampling(temperature), used=used)
    ours = token_probabilities(np.array(logits), Sampling(temperature, repetition_penalty=penalty), used=used)
    ratio = ours / plain
    expected = ratio[np.flatnonzero(~used)[0]] * np.where(used, penalty ** (-1 / temperature), 1.0)
    assert ratio.tolist() == pytest.approx(expected.tolist())


def test_what_is_not_allowed_or_not_possible_has_no_probability() -> None:
    logits, allowed = np.array([0.0, -np.inf, 2.0, 3.0]), np.array([True, True, True, False])
    found = token_probabilities(logits, Sampling(2.0, 0.99, 0.01, 1.5), allowed, np.array([False, True, False, True]))
    assert found[[1, 3]].tolist() == [0, 0]
    assert found[2] / found[0] == pytest.approx(math.exp(1))


def test_where_nothing_is_possible_nothing_is_likely() -> None:
    for settings in (PLAIN, Sampling(0.7, 0.9, 0.1, 1.2)):
        assert token_probabilities(np.full((2, 3), -np.inf), settings).tolist() == [[0, 0, 0], [0, 0, 0]]


WEIGHTS = st.lists(st.one_of(st.just(0.0), st.floats(1e-6, 1)), min_size=1, max_size=12).filter(any)
UNIFORM = st.one_of(st.sampled_from([0.0, 5e-324, 0.5, 1 - 2**-53]), st.floats(0, 1, exclude_max=True))


@given(WEIGHTS, UNIFORM)
def test_impossible_tokens_are_never_drawn(weights: list[float], uniform: float) -> None:
    assert weights[int(draw(np.array(weights), uniform))] > 0


@given(st.lists(st.integers(1, 20), min_size=1, max_size=12), st.floats(0.01, 0.99))
def test_each_token_owns_its_share(weights: list[int], inside: float) -> None:
    below, total = 0, sum(weights)
    for index, weight in enumerate(weights):
        assert int(draw(np.array(weights) / total, (below + inside * weight) / total)) == index
        below += weight


def test_rows_are_drawn_each_by_itself() -> None:
    rows, uniform = np.array([[0.5, 0.2, 0.3], [0.1, 0.8, 0.1]]), np.array([0.6, 0.95])
    assert [int(draw(row, one)) for row, one in zip(rows, uniform, strict=True)] == [1, 2]
    assert draw(rows, uniform).tolist() == [1, 2]


def test_a_trace_tells_what_else_could_have_come() -> None:
    logits, allowed = np.log(np.array([0.5, 0.3, 0.15, 0.05])), np.array([False, True, True, True])
    drawn_from = token_probabilities(logits, Sampling(top_p=0.8), allowed)
    trace = trace_token(2, logits, drawn_from, allowed, count=2)
    assert trace.token == 2 and trace.probability == pytest.approx(1 / 3)
    assert trace.forbidden == pytest.approx(0.5)
    assert [(one.token, one.allowed) for one in trace.rivals] == [(1, True), (2, True), (0, False)]
    assert [one.before for one in trace.rivals] == pytest.approx([0.3, 0.15, 0.5])
    assert [one.after for one in trace.rivals] == pytest.approx([2 / 3, 1 / 3, 0])
    unlikely = trace_token(3, logits, drawn_from, allowed, count=2)
    assert [one.token for one in unlikely.rivals] == [1, 2, 0, 3], "what stands there is told, however unlikely"
    assert trace_token(0, logits, token_probabilities(logits, PLAIN)).forbidden == 0
