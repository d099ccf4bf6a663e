"""The contrastive loss against a slow reference."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from genai_demo.engine.nn.contrastive import contrastive_loss


@pytest.mark.parametrize("strangers", [0, 3])
@pytest.mark.parametrize("temperature", [0.1, 1.0])
def test_contrastive_loss_is_the_papers(temperature: float, strangers: int) -> None:
    torch.manual_seed(0)
    first, second, others = (F.normalize(torch.randn(count, 5), dim=1) for count in (4, 4, strangers))
    both = [*first, *second]
    total = 0.0
    for i in range(8):
        partner = (i + 4) % 8
        against = [math.exp(float(both[i] @ both[k]) / temperature) for k in range(8) if k != i]
        against += [math.exp(float(both[i] @ other) / temperature) for other in others]
        total -= math.log(math.exp(float(both[i] @ both[partner]) / temperature) / sum(against))
    found = contrastive_loss(first, second, temperature, others if strangers else None)
    assert float(found) == pytest.approx(total / 8, rel=1e-4)
