"""The composer: a small transformer that writes a piece token by token.

What is asked for, and what is known of the bar that is being written (`bar_conditioning`), is added to every token: how
many bars are still to come, for one, so that a piece ends with a cadence where it was asked to end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai_demo.engine.fields import Within
from genai_demo.engine.nn.sizes import Depth, Dropout, Width, check_heads
from genai_demo.engine.nn.transformer import KVCache, Rotary, attention, norm, rotary
from genai_demo.engine.training.task import Batch
from genai_demo.music.models.bar_conditioning import BAR_FEATURES, FEATURE_INDEX
from genai_demo.music.theory.piece import PITCHES
from genai_demo.music.tokens import events


@dataclass(frozen=True)
class ComposerConfig:
    """Sizes of the composer."""

    width: Width = 192
    """numbers per token"""
    layers: Depth = 6
    heads: Depth = 6
    """attention heads; each has `width` / `heads` numbers, a multiple of 4"""
    dropout: Dropout = 0.1
    """share of each layer's output that is dropped in training"""
    context: Annotated[int, Within(2, 65_536)] = 1024
    """tokens of a training row; the most that it looks back on"""

    def __post_init__(self) -> None:
        check_heads(self.width, self.heads, 4)


DEBUG = {"width": 32, "layers": 2, "heads": 2, "dropout": 0.0, "context": 64}
_DEGREES = 12
"""pitch classes, counted from the tonic"""
_LONGEST_PERIOD = 4096.0
"""tokens, or quarter notes, after which the slowest of the rotations repeats"""
_SHORTEST_PERIOD = 0.5
"""quarter notes in which the fastest rotation by musical time turns round"""


@dataclass(frozen=True)
class ModelInput:
    """What is fed to the network: tokens, where they stand, and what is known there."""

    tokens: Tensor
    """(B, T)"""
    times: Tensor
    """(B, T): quarter notes from any fixed moment to each token's position in the music"""
    features: Tensor
    """(B, T, len(BAR_FEATURES)): those of each token's bar"""

    def part(self, start: int, end: int) -> ModelInput:
        """Return the stretch from token `start` up to `end`."""
        return ModelInput(self.tokens[:, start:end], self.times[:, start:end], self.features[:, start:end])


class _Layer(nn.Module):
    """Attention and a two-layer network, each added to what it reads (Xiong et al. 2020, figure 1b)."""

    def __init__(self, config: ComposerConfig) -> None:
        super().__init__()
        width, self.heads, self.dropout = config.width, config.heads, config.dropout
        self.attend = nn.Linear(width, 3 * width, bias=False)
        self.mix = nn.Linear(width, width, bias=False)
        self.widen = nn.Linear(width, 4 * width, bias=False)
        self.narrow = nn.Linear(4 * width, width, bias=False)
        # Each layer starts by passing on what it reads.
        nn.init.zeros_(self.mix.weight)
        nn.init.zeros_(self.narrow.weight)

    def forward(
        self,
        x: Tensor,
        positions: Rotary,
        cache: tuple[KVCache, int] | None,
        weights: list[Tensor] | None,
        visible: Tensor | None,
    ) -> Tensor:
        # New tokens after others come one at a time, and see all of them.
        causal = bool(x.shape[1] > 1) and visible is None
        mixed = attention(
            self.attend(norm(x)), self.heads, positions, visible=visible, causal=causal, cache=cache, weights=weights
        )
        x = x + self._drop(self.mix(mixed))
        return x + self._drop(self.narrow(F.relu(self.widen(norm(x))).square()))

    def _drop(self, x: Tensor) -> Tensor:
        return F.dropout(x, self.dropout, self.training)


