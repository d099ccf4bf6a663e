"""Which earlier bars a bar takes up: by what hiding them costs, by attention, and by how alike they are.

Attention is not explanation (Jain and Wallace 2019, "Attention is not Explanation"): heads may look where nothing
depends on. What is told first is therefore an experiment, and attention stands beside it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from genai_demo.music.data.event_batches import UNKNOWN_AHEAD
from genai_demo.music.explaining.composed import whole_sequence
from genai_demo.music.models.bar_conditioning import BAR_FEATURES, condition_tokens
from genai_demo.music.models.composer import Composer, ModelInput
from genai_demo.music.requests import ComposeRequest, Request
from genai_demo.music.theory.piece import Piece
from genai_demo.music.theory.structure import alike_bars
from genai_demo.music.tokens import events

_AT_ONCE = 4
"""hidden bars whose passes run side by side"""


@dataclass(frozen=True)
class TakenUp:
    """What a bar takes of an earlier one."""

    bar: int
    """from 0"""
    earlier: int
    """an earlier bar"""
    bits: float
    """that the bar's tokens cost the model more where the earlier bar is hidden from all behind it; below 0 where it is
    the easier for that"""
    attention: float
    """share of the attention that the bar's tokens pay to earlier bars, in the mean of all layers and heads"""
    alike: float | None
    """mean likeness of rhythm and harmony, 0 to 1, see `theory.structure`; None where one is empty"""


def taken_up(network: Composer, request: Request, piece: Piece, index: int) -> tuple[TakenUp, ...]:
    """Return what each bar takes of each earlier one, as far as the network sees both at once.

    Args:
        network: the composer.
        request: that the piece came of.
        piece: the variant.
        index: its number.
    """
    tokens, times, features, bar_of = _read(request, piece, index)
    bars = int(bar_of.max()) + 1
    alike = alike_bars(piece)
    found: list[TakenUp] = []
    done = 0
    while done < bars:
        ends = [int(np.flatnonzero(bar_of == bar)[-1]) + 1 for bar in range(bars)]
        # As many tokens as the network looks back on, up to the end of as many bars as that brings.
        begin = 0 if ends[-1] <= network.config.context else max(0, ends[done] - network.config.context // 2)
        last = max(bar for bar in range(bars) if bar == done or ends[bar] - begin <= network.config.context)
        span = slice(max(begin, ends[last] - network.config.context), ends[last])
        inputs = ModelInput(*(torch.from_numpy(part[span])[None] for part in (tokens, times, features)))
        bits, attention = experiment(network, inputs, bar_of[span])
        first = int(bar_of[span][0])
        for bar in range(done, last + 1):
            total = float(attention[bar - first, : bar - first].sum())
            for earlier in range(first, bar):
                pair = bar - first, earlier - first
                share = float(attention[pair]) / total if total else 0.0
                like = alike[bar, earlier] if max(bar, earlier) < len(alike) else math.nan
                found.append(TakenUp(bar, earlier, float(bits[pair]), share, None if math.isnan(like) else float(like)))
        done = last + 1
    return tuple(found)


def _read(request: Request, piece: Piece, index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return a piece as the network reads it: tokens (T,), times (T,), features (T, F), and the bar of each token."""
    if isinstance(request, ComposeRequest):
        sequence = whole_sequence(request, piece, index)
        if sequence is not None:
            bar_of = condition_tokens(sequence.tokens).bar_of
            times = np.array(sequence.times, np.float32)
            return np.array(sequence.tokens), times, np.array(sequence.features).astype(np.int64), bar_of
    conditioned = condition_tokens(events.encode(piece))
    features = conditioned.features[conditioned.bar_of].astype(np.int64)
    features[:, [name in UNKNOWN_AHEAD for name in BAR_FEATURES]] = 0
    return conditioned.tokens.astype(np.int64), conditioned.times, features, conditioned.bar_of


@torch.inference_mode()
def experiment(network: Composer, inputs: ModelInput, bar_of: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the bits that each bar costs more without each earlier one, and the attention it pays to it, (bars, bars).

    Args:
        network: the composer.
        inputs: a row of T tokens.
        bar_of: (T,) the bar of each, ascending.
    """
    device = network.embedding.weight.device
    inputs = ModelInput(inputs.tokens.to(device), inputs.times.to(device), inputs.features.to(device))
    own = torch.from_numpy(bar_of - bar_of[0]).long().to(device)
    bars, length = int(own.max()) + 1, len(own)
    # Key, tempo and metre belong to the piece, not to its first bar.
    heading = (inputs.tokens[0] >= events.FIRST["KEY"]) & (
        inputs.tokens[0] < events.FIRST["METRE"] + events.COUNTS["METRE"]
    )
    member = torch.nn.functional.one_hot(own, bars).float() * ~heading[:, None]  # (T, bars)
    weights: list[Tensor] = []
    plain = _costs(network(inputs, weights=weights), inputs.tokens, own, bars)
    seen = torch.stack([(part[0].mean(0) @ member) for part in weights]).mean(0)  # (H, T, T) -> (T, bars)
    attention = member.T @ seen / member.sum(0).clamp(min=1)[:, None]  # (bars, bars)
    causal = torch.ones(length, length, dtype=torch.bool, device=device).tril()
    bits = torch.zeros(bars, bars)
    for some in torch.arange(bars - 1).split(_AT_ONCE):
        hidden = (own == some.to(device)[:, None]) & ~heading  # (B, T)
        behind = own > some.to(device)[:, None]
        visible = causal & ~(behind[:, :, None] & hidden[:, None])  # (B, T, T)
        rows = ModelInput(*(part.expand(len(some), *part.shape[1:]) for part in vars(inputs).values()))
        costs = _costs(network(rows, visible=visible[:, None]), rows.tokens, own, bars)  # (B, bars)
        bits[:, some] = (costs - plain).T.cpu()
    return bits.numpy(), attention.cpu().numpy()


def _costs(logits: Tensor, tokens: Tensor, own: Tensor, bars: int) -> Tensor:
    """Return the bits (B, bars) of the tokens of each bar."""
    surprise = -logits[:, :-1].log_softmax(-1).gather(2, tokens[:, 1:, None])[..., 0] / math.log(2)  # (B, T - 1)
    return torch.zeros(len(tokens), bars, device=logits.device).index_add(1, own[1:], surprise)
