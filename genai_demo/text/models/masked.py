"""Masked language model: sees a text with blanks and predicts what stands in each.

A transformer encoder of the blocks in `engine.nn.transformer`. Trained with a share of the tokens masked that follows a
cosine (Chang et al. 2022, MaskGIT, section 3.1), so it can fill one blank or a whole page.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai_demo.engine.fields import Later, OneOf, Within
from genai_demo.engine.nn.sizes import Depth, Dropout, Width, check_heads
from genai_demo.engine.nn.transformer import Block, norm, rotary, rotary_angles
from genai_demo.text.models.loss import cross_entropy
from genai_demo.text.tokens.special_tokens import AG_NEWS, MASK, PAD, TOPIC_SETS


@dataclass(frozen=True)
class MaskedConfig:
    """Sizes of the network."""

    vocabulary: Annotated[int, Within(1, 10**6)]
    width: Width = 256
    layers: Depth = 6
    heads: Depth = 4
    dropout: Dropout = 0.1
    topics: Annotated[str, OneOf(tuple(TOPIC_SETS)), Later] = AG_NEWS.name
    """what its topic tokens stand for"""

    def __post_init__(self) -> None:
        check_heads(self.width, self.heads, 2)


DEBUG = {"width": 16, "layers": 2, "heads": 2}
"""sizes at which tests train the network in a second"""
_BASE = 1000.0
"""of the rotary positions"""


class MaskedModel(nn.Module):
    """Predicts the tokens that stand where `MASK` stands."""

    def __init__(self, config: MaskedConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary, config.width)
        self.blocks = nn.ModuleList(Block(config.width, config.heads, config.dropout) for _ in range(config.layers))
        self.output = nn.Linear(config.width, config.width, bias=False)
        self._init_weights()

    def _init_weights(self) -> None:
        # Each block starts as the identity: what it adds to the stream starts at zero.
        nn.init.normal_(self.embedding.weight, std=self.config.width**-0.5)
        nn.init.normal_(self.output.weight, std=0.5 * self.config.width**-0.5)
        for block in self.blocks:
            assert isinstance(block, Block)
            for layer in (block.query_key_value, block.expand):
                nn.init.normal_(layer.weight, std=self.config.width**-0.5)
            nn.init.zeros_(block.attended.weight)
            nn.init.zeros_(block.contract.weight)

    def forward(self, ids: Tensor, weights: list[Tensor] | None = None) -> Tensor:
        """Read rows with masked tokens.

        Args:
            ids: (B, T) ids, `MASK` where a token is to be predicted, `PAD` after the end.
            weights: a list to which each block's attention weights (B, heads, T, T) are added.

        Returns:
            vectors (B, T, width), whose products with the embedding are the tokens' logits.
        """
        visible = (ids != PAD)[:, None, None, :]  # (B, 1, 1, T)
        angles = rotary_angles(ids.shape[1], self.config.width // self.config.heads, _BASE, ids.device)
        positions = rotary(angles)
        x = F.dropout(norm(self.embedding(ids)), self.config.dropout, self.training)  # (B, T, width)
        for block in self.blocks:
            x = block(x, positions, visible, weights)
        return self.output(norm(x))

    def logits(self, vectors: Tensor) -> Tensor:
        """Return the logits (..., V) of vectors (..., width)."""
        return F.linear(vectors, self.embedding.weight)

    def loss(self, rows: Tensor, most: float = 1.0) -> dict[str, Tensor]:
        """Return the mean cross-entropy in nats of the masked tokens of `rows` (B, T), with masks drawn anew.

        Args:
            rows: (B, T) ids.
            most: largest share of a row that is masked, above 0 to 1.

        Returns:
            the mean as "loss", and the number of masked tokens as "weight".
        """
        mask = draw_mask(rows, most, TOPIC_SETS[self.config.topics].controls)
        vectors = self(rows.masked_fill(mask, MASK))
        return {"loss": cross_entropy(vectors[mask], self.embedding.weight, rows[mask]), "weight": mask.sum()}


def draw_mask(rows: Tensor, most: float = 1.0, controls: int = AG_NEWS.controls) -> Tensor:
    """Return which tokens of rows (B, T) to mask, as (B, T) booleans.

    The share of each row follows `most * cos(pi / 2 * u)` with u uniform over 0 to 1; at least one token a row, never
    a control token, of which there are `controls`.
    """
    batch, length = rows.shape
    text = rows >= controls  # (B, T)
    share = most * torch.cos(math.pi / 2 * torch.rand(batch, 1, device=rows.device))  # (B, 1)
    wanted = (share * text.sum(1, keepdim=True)).ceil().clamp(min=1)  # (B, 1)
    order = torch.rand(batch, length, device=rows.device).masked_fill(~text, 2.0)
    rank = order.argsort(1).argsort(1)  # (B, T), control tokens come last
    return (rank < wanted) & text
