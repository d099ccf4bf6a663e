"""Masked model of rolls: sees masked music and predicts what each hidden column strikes, note by note.

A transformer encoder over columns, two for each sixteenth, of the blocks in `engine.nn.transformer`, with positions in
time. Each hidden column is then read out from the outside in, as a chain of keys with their lengths, so that the notes
of a chord know of each other (as the pitches in Huang et al. 2017, Coconet, do not within one of its steps).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai_demo.engine.nn.sizes import Depth, Dropout, Width, check_heads
from genai_demo.engine.nn.transformer import Block, norm, rotary, rotary_angles
from genai_demo.music.models.masked_window import MaskedWindow, as_features, mask_at_random
from genai_demo.music.theory.piece import RIGHT
from genai_demo.music.theory.texture import DENSITIES, STYLES
from genai_demo.music.tokens.columns import LONGEST, NONE, NOTES_PER_STEP, POSITION_COUNT
from genai_demo.music.tokens.roll import HAND_COUNT, PIANO_KEYS

CONDITIONS = {"key": 25, "density": len(DENSITIES) + 1, "style": len(STYLES) + 1}
"""what is known of a window, and how many values it has; 0 is always "not known"

key: 1 + tonic for major, 13 + tonic for minor
density, style: places in `DENSITIES` and `STYLES`, from 1
"""


@dataclass(frozen=True)
class MaskedConfig:
    """Sizes of the network."""

    width: Width = 128
    layers: Depth = 6
    heads: Depth = 4
    read_out: Width = 512
    """width inside the part that reads columns out"""
    dropout: Dropout = 0.05

    def __post_init__(self) -> None:
        check_heads(self.width, self.heads, 2)


DEBUG = {"width": 16, "layers": 2, "heads": 2, "read_out": 32}
"""sizes at which tests train the network in a second"""
_BASE = 100.0
"""of the rotary positions"""


@dataclass(frozen=True)
class Seen:
    """What the network makes of the hidden columns of a window, N of them, in the order of (row, hand, step)."""

    vectors: Tensor
    """(N, width)"""
    open: Tensor
    """bool (N, 88): keys that may be struck"""
    hands: Tensor
    """(N,): the hand of each"""


class MaskedRoll(nn.Module):
    """Predicts the notes of hidden columns."""

    def __init__(self, config: MaskedConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.own = nn.Linear(3 * PIANO_KEYS, width, bias=False)
        self.other = nn.Linear(3 * PIANO_KEYS, width, bias=False)
        self.hand = nn.Embedding(HAND_COUNT, width)
        self.place = nn.Embedding(POSITION_COUNT, width)
        self.conditions = nn.ModuleList(nn.Embedding(count, width) for count in CONDITIONS.values())
        self.blocks = nn.ModuleList(Block(width, config.heads, config.dropout) for _ in range(config.layers))
        self.struck = nn.Embedding(PIANO_KEYS + 1, width)
        self.held = nn.Embedding(LONGEST + 1, width)
        self.expand = nn.Linear(width, config.read_out, bias=False)
        self.contract = nn.Linear(config.read_out, width, bias=False)
        self.key = nn.Linear(width, PIANO_KEYS + 1)
        self.aim = nn.Embedding(PIANO_KEYS + 1, width)
        self.last = nn.Linear(width, width, bias=False)
        self.length = nn.Linear(width, LONGEST)
        self._init_weights()

    def _init_weights(self) -> None:
        # Each block starts as the identity: what it adds to the stream starts at zero.
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.normal_(layer.weight, std=layer.in_features**-0.5)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
            elif isinstance(layer, nn.Embedding):
                nn.init.normal_(layer.weight, std=self.config.width**-0.5)
        for layer in (self.own, self.other):
            # Few keys sound at once, so that their columns of the matrix stand for embeddings.
            nn.init.normal_(layer.weight, std=self.config.width**-0.5)
        for block in self.blocks:
            assert isinstance(block, Block)
            nn.init.zeros_(block.attended.weight)
            nn.init.zeros_(block.contract.weight)
        nn.init.zeros_(self.contract.weight)
        for layer in (self.key, self.length):
            nn.init.normal_(layer.weight, std=0.1 * self.config.width**-0.5)

    def forward(self, window: MaskedWindow, weights: list[Tensor] | None = None) -> Seen:
        """Look at windows and return what is made of their hidden columns.

        Args:
            window: B windows.
            weights: a list to which each block's attention weights (B, heads, 2 * T, 2 * T) are added.
        """
        features, open_keys = as_features(window)
        steps = features.shape[2]
        x = self.own(features) + self.other(features.flip(1)) + self.hand.weight[:, None]  # (B, 2, T, width)
        x = x + self.place(window.positions)[:, None]
        for number, embedding in enumerate(self.conditions):
            x = x + embedding(window.conditions[:, number])[:, None, None]
        x = F.dropout(norm(x).flatten(1, 2), self.config.dropout, self.training)  # (B, 2 * T, width)
        angles = rotary_angles(steps, self.config.width // self.config.heads, _BASE, x.device)
        positions = rotary(angles.repeat(HAND_COUNT, 1))  # each (2 * T, D / 2)
        for block in self.blocks:
            x = block(x, positions, weights=weights)
        hidden = window.hidden
        vectors = x.view(*hidden.shape, -1)[hidden]  # (B, 2 * T, width) -> (N, width)
        return Seen(vectors, open_keys[hidden], hidden.nonzero()[:, 1])

    def add_note(self, state: Tensor, keys: Tensor, lengths: Tensor) -> Tensor:
        """Return states (..., width) that know of one more note, with keys and lengths (...)."""
        return state + self.struck(keys) + self.held(lengths)

    def key_logits(self, state: Tensor, open_keys: Tensor, hands: Tensor, before: Tensor) -> Tensor:
        """Return the logits (M, 89) of the next key struck in some columns, the last for none.

        Args:
            state: (M, width): vectors of columns and the notes added to them.
            open_keys: bool (M, 88), as in `Seen`.
            hands: (M,).
            before: (M,): the key struck before, `NONE` for none; what follows lies further inside.
        """
        x = state + self.contract(F.relu(self.expand(norm(state))).square())
        logits = self.key(norm(x)).float()
        key = torch.arange(PIANO_KEYS, device=state.device)
        inside = torch.where((hands == RIGHT)[:, None], key < before[:, None], key > before[:, None])
        allowed = F.pad(open_keys & (inside | (before == NONE)[:, None]), (0, 1), value=True)  # (M, 89)
        return logits.masked_fill(~allowed, float("-inf"))

    def length_logits(self, state: Tensor, keys: Tensor) -> Tensor:
        """Return the logits (M, LONGEST) of lengths from one step on, for keys (M,) that are struck next."""
        return self.length(F.relu(self.last(norm(state + self.aim(keys)))).square()).float()

    def costs(self, window: MaskedWindow) -> tuple[Tensor, Tensor, Tensor]:
        """Return the nats that the keys and the lengths of each hidden column cost, and its notes, each (N,)."""
        seen = self(window)
        # The hidden notes of a column move to its first slots, in their order.
        secret = window.secret()[window.hidden]  # (N, NOTES_PER_STEP)
        order = (~secret).long().argsort(dim=1, stable=True)
        keys = window.keys[window.hidden].masked_fill(~secret, NONE).gather(1, order)  # (N, NOTES_PER_STEP)
        lengths = window.lengths[window.hidden].masked_fill(~secret, 0).gather(1, order)
        count = secret.sum(1)  # (N,)

        added = self.add_note(torch.zeros_like(seen.vectors)[:, None], keys, lengths)  # (N, NOTES_PER_STEP, width)
        states = seen.vectors[:, None] + F.pad(added.cumsum(1)[:, :-1], (0, 0, 1, 0))
        before = F.pad(keys[:, :-1], (1, 0), value=NONE)  # (N, NOTES_PER_STEP)
        slot = torch.arange(NOTES_PER_STEP, device=keys.device)
        asked = slot <= count[:, None]  # (N, NOTES_PER_STEP): each note, and that no more follow
        column = asked.nonzero()[:, 0]  # (M,)
        logits = self.key_logits(states[asked], seen.open[column], seen.hands[column], before[asked])
        key_costs = F.cross_entropy(logits, keys[asked], reduction="none")
        there = slot < count[:, None]
        logits = self.length_logits(states[there], keys[there])
        length_costs = F.cross_entropy(logits, lengths[there] - 1, reduction="none")
        none = torch.zeros(len(keys), device=keys.device)
        return (
            none.index_add(0, column, key_costs),
            none.index_add(0, there.nonzero()[:, 0], length_costs),
            count,
        )

    def loss(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the mean cost in nats of the hidden columns of windows, with masks drawn anew.

        Args:
            batch: see `ColumnWindows`.

        Returns:
            the mean as "loss", its parts "keys" and "lengths", and the number of hidden columns as "weight".
        """
        window = mask_at_random(batch)
        keys, lengths, _ = self.costs(window)
        key_cost, length_cost = keys.mean(), lengths.mean()
        return {
            "loss": key_cost + length_cost,
            "keys": key_cost.detach(),
            "lengths": length_cost.detach(),
            "weight": window.hidden.sum(),
        }
