"""The chunked cross-entropy is cross-entropy: its value and its gradients."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from genai_demo.text.models import loss
from genai_demo.text.models.loss import cross_entropy

SMALL_CHUNKS = 4


def example(rows: int, width: int, vocabulary: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn(rows, width, generator=generator, dtype=dtype).requires_grad_(),
        torch.randn(vocabulary, width, generator=generator, dtype=dtype).requires_grad_(),
        torch.randint(vocabulary, (rows,), generator=generator),
    ]


def compared(rows: int, width: int, vocabulary: int, seed: int) -> None:
    results = []
    for ours in (True, False):
        hidden, weight, targets = example(rows, width, vocabulary, seed)
        value = cross_entropy(hidden, weight, targets) if ours else F.cross_entropy(hidden @ weight.T, targets)
        (3 * value).backward()
        assert hidden.grad is not None and weight.grad is not None
        results.append((value.detach(), hidden.grad, weight.grad))
    for mine, torchs in zip(*results, strict=True):
        assert torch.allclose(mine, torchs, rtol=1e-4, atol=1e-6)


@given(st.integers(1, 13), st.integers(1, 5), st.integers(2, 9), st.integers(0, 99))
def test_value_and_gradients(rows: int, width: int, vocabulary: int, seed: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loss, "_ROWS", SMALL_CHUNKS)
        compared(rows, width, vocabulary, seed)


def test_more_rows_than_one_chunk() -> None:
    compared(loss._ROWS + 3, 8, 50, 0)


def test_gradients_by_differences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loss, "_ROWS", SMALL_CHUNKS)
    hidden, weight, targets = example(6, 3, 5, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda h, w: loss._ChunkedCrossEntropy.apply(h, w, targets), (hidden, weight))


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_other_precisions(dtype: torch.dtype) -> None:
    hidden, weight, targets = example(9, 4, 7, dtype=dtype)
    value = cross_entropy(hidden, weight, targets)
    value.backward()
    expected = F.cross_entropy(hidden.double() @ weight.double().T, targets)
    assert float(value.detach()) == pytest.approx(float(expected.detach()), rel=2e-2)
    assert weight.grad is not None and weight.grad.dtype == dtype


def test_large_logits_stay_finite() -> None:
    hidden, weight, targets = example(5, 4, 6)
    value = cross_entropy(hidden * 1e4, weight, targets)
    value.backward()
    assert torch.isfinite(value)
    assert hidden.grad is not None and torch.isfinite(hidden.grad).all()


def test_arguments_are_not_changed() -> None:
    hidden, weight, targets = example(5, 4, 6)
    before = [tensor.detach().clone() for tensor in (hidden, weight, targets)]
    cross_entropy(hidden, weight, targets).backward()
    assert all(torch.equal(one, other) for one, other in zip(before, (hidden, weight, targets), strict=True))