class Composer(nn.Module):
    """Predicts each token of a piece from those before it.

    Root mean square normalisation (Zhang and Sennrich 2019), no biases, rotary positions (Su et al. 2021), half of
    which turn with the number of the token and half with musical time: "a bar ago" is the same turn everywhere. Pitches
    are read and written as the sum of what they are on the keyboard and in the key: where the key is known, what is
    learnt in one holds in all.

    Args:
        config: sizes.
    """

    by_token: Tensor
    by_time: Tensor

    def __init__(self, config: ComposerConfig) -> None:
        super().__init__()
        self.config = config
        size = config.width // config.heads
        self.embedding = nn.Embedding(events.SIZE, config.width)
        self.known = nn.ModuleList(nn.Embedding(count, config.width) for count in BAR_FEATURES.values())
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config.layers))
        self.degrees = nn.Embedding(_DEGREES + 1, config.width, padding_idx=_DEGREES)
        self.readout = nn.Linear(config.width, events.SIZE, bias=False)
        self.read_degrees = nn.Linear(config.width, _DEGREES, bias=False)
        nn.init.normal_(self.embedding.weight, std=0.5)
        nn.init.normal_(self.degrees.weight[:_DEGREES], std=0.5)
        nn.init.zeros_(self.read_degrees.weight)
        for table in self.known:
            nn.init.normal_(table.get_parameter("weight"), std=0.1)
        nn.init.zeros_(self.readout.weight)
        pairs = size // 4
        shares = torch.arange(pairs) / max(1, pairs - 1)
        by_token = _LONGEST_PERIOD**-shares
        by_time = 2 * torch.pi / _SHORTEST_PERIOD * (_SHORTEST_PERIOD / _LONGEST_PERIOD) ** shares
        self.register_buffer("by_token", by_token, persistent=False)
        self.register_buffer("by_time", by_time, persistent=False)

    def new_cache(self, rows: int) -> KVCache:
        """Return an empty cache for `rows` sequences of up to `context` tokens."""
        config = self.config
        size = config.width // config.heads
        return KVCache(self.embedding.weight, config.layers, rows, config.heads, config.context, size)

    def forward(
        self,
        inputs: ModelInput,
        cache: KVCache | None = None,
        weights: list[Tensor] | None = None,
        visible: Tensor | None = None,
    ) -> Tensor:
        """Return the logits (B, T, `events.SIZE`) of the token after each.

        Args:
            inputs: what is new: all tokens without a cache or with an empty one, else one more of each sequence.
            cache: of the tokens before; takes in the new ones.
            weights: a list to which each layer's attention weights (B, heads, T, tokens read) are added.
            visible: bool, broadcast to (B, heads, T, T): which tokens each one sees, itself and earlier ones at most;
                None shows it all of these.
        """
        first = cache.length if cache is not None else 0
        degrees = _degrees(inputs.features[..., FEATURE_INDEX["key"]])  # (B, T, 88)
        keys = inputs.tokens - events.FIRST["PITCH"]  # (B, T)
        struck = (keys >= 0) & (keys < events.COUNTS["PITCH"])
        own = degrees.gather(-1, keys.clamp(0, events.COUNTS["PITCH"] - 1)[..., None])[..., 0]
        x = self.embedding(inputs.tokens) + self.degrees(own.where(struck, _DEGREES))  # (B, T, C)
        for place, table in enumerate(self.known):
            x = x + table(inputs.features[..., place])
        positions = self._positions(inputs.times, first)
        x = norm(x)
        for number, layer in enumerate(self.layers):
            x = layer(x, positions, None if cache is None else (cache, number), weights, visible)
        if cache is not None:
            cache.length += inputs.tokens.shape[1]
        x = norm(x)
        logits = self.readout(x).float()
        by_degree = F.pad(self.read_degrees(x).float(), (0, 1)).gather(-1, degrees)  # (B, T, 88)
        before, behind = events.FIRST["PITCH"], events.SIZE - events.FIRST["PITCH"] - events.COUNTS["PITCH"]
        return logits + F.pad(by_degree, (before, behind))

    def _positions(self, times: Tensor, first: int) -> Rotary:
        """Return the rotary positions (B, 1, T, D / 2), half of them by number and half by musical time."""
        numbers = torch.arange(first, first + times.shape[1], device=times.device)
        by_token = (numbers[:, None] * self.by_token).expand(len(times), -1, -1)  # (B, T, D / 4)
        angles = torch.cat([by_token, times[:, :, None] * self.by_time], -1)[:, None]  # (B, 1, T, D / 2)
        return rotary(angles)


def _degrees(keys: Tensor) -> Tensor:
    """Return for every pitch (B, T, 88) the semitones from the tonic up to it, `_DEGREES` where no key is known.

    Args:
        keys: (B, T) places in `events.KEYS_OR_NONE`.
    """
    pitches = torch.arange(PITCHES[0], PITCHES[1] + 1, device=keys.device)
    tonics = (keys - 1) % _DEGREES
    return ((pitches - tonics[..., None]) % _DEGREES).where(keys[..., None] > 0, _DEGREES)


def token_losses(network: Composer, batch: Batch) -> tuple[Tensor, Tensor]:
    """Return the surprise (B, T - 1) at each token but the first, in nats, and which of them are there.

    Args:
        network: the composer.
        batch: from `as_batch`, on the network's device.
    """
    tokens = batch["tokens"].long()
    inputs = ModelInput(tokens[:, :-1], batch["times"][:, :-1], batch["features"][:, :-1].long())
    targets = tokens[:, 1:]
    logits = network(inputs)  # (B, T - 1, V)
    losses = F.cross_entropy(
        logits.flatten(0, 1), targets.flatten(), ignore_index=events.PAD, reduction="none"
    )  # (B * (T - 1),)
    return losses.view_as(targets), targets != events.PAD
