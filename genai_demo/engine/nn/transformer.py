"""What the transformers share: normalisation, rotary positions, attention, a block of both, a cache of keys and values.

Root mean square normalisation before each part (Zhang and Sennrich 2019; Xiong et al. 2020, figure 1b), rotary
positions (Su et al. 2021), normalised queries and keys (Henry et al. 2020), squared ReLU (So et al. 2021, "Primer",
section 4) and no biases.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Rotary = tuple[Tensor, Tensor]
"""cosines and sines, each (..., T, D / 2), by which pairs of numbers of a head of D are rotated"""


def norm(x: Tensor) -> Tensor:
    """Return x (..., C) divided by the root of its mean square over the last dimension."""
    return F.rms_norm(x, (x.shape[-1],))


def rotary(angles: Tensor) -> Rotary:
    """Return the cosines and sines of angles (..., T, D / 2)."""
    return angles.cos(), angles.sin()


def rotary_angles(length: int, size: int, base: float, device: torch.device) -> Tensor:
    """Return the angles (T, D / 2) of positions from 0 on, with wavelengths from 2 pi to 2 pi * `base`.

    Args:
        length: T positions.
        size: D, numbers of a head, even.
        base: at least 1.
        device: where they are needed.
    """
    frequency = base ** -torch.linspace(0, 1, size // 2, device=device)  # (D / 2,)
    return torch.arange(length, device=device)[:, None] * frequency


def rotate(x: Tensor, by: Rotary) -> Tensor:
    """Return vectors (B, H, T, D) whose pairs are rotated."""
    cosines, sines = by
    first, second = x.chunk(2, -1)  # (B, H, T, D / 2)
    return torch.cat([first * cosines - second * sines, first * sines + second * cosines], -1)


class KVCache:
    """Keys and values of the tokens that were read, so that each is read only once.

    Args:
        like: a tensor on the device and of the type to use.
        layers, rows, heads, room, size: layers of the network, sequences side by side, heads, tokens of each sequence
            that it can hold, and numbers of a head.
    """

    def __init__(self, like: Tensor, layers: int, rows: int, heads: int, room: int, size: int) -> None:
        self.length = 0
        """tokens in it"""
        self.keys = like.new_zeros(layers, rows, heads, room, size)
        self.values = torch.zeros_like(self.keys)

    def extend(self, layer: int, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Take in what a layer made of new tokens (B, H, T, D), and return it with all before them."""
        end = self.length + keys.shape[2]
        self.keys[layer, :, :, self.length : end] = keys
        self.values[layer, :, :, self.length : end] = values
        return self.keys[layer, :, :, :end], self.values[layer, :, :, :end]

    def copy(self, source: int, target: int) -> None:
        """Let one sequence have read what another one has."""
        for kept in (self.keys, self.values):
            kept[:, target, :, : self.length] = kept[:, source, :, : self.length]


def attention(
    projected: Tensor,
    heads: int,
    positions: Rotary,
    *,
    visible: Tensor | None = None,
    causal: bool = False,
    cache: tuple[KVCache, int] | None = None,
    weights: list[Tensor] | None = None,
) -> Tensor:
    """Return what each token takes from those it sees, (B, T, C).

    Args:
        projected: (B, T, 3 C) queries, keys and values.
        heads: C is a multiple of it.
        positions: by which queries and keys are rotated, broadcast to (B, H, T, D / 2).
        visible: bool, broadcast to (B, H, T, S): which tokens each one sees; None shows all.
        causal: whether each sees only itself and those before it.
        cache: keys and values of tokens before these, which takes these in, and the number of the layer.
        weights: a list to which the attention weights (B, H, T, S) are added; without it they are never all there.
    """
    batch, length, _ = projected.shape
    queries, keys, values = projected.view(batch, length, 3, heads, -1).permute(2, 0, 3, 1, 4)  # each (B, H, T, D)
    # Queries and keys of one length keep the attention from running wild.
    queries, keys = (rotate(norm(part), positions).type_as(values) for part in (queries, keys))
    if cache is not None:
        keys, values = cache[0].extend(cache[1], keys, values)
    keys, values = keys.to(queries), values.to(queries)
    if weights is None:
        mixed = F.scaled_dot_product_attention(queries, keys, values, attn_mask=visible, is_causal=causal)
    else:
        scores = queries @ keys.transpose(2, 3) * queries.shape[3] ** -0.5  # (B, H, T, S)
        if causal:
            visible = torch.ones(length, length, dtype=torch.bool, device=scores.device).tril()
        if visible is not None:
            scores = scores.masked_fill(~visible, float("-inf"))
        weights.append(scores.softmax(-1))
        mixed = weights[-1] @ values
    return mixed.transpose(1, 2).reshape(batch, length, -1)  # (B, H, T, D) -> (B, T, C)


class Block(nn.Module):
    """Attention and a two-layer network, each added to what it reads.

    Args:
        width: numbers per token.
        heads: attention heads.
        dropout: share of what is added that is dropped in training.
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.query_key_value = nn.Linear(width, 3 * width, bias=False)
        self.attended = nn.Linear(width, width, bias=False)
        self.expand = nn.Linear(width, 4 * width, bias=False)
        self.contract = nn.Linear(4 * width, width, bias=False)

    def forward(
        self, x: Tensor, positions: Rotary, visible: Tensor | None = None, weights: list[Tensor] | None = None
    ) -> Tensor:
        """Return (B, T, C) for x (B, T, C); see `attention` for the rest."""
        projected = self.query_key_value(norm(x))
        mixed = attention(projected, self.heads, positions, visible=visible, weights=weights)
        x = x + self._drop(self.attended(mixed))
        return x + self._drop(self.contract(F.relu(self.expand(norm(x))).square()))

    def _drop(self, x: Tensor) -> Tensor:
        return F.dropout(x, self.dropout, self.training)
