"""Products of eight bits are exact sums, on both paths, and no row sees another."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.engine.nn.int8 import Int8Linear, fast_products


def weight(outputs: int, inputs: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(outputs, inputs, generator=torch.Generator().manual_seed(seed))


def rows(count: int, inputs: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, inputs)).astype(np.float32)


@given(st.integers(1, 9), st.integers(1, 80), st.integers(1, 80), st.integers(0, 1000))
def test_it_is_near_the_exact_product(count: int, inputs: int, outputs: int, seed: int) -> None:
    layer, given, bias = weight(outputs, inputs, seed), rows(count, inputs, seed), torch.arange(outputs).float()
    wanted = given @ layer.numpy().T + bias.numpy()
    # Each of the two factors is off by at most half a step, of which there are 127 to the largest.
    step = (np.abs(given).max(1) / 127)[:, None], (layer.abs().amax(1).numpy() / 127)[None]
    most = 0.5 * step[0] * layer.abs().sum(1).numpy() + 0.5 * step[1] * np.abs(given).sum(1, keepdims=True)
    most += 0.25 * step[0] * step[1] * inputs
    assert (np.abs(Int8Linear(layer, bias)(given) - wanted) <= 1.001 * most + 1e-4 * np.abs(wanted) + 1e-5).all()


@pytest.mark.parametrize("inputs", [1, 24, 640, 1041, 2000])
def test_the_paths_agree_to_the_bit(inputs: int) -> None:
    layer = weight(33, inputs)
    for some in (rows(5, inputs), np.ones((1, inputs), np.float32), -np.ones((3, inputs), np.float32)):
        assert np.array_equal(Int8Linear(layer, fast=True)(some), Int8Linear(layer, fast=False)(some))


@pytest.mark.parametrize("fast", [True, False])
def test_sums_are_exact_where_they_are_largest(fast: bool) -> None:
    """2,000 products of 127 and 127 are more than single precision can count."""
    ones = np.ones((2, 2000), np.float32)
    ones[1, 0] = -1
    scaled = Int8Linear(torch.ones(3, 2000), fast=fast)(ones)
    assert scaled[:, 0].tolist() == pytest.approx([2000, 1998], rel=1e-6)


@given(st.integers(2, 70), st.integers(0, 1000), st.data())
def test_a_row_does_not_depend_on_the_others(count: int, seed: int, data: st.DataObject) -> None:
    layer, given = Int8Linear(weight(40, 48)), rows(count, 48, seed)
    row = data.draw(st.integers(0, count - 1))
    assert np.array_equal(layer(given)[row], layer(given[row : row + 1])[0])


def test_rows_and_weights_of_zeros_give_the_bias() -> None:
    bias = torch.tensor([1.0, -2.0])
    assert Int8Linear(torch.zeros(2, 8), bias)(rows(1, 8)).tolist() == [[1.0, -2.0]]
    assert Int8Linear(weight(2, 8), bias)(np.zeros((1, 8), np.float32)).tolist() == [[1.0, -2.0]]


def test_a_processor_that_adds_up_wrongly_takes_the_other_path(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = torch._int_mm

    def saturating(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        return whole(one, other).clamp(-(2**15), 2**15 - 1)

    given, layer = rows(2, 640), weight(4, 640)
    wanted = Int8Linear(layer)(given)
    fast_products.cache_clear()
    monkeypatch.setattr(torch, "_int_mm", saturating)
    try:
        assert not fast_products()
        assert np.array_equal(Int8Linear(layer)(given), wanted)
    finally:
        monkeypatch.undo()
        fast_products.cache_clear()
