"""The network that tells real from fake finds what there is to find, and nothing else."""

from __future__ import annotations

import pytest
import torch

from genai_demo.faces.evaluation import two_sample
from genai_demo.faces.evaluation.two_sample import two_sample_accuracy
from genai_demo.faces.models.random_features import as_floats
from tests.helpers.ovals import pictures


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(two_sample, "_STEPS", 30)
    monkeypatch.setattr(two_sample, "_BATCH", 16)


REAL, SAME = pictures(80, 0), pictures(96, 1)


def test_sets_of_one_source_cannot_be_told_apart() -> None:
    accuracy = two_sample_accuracy(REAL, SAME, restarts=4)
    assert accuracy == pytest.approx(0.5, abs=0.12)


def test_what_is_damaged_is_told_apart() -> None:
    noisy = as_floats(SAME) + 0.2 * torch.randn(96, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    assert two_sample_accuracy(REAL, noisy, restarts=1) > 0.9


def test_test_pictures_are_not_those_it_learnt_from(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[bytes]] = []
    halves = two_sample._halves

    def noted(faces: torch.Tensor, half: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        found = halves(faces, half, generator)
        seen.append({face.numpy().tobytes() for face in found[0]})
        seen.append({face.numpy().tobytes() for face in found[1]})
        return found

    monkeypatch.setattr(two_sample, "_halves", noted)
    two_sample_accuracy(REAL, SAME, restarts=2)
    assert [len(part) for part in seen] == [40] * 8  # as many of both kinds
    assert all(not learnt & unseen for learnt, unseen in zip(seen[::2], seen[1::2], strict=True))
    assert seen[0] != seen[4]


def test_the_seed_decides_and_nothing_outside_changes() -> None:
    state = torch.get_rng_state()
    found = [two_sample_accuracy(REAL, SAME, seed, restarts=1) for seed in (0, 0)]
    assert found[0] == found[1]
    assert torch.equal(state, torch.get_rng_state())
