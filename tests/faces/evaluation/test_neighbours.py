"""Nearest neighbours: equal to brute force, and they catch copies, twins and lost modes."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors
from torch import Tensor

from genai_demo.faces.evaluation import neighbours
from genai_demo.faces.evaluation.memorization import memorization_ratio
from genai_demo.faces.evaluation.neighbours import LOW, coverage, density, diversity, nearest_distances

SEEDS = st.integers(0, 2**31)


def cloud(count: int, seed: int, width: int = 12) -> Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sets of a few faces go through several chunks, the last of them not full."""
    monkeypatch.setattr(neighbours, "_CHUNK", 7)


def brute_force(real: Tensor, fake: Tensor, k: int) -> tuple[float, float]:
    """Return coverage and density, in loops."""
    covered, inside = 0, 0
    for index, face in enumerate(real):
        others = sorted(float((face - other).norm()) for place, other in enumerate(real) if place != index)
        near = sum(float((face - made).norm()) <= others[k - 1] for made in fake)
        covered += near > 0
        inside += near
    return covered / len(real), inside / (k * len(fake))


@given(SEEDS, st.integers(4, 20), st.integers(1, 20), st.integers(1, 3))
@settings(max_examples=25)
def test_coverage_and_density_are_those_of_brute_force(seed: int, reals: int, fakes: int, k: int) -> None:
    real, fake = cloud(reals, seed, 3), cloud(fakes, seed + 1, 3)
    found = coverage(real, fake, k), density(real, fake, k)
    assert found == pytest.approx(brute_force(real, fake, k), abs=1e-6)


def test_coverage_and_density_of_extremes() -> None:
    real = cloud(30, 0)
    assert coverage(real, real) == 1
    assert coverage(real, cloud(30, 1) + 100) == density(real, cloud(30, 1) + 100) == 0
    assert coverage(real, real[:1].repeat(30, 1)) < 0.5
    # Copies of real faces that have copies among the real ones: every distance is exactly 0.
    twins = real[:2].repeat(8, 1) * 1e3
    assert coverage(twins, twins) == 1


def test_coverage_of_fresh_faces_is_what_the_paper_expects() -> None:
    found = [coverage(cloud(200, 2 * seed), cloud(200, 2 * seed + 1), 5) for seed in range(5)]
    assert sum(found) / 5 == pytest.approx(1 - 2**-5, abs=0.02)


def test_density_favours_averaged_faces() -> None:
    real, fresh = cloud(200, 0), cloud(200, 1)
    assert density(real, fresh) == pytest.approx(1, abs=0.15)
    assert density(real, 0.5 * fresh) > 1.5 * density(real, fresh)


@given(SEEDS, st.integers(1, 20), st.integers(2, 20))
@settings(max_examples=25)
def test_nearest_distances_are_those_of_sklearn(seed: int, queries: int, gallery: int) -> None:
    a, b = cloud(queries, seed) + 5, cloud(gallery, seed + 1) + 5
    search = NearestNeighbors(algorithm="brute").fit(b.numpy())
    expected = torch.from_numpy(search.kneighbors(a.numpy(), 1)[0][:, 0])
    torch.testing.assert_close(nearest_distances(a, b), expected, check_dtype=False, rtol=1e-4, atol=1e-5)
    apart = torch.from_numpy(search.kneighbors(b.numpy(), 2)[0][:, 1])
    torch.testing.assert_close(nearest_distances(b, b, apart=True), apart, check_dtype=False, rtol=1e-4, atol=1e-5)


def test_nearest_distance_of_a_copy_is_nothing_far_from_the_origin() -> None:
    # Products of large numbers would leave a distance of about 1.
    gallery = cloud(20, 0) + 1000
    assert nearest_distances(gallery[3:5], gallery).max() < 1e-3


def test_the_nearest_view_counts_and_no_view_of_a_face_is_its_neighbour() -> None:
    gallery = cloud(10, 0)
    views = torch.stack([cloud(10, 1) + 50, gallery], 1)  # (N, 2, F)
    assert nearest_distances(views, gallery).max() < 1e-5
    expected = nearest_distances(gallery, gallery, apart=True)
    torch.testing.assert_close(nearest_distances(views, gallery, apart=True), expected)


def test_diversity() -> None:
    real = cloud(100, 0)
    assert diversity(real, real) == 1
    assert diversity(real * 0.5, real) == pytest.approx(0.5, rel=1e-5)
    assert diversity(cloud(100, 1), real) == pytest.approx(1, abs=0.1)
    assert diversity(real[:10].repeat(10, 1), real) == pytest.approx(0, abs=1e-5)
    # Among fewer faces neighbours are further apart: as many real ones are compared.
    assert diversity(real[:20], real) == 1


TRAIN, HELD_OUT = cloud(1000, 10), cloud(200, 11)


def test_strangers_are_as_near_to_training_as_held_out_faces_are() -> None:
    found = memorization_ratio(cloud(200, 12), TRAIN, HELD_OUT)
    assert found.median == pytest.approx(found.real_median, abs=4 * found.real_median_spread)
    assert found.low == pytest.approx(found.real_low, abs=4 * found.real_low_spread)
    assert found.copies < 0.05
    itself = memorization_ratio(HELD_OUT + 1e-7, TRAIN, HELD_OUT)
    assert itself.median > 1000  # a face of the held-out ones is near to them, not to the training faces


def test_copies_are_caught() -> None:
    found = memorization_ratio(TRAIN[:200], TRAIN, HELD_OUT)
    assert (found.median, found.low, found.copies) == (0, 0, 1)
    blurred = memorization_ratio(TRAIN[:200] + 0.1 * cloud(200, 13), TRAIN, HELD_OUT)
    assert blurred.median < 0.5 * blurred.real_median and blurred.copies > 0.95


def test_few_copies_show_in_the_lowest_and_in_their_share() -> None:
    mixed = torch.cat([TRAIN[:10], cloud(190, 12)])
    found = memorization_ratio(mixed, TRAIN, HELD_OUT)
    assert found.median > found.real_median - 4 * found.real_median_spread
    assert found.low == pytest.approx(0, abs=0.01)
    assert found.copies >= 0.05


def test_mirrored_copies_are_caught() -> None:
    def views(faces: Tensor) -> Tensor:
        return torch.stack([faces, faces.flip(1)], 1)  # (N, 2, F)

    assert memorization_ratio(TRAIN[:50].flip(1), TRAIN, HELD_OUT).median > 0.5
    assert memorization_ratio(views(TRAIN[:50].flip(1)), TRAIN, views(HELD_OUT)).median == pytest.approx(0, abs=1e-5)


def test_smooth_faces_are_no_copies() -> None:
    # Averages are near to everybody: their distance to the training faces alone would look like copying.
    smooth = 0.6 * cloud(200, 12)
    nearer = nearest_distances(smooth, TRAIN).median() / nearest_distances(HELD_OUT, TRAIN).median()
    assert nearer < 0.8
    found = memorization_ratio(smooth, TRAIN, HELD_OUT)
    assert found.median > 0.97 * found.real_median and found.copies <= 5 * LOW


def test_a_sample_that_is_in_both_sets_is_a_copy() -> None:
    both = TRAIN[:1]
    assert memorization_ratio(both, TRAIN, torch.cat([HELD_OUT, both])).low == 0
