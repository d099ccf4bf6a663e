"""The transformers' parts: what attention weighs, what rotation knows, and that a cache stands for what was read."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.engine.nn import transformer
from genai_demo.engine.nn.transformer import Block, KVCache, attention, rotary, rotary_angles, rotate

WIDTH, HEADS, LENGTH = 16, 2, 7
SIZE = WIDTH // HEADS
POSITIONS = rotary(rotary_angles(LENGTH, SIZE, 100.0, torch.device("cpu")))
VISIBLE = torch.tensor([[True] * 7, [True] * 4 + [False] * 3])[:, None, None]


def projected(length: int = LENGTH) -> torch.Tensor:
    return torch.randn(2, length, 3 * WIDTH, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("seen", [{}, {"visible": VISIBLE}, {"causal": True}], ids=["all", "some", "past"])
def test_weights_are_given_when_asked_for(seen: dict[str, bool | torch.Tensor]) -> None:
    weights: list[torch.Tensor] = []
    plain = attention(projected(), HEADS, POSITIONS, **seen)  # type: ignore[arg-type]
    asked = attention(projected(), HEADS, POSITIONS, weights=weights, **seen)  # type: ignore[arg-type]
    assert torch.allclose(plain, asked, atol=1e-6)
    (found,) = weights
    assert found.shape == (2, HEADS, LENGTH, LENGTH)
    assert torch.allclose(found.sum(-1), torch.ones(2, HEADS, LENGTH))
    if "visible" in seen:
        assert not found[1, ..., 4:].any() and found[0].all()
    if "causal" in seen:
        assert torch.equal(found != 0, torch.ones(LENGTH, LENGTH, dtype=torch.bool).tril().expand_as(found))


def test_weights_cost_nothing_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without being asked, attention is one call of the fused kernel, and makes no (T, T) tensor of its own."""
    calls = []
    fused = F.scaled_dot_product_attention
    monkeypatch.setattr(
        transformer.F, "scaled_dot_product_attention", lambda *some, **more: (calls.append(1), fused(*some, **more))[1]
    )
    block = Block(WIDTH, HEADS, 0.0)
    x = torch.randn(2, LENGTH, WIDTH)
    made = block(x, POSITIONS)
    assert len(calls) == 1
    weights: list[torch.Tensor] = []
    assert torch.allclose(block(x, POSITIONS, weights=weights), made, atol=1e-6)
    assert len(calls) == 1 and len(weights) == 1


@pytest.mark.parametrize("first", [1, 4])
def test_a_cache_stands_for_what_was_read(first: int) -> None:
    """Read at once or one after the other: the result is the same, and so are the weights."""
    at_once: list[torch.Tensor] = []
    whole = attention(projected(), HEADS, POSITIONS, causal=True, weights=at_once)
    cache = KVCache(whole, layers=1, rows=2, heads=HEADS, room=LENGTH, size=SIZE)
    parts, weights = [], []
    for start, end in [(0, first), *((place, place + 1) for place in range(first, LENGTH))]:
        positions = POSITIONS[0][start:end], POSITIONS[1][start:end]
        new: list[torch.Tensor] = []
        some = projected()[:, start:end]
        attention(some, HEADS, positions, causal=end - start > 1, cache=(cache, 0), weights=new)
        parts.append(attention(some, HEADS, positions, causal=end - start > 1, cache=(cache, 0)))
        weights.append(F.pad(new[0], (0, LENGTH - end)))
        cache.length = end
    assert torch.allclose(torch.cat(parts, 1), whole, atol=1e-6)
    assert torch.allclose(torch.cat(weights, 2), at_once[0], atol=1e-6)


def test_one_sequence_goes_on_from_where_another_stands() -> None:
    cache = KVCache(torch.zeros(1), layers=2, rows=2, heads=1, room=4, size=2)
    for layer in range(2):
        cache.extend(layer, torch.randn(2, 1, 3, 2), torch.randn(2, 1, 3, 2))
    cache.length = 3
    cache.copy(0, 1)
    for kept in (cache.keys, cache.values):
        assert torch.equal(kept[:, 0], kept[:, 1]) and kept[:, 0, :, :3].all() and not kept[..., 3:, :].any()


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 300))
def test_rotation_knows_only_the_distance(first: int, second: int, shift: int) -> None:
    generator = torch.Generator().manual_seed(0)
    q, k = torch.randn(2, 16, generator=generator, dtype=torch.float64)
    angles = rotary_angles(1000, 16, 1000.0, torch.device("cpu")).double()

    def product(at: int, other: int) -> float:
        return float((rotate(q, rotary(angles[at])) * rotate(k, rotary(angles[other]))).sum())

    assert product(first, second) == pytest.approx(product(first + shift, second + shift), abs=1e-3)
    assert float(rotate(q, rotary(angles[first])).norm()) == pytest.approx(float(q.norm()))
    assert torch.equal(rotate(q, rotary(angles[0])), q)
