"""Seeds, small steps aside, and the way from one face to another."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.faces.sampling.codes import NUDGE, face_generator, nudged, slerp

VECTOR = st.lists(st.floats(-3, 3), min_size=4, max_size=4).filter(lambda values: sum(map(abs, values)) > 0.1)


def test_every_face_of_every_seed_has_its_own_numbers() -> None:
    drawn = {float(torch.randn((), generator=face_generator(seed, index))) for seed in range(20) for index in range(20)}
    assert len(drawn) == 400
    again = torch.randn(3, generator=face_generator(5, 7))
    assert torch.equal(again, torch.randn(3, generator=face_generator(5, 7)))


def test_a_step_aside_is_small_and_keeps_the_distribution() -> None:
    latents = torch.randn(4000, generator=torch.Generator().manual_seed(0))
    moved = nudged(latents, (11,))
    assert float((moved * latents).mean()) == pytest.approx((1 - NUDGE**2) ** 0.5, abs=0.05)
    far = nudged(latents, tuple(range(100, 150)))
    assert float(far.std()) == pytest.approx(1, abs=0.06)
    assert nudged(latents, ()) is latents


@given(VECTOR, VECTOR, st.floats(0, 1))
def test_the_way_between_two_faces(a: list[float], b: list[float], share: float) -> None:
    start, end = torch.tensor(a), torch.tensor(b)
    middle = slerp(start, end, share)
    assert torch.isfinite(middle).all()
    assert torch.allclose(slerp(start, end, 0.0), start, atol=1e-3)
    assert torch.allclose(slerp(start, end, 1.0), end, atol=1e-3)
    assert torch.allclose(slerp(end, start, 1 - share), middle, atol=2e-2), "the way back is the same way"


@given(VECTOR, VECTOR)
def test_lengths_change_evenly_along_the_arc(a: list[float], b: list[float]) -> None:
    start, end = torch.tensor(a), torch.tensor(b)
    cosine = float(start @ end / (start.norm() * end.norm()))
    if abs(cosine) < 0.99:
        assert float(slerp(start, end, 0.5).norm()) == pytest.approx(float((start.norm() + end.norm()) / 2), rel=1e-2)


def test_opposite_faces_are_joined_all_the_same() -> None:
    start = torch.tensor([1.0, 0.0])
    assert torch.allclose(slerp(start, -start, 0.25), torch.tensor([0.5, 0.0]))
