"""Schedules hold at their ends, between them, and in their order."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.engine.training.schedule import constant, cosine, linear, log_spaced, warm_up

VALUES = st.floats(-1e6, 1e6)
FRACTIONS = st.floats(0, 1)


@given(VALUES, VALUES)
def test_ends(start: float, end: float) -> None:
    for schedule in (linear(start, end), cosine(start, end)):
        assert schedule(0.0) == pytest.approx(start, abs=1e-9 * max(abs(start), abs(end), 1))
        assert schedule(1.0) == pytest.approx(end, abs=1e-9 * max(abs(start), abs(end), 1))
        assert schedule(0.5) == pytest.approx((start + end) / 2, abs=1e-9 * max(abs(start), abs(end), 1))


@given(VALUES, VALUES, FRACTIONS)
def test_between_the_ends(start: float, end: float, fraction: float) -> None:
    room = 1e-9 * max(abs(start), abs(end), 1)
    for schedule in (linear(start, end), cosine(start, end)):
        assert min(start, end) - room <= schedule(fraction) <= max(start, end) + room
    assert constant(start)(fraction) == start


@given(FRACTIONS, FRACTIONS)
def test_falling_never_rises(first: float, second: float) -> None:
    early, late = sorted((first, second))
    for schedule in (linear(1.0, 0.0), cosine(1.0, 0.0)):
        assert schedule(early) >= schedule(late) - 1e-12


def test_cosine_is_flat_at_both_ends() -> None:
    schedule = cosine(1.0, 0.0)
    assert schedule(0.01) > linear(1.0, 0.0)(0.01)
    assert schedule(0.99) < linear(1.0, 0.0)(0.99)


@given(st.floats(0.01, 1), FRACTIONS)
def test_warm_up(share: float, fraction: float) -> None:
    schedule = warm_up(constant(2.0), share)
    assert schedule(0.0) == 0
    assert schedule(share / 2) == pytest.approx(1.0)
    assert schedule(1.0) == 2
    assert 0 <= schedule(fraction) <= 2
    if fraction >= share:
        assert schedule(fraction) == 2


def test_no_warm_up_starts_at_the_top() -> None:
    assert warm_up(constant(2.0), 0.0)(0.0) == 2


@given(st.integers(1, 200), st.floats(1e-6, 0.9))
def test_log_spaced(count: int, first: float) -> None:
    fractions = log_spaced(count, first)
    assert len(fractions) == count
    assert fractions[-1] == 1, "the end of the budget always counts"
    assert all(early < late for early, late in pairwise(fractions))
    if count > 1:
        assert fractions[0] == pytest.approx(first)
        ratios = [late / early for early, late in pairwise(fractions)]
        assert max(ratios) == pytest.approx(min(ratios))
