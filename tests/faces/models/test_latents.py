"""How codes lie: what is drawn has the fitted shape, and labels are set where they are read."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
import torch

from genai_demo.errors import UserError
from genai_demo.faces.models.latents import FILE, LatentMixture, fit, standard_normal


def cloud(count: int = 2000, size: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    """Return codes (N, L), correlated, and labels (N, 3) that are read off them exactly, the smile unknown."""
    random = torch.Generator().manual_seed(0)
    mix = torch.randn(size, size, generator=random)
    codes = torch.randn(count, size, generator=random) @ mix + 0.5
    labels = torch.stack([40 + 5 * codes[:, 0], 0.5 + 0.1 * codes[:, 1], torch.full((count,), torch.nan)], 1)
    return codes, labels


CODES, LABELS = cloud()
FITTED = fit(CODES, LABELS, components=2)


def draw(count: int, variety: float = 1.0) -> torch.Tensor:
    random = torch.Generator().manual_seed(1)
    return torch.stack([FITTED.draw(random, variety, lambda noise: noise) for _ in range(count)])


def test_drawn_codes_are_like_the_fitted_ones() -> None:
    drawn = draw(4000)
    scale = float(CODES.std())
    assert torch.allclose(drawn.mean(0), CODES.mean(0), atol=0.15 * scale)
    assert torch.allclose(torch.cov(drawn.T), torch.cov(CODES.T), atol=0.15 * scale**2)


def test_less_variety_is_nearer_the_middle() -> None:
    assert torch.allclose(draw(50, 0.5) - FITTED.mean, (draw(50) - FITTED.mean) / 2, atol=1e-4)


def test_labels_are_read_and_set() -> None:
    assert torch.allclose(FITTED.predict_labels(CODES[0])[:2], LABELS[0, :2], atol=0.5)
    wanted = torch.tensor([70.0, 0.9, 1.0])
    moved = FITTED.relabel(CODES[0], wanted)
    assert torch.allclose(FITTED.predict_labels(moved)[:2], wanted[:2], atol=1e-2)
    only_age = FITTED.relabel(CODES[0], torch.tensor([70.0, torch.nan, torch.nan]))
    assert float(FITTED.predict_labels(only_age)[0]) == pytest.approx(70, abs=1e-2)
    code = CODES[0]
    assert FITTED.relabel(code, torch.full((3,), torch.nan)) is code
    assert FITTED.relabel(code, torch.tensor([torch.nan, torch.nan, 1.0])) is code, "the smile is not known"


def test_the_move_is_the_likeliest_one() -> None:
    code, wanted = CODES[3], torch.tensor([55.0, torch.nan, torch.nan])
    moved = FITTED.relabel(code, wanted)
    inverse = torch.linalg.inv(FITTED.covariance)
    cost = (moved - code) @ inverse @ (moved - code)
    # Any other code with the same reading lies further away, as the codes are spread.
    free = torch.randn(50, code.numel(), generator=torch.Generator().manual_seed(2))
    reading = FITTED.readings[0]
    free = free - (free @ reading)[:, None] * reading / reading.square().sum()
    others = moved - code + 0.1 * free
    assert float(((others @ inverse) * others).sum(1).min()) >= float(cost) - 1e-3


def test_directions_are_principal() -> None:
    spread = torch.cov(CODES.T)
    lengths = FITTED.components.norm(dim=1)
    assert bool((lengths[:-1] >= lengths[1:] - 1e-4).all())
    first = FITTED.components[0] / lengths[0]
    assert torch.allclose(spread @ first, lengths[0] ** 2 * first, atol=1e-2 * float(lengths[0]) ** 2)


def test_written_and_read_again(tmp_path: Path) -> None:
    FITTED.write(tmp_path)
    again = LatentMixture.read_from(tmp_path)
    for field in fields(LatentMixture):
        found, written = getattr(again, field.name), getattr(FITTED, field.name)
        assert torch.equal(found.isnan(), written.isnan())
        assert torch.equal(found.nan_to_num(), written.nan_to_num())


def test_a_missing_or_damaged_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=FILE):
        LatentMixture.read_from(tmp_path)
    (tmp_path / FILE).write_bytes(b"nothing")
    with pytest.raises(UserError, match=FILE):
        LatentMixture.read_from(tmp_path)


def test_before_it_is_fitted_codes_are_standard_normal() -> None:
    plain = standard_normal(5)
    random, same = torch.Generator().manual_seed(3), torch.Generator().manual_seed(3)
    code = plain.draw(random, 1.0, lambda noise: noise)
    torch.rand((), generator=same, dtype=torch.float64)
    assert torch.equal(code, torch.randn(5, generator=same))
    assert plain.predict_labels(code).isnan().all()
