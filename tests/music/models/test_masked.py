"""The masked model of rolls cannot see what it is asked for, and reads columns out as a chain of notes."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.music.models import masked
from genai_demo.music.models.masked import DEBUG, MaskedConfig, MaskedRoll
from genai_demo.music.models.masked_window import MASK_KINDS, MaskedWindow, mask_at_random
from genai_demo.music.theory.piece import LEFT, RIGHT
from genai_demo.music.tokens.columns import LONGEST, NONE, NOTES_PER_STEP
from genai_demo.music.tokens.roll import PIANO_KEYS
from tests.music.models.test_masked_window import windows


def model(**changes: float) -> MaskedRoll:
    """Return a debug model that has left its start, where every block is the identity."""
    torch.manual_seed(0)
    network = MaskedRoll(MaskedConfig(**{**DEBUG, **changes}))  # type: ignore[arg-type]
    for name, weight in network.named_parameters():
        if "attended" in name or "contract" in name:
            torch.nn.init.normal_(weight, std=0.3)
    return network.eval()


MODEL = model()


def holes(seed: int = 0, kind: str | None = "whole", share: float | None = 0.5) -> MaskedWindow:
    torch.manual_seed(seed)
    return mask_at_random(windows(seed), kind, share)


@pytest.mark.parametrize("kind", MASK_KINDS)
@given(seed=st.integers(0, 200))
@torch.no_grad()
def test_nothing_leaks(kind: str, seed: int) -> None:
    window = holes(seed, kind, None)
    secret = window.secret()
    other = replace(window, keys=window.keys.masked_fill(secret, NONE), lengths=window.lengths.masked_fill(secret, 9))
    one, two = MODEL(window), MODEL(other)
    assert torch.equal(one.vectors, two.vectors)
    assert torch.equal(one.open, two.open)


@torch.no_grad()
def test_attention_can_be_asked_for() -> None:
    window, weights = holes(), list[torch.Tensor]()
    assert torch.allclose(MODEL(window, weights).vectors, MODEL(window).vectors, atol=1e-5)
    assert len(weights) == MODEL.config.layers
    columns = window.hidden[0].numel()
    for some in weights:
        assert some.shape == (len(window.keys), MODEL.config.heads, columns, columns)
        assert torch.allclose(some.sum(-1), torch.ones(some.shape[:-1]))


@torch.no_grad()
def test_what_is_seen_matters_on_both_sides_and_in_both_hands() -> None:
    window = holes(share=1.0)
    hidden = torch.zeros_like(window.hidden)
    hidden[1, RIGHT, 20] = True
    window = replace(window, hidden=hidden)
    (vector,) = MODEL(window).vectors
    for hand, step in ((RIGHT, 2), (LEFT, 2), (LEFT, 20), (RIGHT, 45), (LEFT, 45)):
        keys, lengths = window.keys.clone(), window.lengths.clone()
        keys[1, hand, step, 0], lengths[1, hand, step, 0] = (keys[1, hand, step, 0] + 1) % PIANO_KEYS, 1
        assert not torch.allclose(MODEL(replace(window, keys=keys, lengths=lengths)).vectors[0], vector, atol=1e-5)
    for changed in (
        replace(window, positions=window.positions.roll(1, 1)),
        replace(window, conditions=window.conditions * 0),
    ):
        assert not torch.allclose(MODEL(changed).vectors[0], vector, atol=1e-5)


@torch.no_grad()
def test_costs_are_those_of_reading_note_by_note() -> None:
    window = holes(kind="range", share=1.0)
    seen = MODEL(window)
    key_costs, length_costs, counts = MODEL.costs(window)
    secret = window.secret()
    for number, (row, hand, step) in enumerate(window.hidden.nonzero().tolist()):
        slots = secret[row, hand, step]
        keys = window.keys[row, hand, step][slots]
        lengths = window.lengths[row, hand, step][slots]
        assert counts[number] == len(keys)
        state, before = seen.vectors[number : number + 1], torch.tensor([NONE])
        key_cost = length_cost = 0.0
        for key, length in zip(keys, lengths, strict=True):
            logits = MODEL.key_logits(state, seen.open[number : number + 1], torch.tensor([hand]), before)
            key_cost += float(F.cross_entropy(logits, key[None]))
            length_cost += float(F.cross_entropy(MODEL.length_logits(state, key[None]), length[None] - 1))
            state, before = MODEL.add_note(state, key[None], length[None]), key[None]
        if len(keys) < NOTES_PER_STEP:
            logits = MODEL.key_logits(state, seen.open[number : number + 1], torch.tensor([hand]), before)
            key_cost += float(F.cross_entropy(logits, torch.tensor([NONE])))
        assert float(key_costs[number]) == pytest.approx(key_cost, abs=1e-4)
        assert float(length_costs[number]) == pytest.approx(length_cost, abs=1e-4)


@pytest.mark.parametrize("hand", [RIGHT, LEFT])
@torch.no_grad()
def test_a_chord_is_read_from_outside_in_among_open_keys(hand: int) -> None:
    open_keys = torch.rand(3, PIANO_KEYS, generator=torch.Generator().manual_seed(0)) < 0.5
    state = torch.randn(3, DEBUG["width"], generator=torch.Generator().manual_seed(1))
    before = torch.tensor([NONE, 40, 0])
    logits = MODEL.key_logits(state, open_keys, torch.full((3,), hand), before)
    key = torch.arange(PIANO_KEYS)
    for row, last in enumerate(before.tolist()):
        inside = key < last if hand == RIGHT else (key > last) | torch.tensor(last == NONE)
        assert torch.equal(logits[row, :PIANO_KEYS].isfinite(), open_keys[row] & inside)
        assert logits[row, NONE].isfinite(), "a chord may always end"


@pytest.mark.parametrize("kind", [*MASK_KINDS, None])
def test_the_loss_is_a_number_whatever_is_hidden(kind: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = mask_at_random
    monkeypatch.setattr(masked, "mask_at_random", lambda batch: draw(batch, kind))
    figures = MODEL.loss(windows())
    assert 0 < float(figures["loss"].detach()) < 100
    assert float(figures["loss"].detach()) == pytest.approx(float(figures["keys"] + figures["lengths"]))
    assert figures["weight"] > 0


def test_gradients_reach_every_weight() -> None:
    network = model()
    torch.manual_seed(0)
    network.loss(windows())["loss"].backward()
    for name, weight in network.named_parameters():
        assert weight.grad is not None and float(weight.grad.abs().sum()) > 0, name


def test_small_enough_to_ship() -> None:
    assert sum(weight.numel() for weight in MaskedRoll(MaskedConfig()).parameters()) <= 1_500_000


@pytest.mark.parametrize(("width", "heads"), [(30, 4), (20, 4), (9, 3)])
def test_sizes_that_do_not_go_together(width: int, heads: int) -> None:
    with pytest.raises(ValueError, match=str(width)):
        MaskedConfig(width=width, heads=heads)


def test_no_dropout_outside_training() -> None:
    still = model(dropout=0.9)
    window = holes()
    assert torch.equal(still(window).vectors, still(window).vectors)
    assert not torch.equal(still.train()(window).vectors, still(window).vectors)


def test_lengths_have_a_logit_each() -> None:
    assert MODEL.length_logits(torch.zeros(2, DEBUG["width"]), torch.tensor([0, 40])).shape == (2, LONGEST)
