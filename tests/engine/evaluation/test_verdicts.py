"""Histograms of a discriminator's verdicts count all of them, and the share that is told apart is that of all pairs."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from genai_demo.engine.evaluation.verdicts import BINS, verdict_histograms

LEFT, RIGHT = torch.linspace(-3, -1, 50), torch.linspace(1, 3, 70)


@pytest.mark.parametrize(("real", "made", "apart"), [(RIGHT, LEFT, 1.0), (LEFT, RIGHT, 0.0), (LEFT, LEFT, 0.5)])
def test_apart_or_together(real: Tensor, made: Tensor, apart: float) -> None:
    told = verdict_histograms(real, made)
    assert told["apart"] == pytest.approx(apart)
    assert (sum(told["real"]), sum(told["made"])) == (len(real), len(made))
    assert told["edges"][0] == min(real.min(), made.min()) and told["edges"][-1] == max(real.max(), made.max())
    assert len(told["edges"]) == BINS + 1 and told["means"] == pytest.approx([float(real.mean()), float(made.mean())])
    overlap = sum(map(min, told["real"], told["made"]))
    assert overlap == (50 if apart == 0.5 else 0)


def test_probabilities_have_fixed_edges_and_what_is_all_the_same_has_some() -> None:
    told = verdict_histograms(torch.tensor([0.0, 1.0]), torch.tensor([0.5, 0.5]), probabilities=True)
    assert (told["edges"][0], told["edges"][-1]) == (0.0, 1.0)
    assert (told["real"][0], told["real"][-1], told["made"][BINS // 2]) == (1, 1, 2)
    same = verdict_histograms(torch.ones(3), torch.ones(2))
    assert (same["edges"][0], same["edges"][-1], sum(same["real"])) == (0.5, 1.5, 3)
    assert verdict_histograms(torch.tensor([math.inf]), torch.ones(2)) == {}
