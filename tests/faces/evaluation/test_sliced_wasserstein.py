"""Patches tell sets of faces apart, and distances see the damage they are there to see."""

from __future__ import annotations

import pytest
import torch

from genai_demo.engine.evaluation.distances import frechet_distance, kernel_distance, unit_scale
from genai_demo.faces.evaluation.sliced_wasserstein import SCALES, sliced_wasserstein
from genai_demo.faces.models.random_features import RandomFeatures, as_floats, extract
from tests.helpers.ovals import pictures


def test_patches_of_a_set_and_itself_are_the_same_but_for_their_places() -> None:
    faces = as_floats(pictures(24, 0))
    # Each side has places of its own, so that sets which share pictures are not favoured.
    assert set(sliced_wasserstein(faces, faces)) == set(SCALES)
    many = sliced_wasserstein(faces, faces, patches=200)
    few = sliced_wasserstein(faces, faces, patches=10)
    assert all(0 < many[scale] < few[scale] for scale in SCALES)
    again, other = (sliced_wasserstein(faces, faces, seed, patches=10) for seed in (0, 1))
    assert again == few != other


def test_patches_of_constant_pictures() -> None:
    # Flat pictures have no details; what is left at 16 pixels are their levels, which differ by all there is.
    dark, light = torch.full((4, 3, 64, 64), -0.5), torch.full((4, 3, 64, 64), 0.5)
    found = sliced_wasserstein(dark, light)
    assert found[64] == pytest.approx(0, abs=1) and found[32] == pytest.approx(0, abs=1)
    assert found[16] > 1000
    assert sliced_wasserstein(dark, dark)[16] == pytest.approx(0, abs=1e-3)


def test_each_scale_sees_its_own_damage() -> None:
    faces = as_floats(pictures(48, 0))
    floor = sliced_wasserstein(faces, as_floats(pictures(48, 1)))
    noisy = sliced_wasserstein(faces, as_floats(pictures(48, 1)) + 0.1 * torch.randn(48, 3, 64, 64))
    lighter = sliced_wasserstein(faces, as_floats(pictures(48, 1)) * 0.4 + 0.6)
    assert noisy[64] > 5 * floor[64] and noisy[16] < 2 * floor[16]
    assert lighter[16] > 2 * floor[16]


def test_damage_grows_the_distances_of_random_features() -> None:
    features = RandomFeatures()
    faces, others = as_floats(pictures(64, 0)), as_floats(pictures(64, 1))
    noise = torch.randn_like(others)
    mixed = (others + others.roll(1, 0)) / 2
    sets = [others, others + 0.1 * noise, others + 0.4 * noise, mixed, others[:4].repeat(16, 1, 1, 1)]
    reference, floor, noisy, noisier, averaged, dropped = unit_scale(
        extract(features, faces), *(extract(features, side) for side in sets)
    )
    for distance in (frechet_distance, kernel_distance):
        least = abs(distance(reference, floor))
        assert least < distance(reference, noisier)
        assert distance(reference, noisy) < distance(reference, noisier)
        assert 1.2 * least < distance(reference, averaged)
        assert 1.2 * least < distance(reference, dropped)
