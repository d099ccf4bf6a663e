"""Holes fill step by step: what was seen stays, what is written is whole, and a seed decides it all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from genai_demo.music.models.masked import MaskedRoll
from genai_demo.music.models.masked_window import MASK_KINDS, MaskedWindow, mask_at_random, sounding
from genai_demo.music.sampling import unmasking
from genai_demo.music.sampling.unmasking import Struck, resolve
from genai_demo.music.theory.piece import LEFT, RIGHT
from genai_demo.music.tokens.columns import LONGEST, NONE, NOTES_PER_STEP
from genai_demo.music.tokens.roll import PIANO_KEYS
from tests.music.models.test_masked import MODEL
from tests.music.models.test_masked_window import T, windows


def masked_window(kind: str, seed: int = 0, share: float | None = 0.7) -> MaskedWindow:
    """Return a canvas whose hidden notes are not even there."""
    torch.manual_seed(seed)
    window = mask_at_random(windows(seed, size=3), kind, share)
    secret = window.secret()
    order = secret.long().argsort(dim=-1, stable=True)
    keys = window.keys.masked_fill(secret, NONE).gather(-1, order)
    return replace(window, keys=keys, lengths=window.lengths.masked_fill(secret, 0).gather(-1, order))


def run(
    window: MaskedWindow, steps: int = 6, seed: int = 0, wanted: Tensor | None = None, network: MaskedRoll = MODEL
) -> list[tuple[MaskedWindow, list[Struck]]]:
    random = [torch.Generator().manual_seed(seed + row) for row in range(len(window.keys))]
    limits = torch.full(window.hidden.shape, T)
    wanted = window.hidden if wanted is None else wanted
    return list(resolve(network, window, wanted, limits, 1.0, steps, random))


def notes(window: MaskedWindow) -> set[tuple[int, ...]]:
    found = (window.keys != NONE).nonzero()
    key, length = window.keys[tuple(found.T)], window.lengths[tuple(found.T)]
    return {(*place[:3], int(k), int(n)) for place, k, n in zip(found.tolist(), key, length, strict=True)}


@pytest.mark.parametrize("kind", MASK_KINDS)
@settings(max_examples=8)
@given(seed=st.integers(0, 1000))
def test_what_was_seen_stays_and_what_is_new_lies_in_the_holes(kind: str, seed: int) -> None:
    window = masked_window(kind, seed)
    updates = run(window, seed=seed)
    filled = updates[-1][0]
    assert not filled.hidden.any()
    assert notes(window) <= notes(filled)
    written = [note for _, part in updates for note in part]
    new = {(note.row, note.hand, note.step, note.key, note.length) for note in written}
    assert notes(filled) == notes(window) | new
    assert len(new) == len(written) and not new & notes(window)
    free = window.free()
    for note in written:
        assert free[note.row, note.hand, note.step, note.key]
        assert 1 <= note.length <= LONGEST


@settings(max_examples=8)
@given(seed=st.integers(0, 1000))
def test_no_key_is_struck_while_it_sounds(seed: int) -> None:
    filled = run(masked_window("whole", seed, 1.0), seed=seed)[-1][0]
    struck, held = sounding(filled.keys, filled.lengths)
    assert float((struck + held).sum(1).max()) <= 1, "neither by one hand nor by both"
    there = filled.keys != NONE
    assert not (there[..., 1:] & ~there[..., :-1]).any()
    steps = filled.keys.diff(dim=-1)
    both = there[..., 1:]
    assert (steps[:, RIGHT][both[:, RIGHT]] < 0).all() and (steps[:, LEFT][both[:, LEFT]] > 0).all()


@pytest.mark.parametrize("steps", [1, 2, 5, 12])
def test_it_takes_the_steps_it_is_given(steps: int) -> None:
    updates = run(masked_window("whole", share=1.0), steps)
    left = [int(window.hidden.sum()) for window, _ in updates]
    assert len(left) == steps and left[-1] == 0
    assert all(after < before for before, after in pairwise(left))


def test_a_seed_decides_and_each_window_has_its_own() -> None:
    window = masked_window("whole", share=1.0)
    one, same, other = (run(window, seed=seed)[-1][0] for seed in (1, 1, 2))
    assert torch.equal(one.keys, same.keys) and torch.equal(one.lengths, same.lengths)
    assert not torch.equal(one.keys, other.keys)
    twice = window.rows(1, 2)
    twice = MaskedWindow(
        **{name: getattr(twice, name).repeat(2, *[1] * (getattr(twice, name).ndim - 1)) for name in vars(twice)}
    )
    filled = run(twice)[-1][0]
    assert not torch.equal(filled.keys[0], filled.keys[1])


def test_what_is_not_wanted_stays_hidden() -> None:
    window = masked_window("whole", share=1.0)
    wanted = window.hidden.clone()
    wanted[:, :, 20:] = False
    updates = run(window, wanted=wanted)
    filled = updates[-1][0]
    assert torch.equal(filled.hidden, window.hidden & ~wanted)
    assert all(note.step < 20 for _, part in updates for note in part)


def test_notes_end_where_they_have_to() -> None:
    window = masked_window("whole", share=1.0)
    limits = torch.full(window.hidden.shape, T)
    limits[:, :, :20] = 20
    random = [torch.Generator().manual_seed(row) for row in range(3)]
    written = [note for _, part in resolve(MODEL, window, window.hidden, limits, 1.0, 4, random) for note in part]
    early = [note for note in written if note.step < 20]
    assert early and all(note.step + note.length <= 20 for note in early)
    assert any(note.step + note.length > 20 for note in written)


class _Even(MaskedRoll):
    """Strikes one of two keys with a known probability, whatever it sees."""

    chance = 0.3

    def key_logits(self, state: Tensor, open_keys: Tensor, hands: Tensor, before: Tensor) -> Tensor:
        logits = torch.full((len(state), PIANO_KEYS + 1), float("-inf"))
        logits[:, [40, 50]] = torch.tensor([0.75, 0.25]).mul(self.chance).log()
        logits[before != NONE, :PIANO_KEYS] = float("-inf")
        logits[:, NONE] = math.log(1 - self.chance)
        return logits

    def length_logits(self, state: Tensor, keys: Tensor) -> Tensor:
        logits = torch.full((len(state), LONGEST), float("-inf"))
        logits[:, 0] = 0.0
        return logits


@pytest.mark.parametrize(("temperature", "share"), [(1.0, 0.75), (0.5, 0.9)])
def test_density_is_the_models_at_any_temperature(temperature: float, share: float) -> None:
    network = _Even(MODEL.config).eval()
    window = masked_window("right", share=1.0)
    window = replace(window, keys=torch.full_like(window.keys, NONE), lengths=window.lengths * 0)
    hidden = torch.ones_like(window.hidden)
    hidden[:, LEFT] = False
    window = replace(window, hidden=hidden)
    written = []
    for seed in range(12):
        random = [torch.Generator().manual_seed(100 * seed + row) for row in range(3)]
        for _, part in resolve(network, window, hidden, torch.full(hidden.shape, T), temperature, 5, random):
            written += part
    count = 12 * 3 * T
    assert len(written) / count == pytest.approx(0.3, abs=0.04)
    assert sum(note.key == 40 for note in written) / len(written) == pytest.approx(share, abs=0.06)


def test_columns_drawn_at_once_keep_apart_while_there_is_room() -> None:
    def chosen(struck: Sequence[float], steps_left: int) -> list[int]:
        times, numbers = torch.arange(len(struck)), torch.arange(len(struck))
        return unmasking._choose(times, torch.tensor(struck, dtype=torch.float64), numbers, steps_left).tolist()

    assert chosen([0.9] * 32, 8) == [0, 8, 16, 24]
    assert chosen([0.1, 0.9, 0.1, 0.1], 2) == [1]
    assert sorted(chosen([0.5] * 6, 1)) == list(range(6))


def test_draws_follow_the_logits_and_never_take_what_has_none() -> None:
    logits = torch.tensor([[0.0, 1.0, 0.0, 3.0, 0.0]]).double().log().expand(4000, -1)
    noise = torch.rand(4000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    drawn = unmasking._draw(logits, 1.0, noise)
    assert set(drawn.tolist()) == {1, 3}
    assert float((drawn == 3).double().mean()) == pytest.approx(0.75, abs=0.03)
    assert unmasking._draw(logits[:2], 1.0, torch.tensor([0.0, 1 - 1e-16]).double()).tolist() == [1, 3]


def test_full_columns_take_no_more() -> None:
    window = masked_window("whole", share=1.0)
    keys, lengths = window.keys.clone(), window.lengths.clone()
    keys[:, LEFT, 5] = torch.arange(NOTES_PER_STEP)
    lengths[:, LEFT, 5] = 1
    low = torch.full_like(window.lowest, NOTES_PER_STEP)
    filled = run(replace(window, keys=keys, lengths=lengths, lowest=low))[-1][0]
    assert torch.equal(filled.keys[:, LEFT, 5], keys[:, LEFT, 5])
