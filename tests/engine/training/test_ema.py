"""The moving average is what its formula says."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from genai_demo.engine.training.ema import EMA


def network_of(value: float) -> nn.Module:
    network = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)).double()
    with torch.no_grad():
        for weight in network.parameters():
            weight.fill_(value)
    return network


def value_of(network: nn.Module) -> float:
    values = {float(number) for weight in network.parameters() for number in weight.flatten()}
    assert len(values) == 1
    return values.pop()


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=20), st.integers(1, 64), st.floats(1, 1000))
def test_closed_form(values: list[float], batch: int, half_life: float) -> None:
    average = EMA(network_of(3.0), half_life, ramp=1e9)
    network, keep = network_of(0.0), 0.5 ** (batch / half_life)
    expected = 3.0
    for step, value in enumerate(values, 1):
        with torch.no_grad():
            for weight in network.parameters():
                weight.fill_(value)
        average.update(network, batch, step * batch)
        expected = keep * expected + (1 - keep) * value
    assert value_of(average.network) == pytest.approx(expected, abs=1e-9)


@given(st.integers(1, 50), st.integers(1, 50))
def test_after_its_half_life_an_old_weight_counts_half(batch: int, steps: int) -> None:
    average, network = EMA(network_of(1.0), batch * steps, ramp=1e9), network_of(0.0)
    for step in range(1, steps + 1):
        average.update(network, batch, step * batch)
    assert value_of(average.network) == pytest.approx(0.5)


def test_young_average_is_not_stale() -> None:
    slow, ramped = (EMA(network_of(1.0), 1e6, ramp) for ramp in (1e9, 0.05))
    network = network_of(0.0)
    for step in range(1, 101):
        for average in (slow, ramped):
            average.update(network, 8, step * 8)
    assert value_of(slow.network) > 0.99
    assert value_of(ramped.network) < 0.01


def test_buffers_are_copied_and_gradients_left_out() -> None:
    network = network_of(1.0)
    average = EMA(network, 100, 0.05)
    network(torch.randn(5, 2, dtype=torch.float64)).sum().backward()
    average.update(network, 1, 1)
    for mine, theirs in zip(average.network.buffers(), network.buffers(), strict=True):
        assert torch.equal(mine, theirs)
    assert not any(weight.requires_grad for weight in average.network.parameters())
    assert not average.network.training
    assert network.training
