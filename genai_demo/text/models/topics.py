"""Topic classifier: a bag of hashed words (Joulin et al. 2017, fastText), which judges what the language models write.

Without fastText's pairs of words: with labels as noisy as ours these cost 2 % of validation accuracy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from torch import Tensor, nn

from genai_demo.engine.fields import Later, OneOf, Within
from genai_demo.engine.nn.sizes import Width
from genai_demo.text.tokens.special_tokens import AG_NEWS, TOPIC_SETS

FAMILY = "topics"
PADDING = 0
"""bucket that fills up rows"""


@dataclass(frozen=True)
class TopicsConfig:
    """Sizes of the network."""

    buckets: Annotated[int, Within(2, 2**24)] = 2**16
    """hashed words share these"""
    width: Width = 16
    topics: Annotated[str, OneOf(tuple(TOPIC_SETS)), Later] = AG_NEWS.name
    """those to tell apart"""


DEBUG = {"buckets": 256, "width": 4}
"""sizes at which tests train the network in a second"""


class TopicsModel(nn.Module):
    """Averages the vectors of a text's words, and weighs the topics."""

    def __init__(self, config: TopicsConfig) -> None:
        super().__init__()
        self.config = config
        self.known = TOPIC_SETS[config.topics].known
        self.embedding = nn.EmbeddingBag(config.buckets, config.width, mode="mean", padding_idx=PADDING)
        self.output = nn.Linear(config.width, len(self.known))

    def forward(self, rows: Tensor) -> Tensor:
        """Return logits (B, topics) of rows (B, T) of buckets."""
        return self.output(self.embedding(rows))
