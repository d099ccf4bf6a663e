"""Variety and nearness are shares of what they are of real examples."""

from __future__ import annotations

import pytest
import torch

from genai_demo.engine.evaluation.variety import nearest_share, variety

_DRAW = torch.Generator().manual_seed(0)
REAL, LEARNT, OTHER = (torch.randn(count, 1, 4, 4, generator=_DRAW) for count in (300, 5000, 300))


def test_variety_is_a_share_of_that_of_real_examples() -> None:
    assert variety(OTHER, REAL) == pytest.approx(1, abs=0.03)
    assert variety(OTHER * 0.5, REAL) == pytest.approx(0.5, abs=0.02)
    assert variety(OTHER[:1].expand(8, -1, -1, -1), REAL) == 0
    # Two modes, each as often: half of all pairs are alike.
    assert variety(OTHER[:2].repeat(20, 1, 1, 1), OTHER[:2]) == pytest.approx(0.5, abs=0.02)


def test_what_was_learnt_from_is_nearer_than_what_was_not() -> None:
    assert nearest_share(OTHER, LEARNT, REAL) == pytest.approx(1, abs=0.05)
    # Beyond the first block of what was learnt from, too.
    assert nearest_share(LEARNT[-50:], LEARNT, REAL) == pytest.approx(0, abs=1e-3)
    assert 0.2 < nearest_share(LEARNT[:50] + 0.2 * OTHER[:50], LEARNT, REAL) < 0.6
