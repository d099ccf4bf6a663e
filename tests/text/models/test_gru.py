"""The GRU model never looks ahead, and its short cuts give what the long way gives."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from genai_demo.text.models.gru import DEBUG, GruConfig, GruModel, Int8Gru
from genai_demo.text.tokens.special_tokens import AG_NEWS, END, PAD

VOCABULARY = 40


def model(**changes: float) -> GruModel:
    torch.manual_seed(0)
    return GruModel(GruConfig(VOCABULARY, **{**DEBUG, **changes})).eval()  # type: ignore[arg-type]


MODEL = model()


def rows(count: int, length: int, seed: int = 0) -> torch.Tensor:
    return torch.randint(AG_NEWS.controls, VOCABULARY, (count, length), generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
@given(st.integers(2, 12), st.data())
def test_causal(length: int, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, length - 1))
    ids = rows(2, length)
    changed = ids.clone()
    changed[:, place] = AG_NEWS.controls + (changed[:, place] - AG_NEWS.controls + 1) % (VOCABULARY - AG_NEWS.controls)
    (before, _), (after, _) = MODEL(ids), MODEL(changed)
    assert torch.equal(before[:, :place], after[:, :place])
    assert not torch.allclose(before[:, place:], after[:, place:])


@torch.no_grad()
def test_step_by_step_is_the_same_as_all_at_once() -> None:
    ids = rows(3, 20)
    whole, last = MODEL(ids)
    state, steps = None, []
    for place in range(20):
        vectors, state = MODEL(ids[:, place : place + 1], state)
        steps.append(vectors)
    assert torch.allclose(torch.cat(steps, 1), whole, atol=1e-6)
    assert state is not None and torch.allclose(state, last, atol=1e-6)
    first, state = MODEL(ids[:, :7])
    rest, _ = MODEL(ids[:, 7:], state)
    assert torch.allclose(torch.cat([first, rest], 1), whole, atol=1e-6)


@torch.no_grad()
def test_rows_do_not_see_each_other() -> None:
    ids = rows(3, 10)
    whole, _ = MODEL(ids)
    for index in range(3):
        alone, _ = MODEL(ids[index : index + 1])
        assert torch.allclose(alone[0], whole[index], atol=1e-6)


def padded() -> torch.Tensor:
    ids = torch.cat([torch.full((4, 1), AG_NEWS.tokens["any"]), rows(4, 9)], 1)
    for row, length in enumerate((10, 8, 5, 3)):
        ids[row, length - 1] = END
        ids[row, length:] = PAD
    return ids


def test_loss_is_that_of_all_logits() -> None:
    ids = padded()
    vectors, _ = MODEL(ids[:, :-1])
    logits = vectors @ MODEL.embedding.weight.T
    expected = F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), ignore_index=PAD)
    assert torch.allclose(MODEL.loss(ids)["loss"], expected, rtol=1e-5)
    assert torch.allclose(MODEL.logits(vectors), logits, atol=1e-6)


def test_padding_changes_nothing() -> None:
    ids = padded()
    wider = F.pad(ids, (0, 5), value=PAD)
    assert torch.allclose(MODEL.loss(ids)["loss"], MODEL.loss(wider)["loss"], rtol=1e-5)


def test_every_token_after_the_first_counts() -> None:
    ids = padded()
    losses = []
    for row in ids:
        real = row[row != PAD][None]
        losses.append(float(MODEL.loss(real)["loss"].detach()) * (real.shape[1] - 1))
    assert float(MODEL.loss(ids)["loss"].detach()) == pytest.approx(sum(losses) / (9 + 7 + 4 + 2), rel=1e-4)


def test_gradients_reach_every_weight() -> None:
    fresh = model()
    fresh.loss(padded())["loss"].backward()
    for name, weight in fresh.named_parameters():
        assert weight.grad is not None and float(weight.grad.abs().sum()) > 0, name


def test_starts_knowing_nothing() -> None:
    assert float(MODEL.loss(padded())["loss"].detach()) == pytest.approx(math.log(VOCABULARY), rel=0.05)


@settings(max_examples=20)
@given(st.sampled_from(["dropout", "embedding_dropout"]), st.integers(0, 100))
def test_dropout_is_the_same_at_every_position(kind: str, seed: int) -> None:
    dropped = model(**{"dropout": 0.0, kind: 0.5}).train()
    seen: list[torch.Tensor] = []
    layer = dropped.layers[0] if kind == "embedding_dropout" else dropped.layers[1]
    layer.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].detach()))
    torch.manual_seed(seed)
    dropped(rows(3, 8))
    zeros = seen[0] == 0
    assert torch.equal(zeros.any(1), zeros.all(1)), "a unit is dropped for a whole row or not at all"
    assert zeros.any() and not zeros.all()


def test_no_dropout_outside_training() -> None:
    still = model(dropout=0.9, embedding_dropout=0.9)
    assert torch.equal(still(rows(2, 5))[0], still(rows(2, 5))[0])


# As it writes


def after(network: Int8Gru, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what a network says after ids (B, T)."""
    state = np.repeat(network.start, len(ids), 0)
    for column in ids.T:
        logits, state = network(column, state)
    return logits, state


@torch.no_grad()
def test_eight_bits_say_nearly_the_same() -> None:
    ids = rows(3, 20)
    vectors, state = MODEL(ids)
    wanted = MODEL.logits(vectors[:, -1]).numpy()
    logits, last = after(Int8Gru(MODEL), ids.numpy())
    assert np.abs(logits - wanted).max() < 0.03 * np.abs(wanted).max()
    assert np.abs(last.transpose(1, 0, 2) - state.numpy()).max() < 0.03


def test_both_ways_to_multiply_give_the_same_numbers() -> None:
    ids = rows(5, 30).numpy()
    for one, other in zip(after(Int8Gru(MODEL, True), ids), after(Int8Gru(MODEL, False), ids), strict=True):
        assert np.array_equal(one, other)


@settings(max_examples=40)
@given(st.integers(1, 70), st.integers(0, 10_000), st.data())
def test_a_row_has_the_same_numbers_whatever_is_beside_it(count: int, seed: int, data: st.DataObject) -> None:
    network, ids = Int8Gru(MODEL), rows(count, 6, seed).numpy()
    place = data.draw(st.integers(0, count - 1))
    for alone, among in zip(after(network, ids[place : place + 1]), after(network, ids), strict=True):
        assert np.array_equal(alone[0], among[place])
