"""Distances are what their definitions say."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics.pairwise import polynomial_kernel
from torch import Tensor

from genai_demo.engine.evaluation.distances import frechet_distance, kernel_distance, unit_scale

SEEDS = st.integers(0, 2**31)


def cloud(count: int, width: int, seed: int, spread: float = 1.0, shift: float = 0.0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.randn(width, width, generator=torch.Generator().manual_seed(0))
    return torch.randn(count, width, generator=generator) @ mixing * spread + shift


@pytest.mark.parametrize("fakes", [40, 90])
@pytest.mark.parametrize(("count", "width"), [(60, 8), (30, 50)], ids=["tall", "wide"])
def test_frechet_distance_is_that_of_scipy(count: int, width: int, fakes: int) -> None:
    real, fake = cloud(count, width, 1), cloud(fakes, width, 2, spread=1.3, shift=0.5)
    # In the space of the real ones, where every dimension has variance.
    axes = np.linalg.svd((real - real.mean(0)).double().numpy(), full_matrices=False)[2][: min(width, count - 1)]
    a, b = real.double().numpy() @ axes.T, fake.double().numpy() @ axes.T
    first, second = np.cov(a.T), np.cov(b.T)
    root = scipy.linalg.sqrtm(first @ second).real
    expected = np.sum((a.mean(0) - b.mean(0)) ** 2) + np.trace(first + second - 2 * root)
    assert frechet_distance(real, fake) == pytest.approx(expected, rel=1e-5)


def test_frechet_distance_of_one_dimension_by_hand() -> None:
    real, fake = torch.tensor([[0.0], [2.0]]), torch.tensor([[1.0], [5.0]])
    # Means 1 and 3, deviations sqrt 2 and sqrt 8: 2^2 + (sqrt 8 - sqrt 2)^2.
    assert frechet_distance(real, fake) == pytest.approx(6.0)


@given(SEEDS, st.integers(3, 40), st.integers(1, 30))
@settings(max_examples=25)
def test_frechet_distance_of_a_set_to_itself_is_nothing(seed: int, count: int, width: int) -> None:
    features = cloud(count, width, seed)
    size = float(features.square().sum(1).mean())
    assert frechet_distance(features, features) <= 1e-6 * size
    assert frechet_distance(features, features.flip(0)) <= 1e-6 * size


@given(SEEDS)
@settings(max_examples=15)
def test_frechet_distance_knows_no_order_turn_or_shift(seed: int) -> None:
    real, fake = cloud(40, 6, seed), cloud(40, 6, seed + 1, shift=1.0)
    expected = pytest.approx(frechet_distance(real, fake), rel=1e-4)
    turn = torch.linalg.qr(cloud(6, 6, seed + 2)).Q
    assert frechet_distance(real.flip(0), fake) == expected
    assert frechet_distance(fake, real) == expected  # all dimensions are kept, so both are references alike
    assert frechet_distance(real @ turn + 3, fake @ turn + 3) == expected


def test_frechet_distance_of_repeated_examples() -> None:
    # Fewer different examples than dimensions: the covariance has no inverse.
    real = cloud(3, 20, 0).repeat(5, 1)
    assert frechet_distance(real, real) == pytest.approx(0, abs=1e-4)
    assert np.isfinite(frechet_distance(real, cloud(15, 20, 1)))


def reference_kernel_distance(a: Tensor, b: Tensor) -> float:
    x, y = a.double().numpy(), b.double().numpy()
    options = {"degree": 3, "gamma": 1 / x.shape[1], "coef0": 1}
    xx, yy, xy = (polynomial_kernel(*sides, **options) for sides in ((x, x), (y, y), (x, y)))
    n, m = len(x), len(y)
    within = (xx.sum() - np.trace(xx)) / (n * (n - 1)) + (yy.sum() - np.trace(yy)) / (m * (m - 1))
    return float(within - 2 * xy.mean())


@given(SEEDS, st.integers(2, 30), st.integers(1, 10))
@settings(max_examples=25)
def test_kernel_distance_is_the_unbiased_estimate(seed: int, count: int, width: int) -> None:
    a, b = cloud(count, width, seed), cloud(count, width, seed + 1, shift=0.5)
    expected = pytest.approx(reference_kernel_distance(a, b), rel=1e-6, abs=1e-6)
    assert kernel_distance(a, b, subsets=2) == expected
    assert kernel_distance(b, a, subsets=2) == expected


def test_kernel_distance_of_one_source_is_nothing_in_the_mean() -> None:
    # The biased estimate would be above 0 in every single case.
    found = [kernel_distance(cloud(50, 4, 2 * seed) / 4, cloud(50, 4, 2 * seed + 1) / 4, 1) for seed in range(60)]
    error = float(np.std(found)) / len(found) ** 0.5
    assert abs(float(np.mean(found))) < 3 * error
    assert min(found) < 0 < max(found)
    assert kernel_distance(cloud(50, 4, 0) / 4, cloud(50, 4, 1, spread=3) / 4, 1) > 5 * error


def test_kernel_distance_draws_subsets() -> None:
    a, b = cloud(40, 4, 0), cloud(60, 4, 1, shift=1.0)
    several = [kernel_distance(a, b, subsets=50, size=20, seed=seed) for seed in (0, 1, 0)]
    assert several[0] == several[2] != several[1]
    assert several[0] == pytest.approx(reference_kernel_distance(a, b), rel=0.3)


def test_scale_of_features_does_not_matter() -> None:
    real, fake = cloud(40, 6, 0), cloud(40, 6, 1, shift=1.0)
    first, second = unit_scale(real, fake), unit_scale(real * 100 + 7, fake * 100 + 7)
    assert float(first[0].square().mean()) == pytest.approx(1)
    for one, other in zip(first, second, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)
    constant = torch.ones(4, 3)
    assert all(side.isfinite().all() for side in unit_scale(constant, constant))
