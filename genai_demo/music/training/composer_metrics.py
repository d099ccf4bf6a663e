"""How well the composer foresees music that it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

import numpy as np
import torch

from genai_demo.music.data.event_batches import UNKNOWN_AHEAD, EventBatches, as_batch
from genai_demo.music.models.bar_conditioning import BAR_FEATURES, condition_tokens
from genai_demo.music.models.composer import Composer, token_losses

_ROWS = 16
"""rows that are read at once"""


@torch.inference_mode()
def bits(network: Composer, pieces: Sequence[list[int]], given: int) -> tuple[float, int]:
    """Return the bits that all tokens cost after the first ones of their piece, and how many they are.

    Each token is foreseen from at least half a context before it, or from all that there is. Of the bars the composer
    is told what a listener knows: key, tempo, metre, and how many there were.

    Args:
        network: the composer.
        pieces: tokens of each, from `events.encode`.
        given: tokens at the start of each piece that are not counted, at least 1.
    """
    context = network.config.context
    batches = EventBatches([condition_tokens(tokens) for tokens in pieces], context, seed=0)
    rows: list[tuple[int, int, int]] = []  # first token, end of its piece, first token that counts
    start = 0
    for tokens in pieces:
        counted, end = start + given, start + len(tokens)
        for begin in range(start, max(start + 1, end - context // 2), context // 2):
            rows.append((begin, end, counted))
            counted = begin + context
        start = end
    hidden = np.array([name in UNKNOWN_AHEAD for name in BAR_FEATURES])
    device = network.embedding.weight.device
    cost, count = 0.0, 0
    for place in range(0, len(rows), _ROWS):
        begins, ends, firsts = np.array(rows[place : place + _ROWS]).T
        some = batches.rows(begins, ends, np.zeros_like(begins), np.tile(hidden, (len(begins), 1)))
        losses, there = token_losses(network, {name: part.to(device) for name, part in as_batch(some).items()})
        places = begins[:, None] + np.arange(1, context)  # (B, T - 1)
        scored = there & torch.from_numpy(places >= firsts[:, None]).to(device)
        cost += float(losses[scored].sum()) / log(2)
        count += int(scored.sum())
    return cost, count
