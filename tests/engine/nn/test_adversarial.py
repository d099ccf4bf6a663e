"""The losses of adversarial training against their formulas, and the penalty's way back to the weights."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from genai_demo.engine.nn.adversarial import discriminator_loss, generator_loss, gradient_penalty

SCORES = st.lists(st.tuples(st.floats(-20, 20), st.floats(-20, 20)), min_size=1, max_size=5)


@given(SCORES)
def test_losses_follow_their_formula(pairs: list[tuple[float, float]]) -> None:
    real, fake = torch.tensor(pairs, dtype=torch.float64).unbind(1)
    expected = sum(math.log1p(math.exp(b - a)) for a, b in pairs) / len(pairs)
    assert float(discriminator_loss(real, fake)) == pytest.approx(expected, abs=1e-9)
    # What one side gains the other loses.
    assert torch.equal(generator_loss(fake, real), discriminator_loss(real, fake))


@given(SCORES, st.floats(-100, 100))
def test_only_the_lead_counts(pairs: list[tuple[float, float]], shift: float) -> None:
    real, fake = torch.tensor(pairs, dtype=torch.float64).unbind(1)
    assert torch.allclose(discriminator_loss(real + shift, fake + shift), discriminator_loss(real, fake))


@given(st.floats(-3, 3), st.integers(1, 4), st.integers(1, 6))
def test_the_penalty_of_a_parabola_is_known(bend: float, count: int, size: int) -> None:
    x = torch.randn(count, 1, size, generator=torch.Generator().manual_seed(0))
    found = gradient_penalty(lambda examples: bend / 2 * examples.square().sum((1, 2)), x)
    assert float(found.detach()) == pytest.approx(float((bend * x).square().sum() / count), rel=1e-4, abs=1e-6)


def test_the_penalty_teaches_the_weights() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(3, 8), nn.Softplus(), nn.Linear(8, 1)).double()
    x = torch.randn(5, 3)

    def score(examples: Tensor) -> Tensor:
        return network(examples.double())[:, 0]

    gradient_penalty(score, x).backward()
    for index in (0, 2):
        weight = network[index].weight
        found = weight.grad.clone()
        assert float(found.abs().max()) > 1e-6
        # A step of central differences, weight by weight, must say the same.
        with torch.no_grad():
            place = divmod(int(found.abs().argmax()), found.shape[1])
            before = float(weight[place])
            around = []
            for step in (1e-4, -1e-4):
                weight[place] = before + step
                with torch.enable_grad():
                    around.append(float(gradient_penalty(score, x).detach()))
            weight[place] = before
        assert (around[0] - around[1]) / 2e-4 == pytest.approx(float(found[place]), rel=1e-3)


def test_the_penalty_is_computed_in_single_precision() -> None:
    kinds = []

    def score(examples: Tensor) -> Tensor:
        kinds.append((examples @ examples.T).dtype)
        return examples.square().sum(1)

    with torch.autocast("cpu", dtype=torch.bfloat16):
        gradient_penalty(score, torch.randn(2, 3))
    assert kinds == [torch.float32]
