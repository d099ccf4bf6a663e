"""The contrastive loss against a slow reference."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from genai_demo.engine.contrastive import contrastive_loss


@pytest.mark.parametrize("temperature", [0.1, 1.0])
def test_contrastive_loss_is_the_papers(temperature: float) -> None:
    torch.manual_seed(0)
    first, second = (F.normalize(torch.randn(4, 5), dim=1) for _ in range(2))
    both = [*first, *second]
    total = 0.0
    for i in range(8):
        partner = (i + 4) % 8
        against = [math.exp(float(both[i] @ both[k]) / temperature) for k in range(8) if k != i]
        total -= math.log(math.exp(float(both[i] @ both[partner]) / temperature) / sum(against))
    assert float(contrastive_loss(first, second, temperature)) == pytest.approx(total / 8, rel=1e-4)
