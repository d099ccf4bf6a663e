"""Decodes music with the composer: token by token, within what the grammar and a plan allow.

All randomness is drawn on the CPU by seeded generators, one for each sequence.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from genai_demo.engine.generation import sampling
from genai_demo.engine.generation.sampling import TokenTrace, draw, token_probabilities, trace_token
from genai_demo.engine.nn.transformer import KVCache
from genai_demo.music.models.bar_conditioning import (
    BAR_FEATURES,
    FEATURE_INDEX,
    MOST_BARS,
    condition_tokens,
    register_index,
    style_index,
)
from genai_demo.music.models.composer import Composer, ModelInput
from genai_demo.music.theory.piece import TICKS, Bar, Piece
from genai_demo.music.theory.texture import ANY, DENSITIES, REGISTERS
from genai_demo.music.tokens import events

_KEPT = 0.75
"""share of the context that is read again when it is full"""
_DRAWS = 256
"""random numbers that are drawn at once"""
GUIDED = ("style", "density", "register")
"""features that can be guided; the key is not, since music that follows it still more is all scale"""
_CLOSING = (events.END, events.BAR, *range(events.FIRST["METRE"], events.FIRST["METRE"] + events.COUNTS["METRE"]))
_METRES = slice(events.FIRST["METRE"], events.FIRST["METRE"] + events.COUNTS["METRE"])


@dataclass(frozen=True)
class Plan:
    """What a piece starts with, and what is to follow."""

    tokens: tuple[int, ...]
    """what is there already, from the key on; a piece without its end, or only key, tempo and metre"""
    bars: int
    """bars to write"""
    style: str = ANY
    density: str = ANY
    register: str = ANY


@dataclass(frozen=True)
class Sampling(sampling.Sampling):
    """How a token is drawn, and how much of what was asked for is heeded."""

    guidance: float = 1.0
    """weight of what knowing `guided` changes (classifier-free guidance, Ho and Salimans 2022); 1 is plain"""
    guided: tuple[str, ...] = GUIDED
    """features that were asked for"""


@dataclass(frozen=True)
class _Shaped:
    """The next token's logits (V,), which tokens are allowed (V,), their ids (P,) and their probabilities (P,)."""

    logits: np.ndarray
    allowed: np.ndarray
    possible: np.ndarray
    probabilities: np.ndarray
    done: int
    """the token that stands for all that close a bar"""

    def trace(self, token: int) -> TokenTrace:
        """Return what could have come instead of `token`."""
        drawn_from = np.zeros(len(self.logits))
        drawn_from[self.possible] = self.probabilities
        # What closes a bar is counted once.
        logits = self.logits.astype(np.float64)
        logits[[closing for closing in _CLOSING if closing != self.done]] = -np.inf
        return trace_token(token, logits, drawn_from, self.allowed)


class TokenSequence:
    """One variant: its tokens, where they stand, and what may come next.

    Args:
        plan: what to write.
        seed: of its random numbers.
    """

    def __init__(self, plan: Plan, seed: int) -> None:
        self.tokens: list[int] = []
        self.times: list[float] = []
        self.features: list[np.ndarray] = []
        """those of each token's bar, (len(BAR_FEATURES),) each"""
        self.traces: dict[int, TokenTrace] | None = None
        """of the tokens that were drawn, by their place; None where nobody looks, and nothing is noted"""
        self.grammar = events.Grammar()
        self.finished = False
        self.bar = -1
        """the last bar that has begun, from 0"""
        self._random = torch.Generator().manual_seed(seed)
        self._uniform: list[float] = []
        self._start = self._length = 0
        """ticks of the bar line, and from it to the next one"""
        given = plan.tokens.count(events.BAR)
        self.given, self.total = given, given + plan.bars
        """bars that were there, and bars of the whole piece"""
        conditioned = condition_tokens(plan.tokens, style_index(plan.style), plan.bars)
        self._given_features = conditioned.features
        self._given_features[:, FEATURE_INDEX["register"]] = register_index(conditioned.pitches)
        self._wanted = np.zeros(len(BAR_FEATURES), np.int16)
        for name, value in (
            ("style", style_index(plan.style)),
            ("density", (ANY, *DENSITIES).index(plan.density)),
            ("register", (ANY, *REGISTERS).index(plan.register)),
            ("key", plan.tokens[0] - events.FIRST["KEY"]),
            ("tempo", plan.tokens[1] - events.FIRST["TEMPO"] + 1),
        ):
            self._wanted[FEATURE_INDEX[name]] = value
        # What was given is not added to: a new bar begins.
        for token in (*plan.tokens, events.BAR):
            self.push(token)

    @property
    def bars_written(self) -> int:
        """Bars that are whole, those that were given not counted."""
        return self.total - self.given if self.finished else max(0, self.bar - self.given)

    def allowed(self) -> np.ndarray:
        """Return for each token whether it may come next, bool (events.SIZE,)."""
        mask = self.grammar.allowed()
        # The metre stays, the piece ends with its last bar, and not before.
        if self.bar >= 0:
            mask[_METRES] = False
        mask[events.END] &= self.bar == self.total - 1
        mask[events.BAR] &= self.bar < self.total - 1
        return mask

    def push(self, token: int) -> None:
        """Take a token as the next one; after the end nothing but padding."""
        self.grammar.push(token)
        kind = events.NAMES[token].partition("_")[0]
        place = token - events.FIRST[kind]
        time = self.times[-1] if self.times else 0.0
        bar = self.bar
        if kind == "METRE":
            self._start += self._length
            self._length = Bar(0, *events.TOKEN_TIME_SIGNATURES[place]).length
            self._wanted[FEATURE_INDEX["metre"]] = place + 1
            bar += 1
        elif kind == "BAR":
            before = self.tokens[-1]
            # A change of metre has closed the bar before already.
            if not events.FIRST["METRE"] <= before < events.FIRST["METRE"] + events.COUNTS["METRE"]:
                self._start += self._length
            self.bar = bar = self.bar + 1
            time = self._start / TICKS
        elif kind == "POSITION":
            time = (self._start + events.POSITIONS[place]) / TICKS
        self.finished = self.finished or kind == "END"
        self.tokens.append(token)
        self.times.append(time)
        self.features.append(self._features_of(max(0, bar)))

    def follow(self, other: TokenSequence) -> None:
        """Go on from where another sequence of the same plan stands, with random numbers of its own."""
        self.tokens, self.times, self.features = list(other.tokens), list(other.times), list(other.features)
        self.grammar = copy.deepcopy(other.grammar)
        self.finished, self.bar = other.finished, other.bar
        self._start, self._length, self._wanted = other._start, other._length, other._wanted.copy()
        self.traces = None if other.traces is None else dict(other.traces)

    def _features_of(self, bar: int) -> np.ndarray:
        if bar < self.given:
            return self._given_features[bar]
        features = self._wanted.copy()
        features[FEATURE_INDEX["before"]] = min(bar, MOST_BARS) + 1
        features[FEATURE_INDEX["left"]] = min(self.total - bar, MOST_BARS + 1)
        return features

    def draw(self, logits: np.ndarray, sampling: Sampling, traces: list[TokenTrace] | None = None) -> int:
        """Return the next token; padding after the end.

        Args:
            logits: (events.SIZE,) of every token.
            sampling: how to draw.
            traces: a list to which the token's trace is added.
        """
        if self.finished:
            return events.PAD
        if not self._uniform:
            self._uniform = torch.rand(_DRAWS, generator=self._random, dtype=torch.float64).tolist()[::-1]
        shaped = self._shaped(logits, sampling)
        token = int(shaped.possible[draw(shaped.probabilities, self._uniform.pop())])
        if traces is not None:
            traces.append(shaped.trace(token))
        if self.traces is not None:
            self.traces[len(self.tokens)] = shaped.trace(token)
        return token

    def force(self, token: int, logits: np.ndarray, sampling: Sampling) -> None:
        """Take a token as if it had been drawn, and note what else could have come.

        Args:
            token: that is allowed next.
            logits, sampling: as in `draw`.
        """
        assert self.traces is not None
        self.traces[len(self.tokens)] = self._shaped(logits, sampling).trace(token)
        self.push(token)

    def _shaped(self, logits: np.ndarray, sampling: Sampling) -> _Shaped:
        # Another bar line, another metre or an end: each says that the bar is done. Which of them it is, the plan says.
        done = events.END if self.bar == self.total - 1 else events.BAR
        closing = np.logaddexp.reduce([*logits[[events.END, events.BAR]], *logits[_METRES]])
        logits = np.concatenate([logits[:done], [closing], logits[done + 1 :]])
        allowed = self.allowed()
        possible = np.flatnonzero(allowed)
        possible = possible[np.argsort(-logits[possible], kind="stable")]
        return _Shaped(logits, allowed, possible, token_probabilities(logits[possible], sampling), done)

    def piece(self, most: int | None = None) -> Piece:
        """Return the given bars and those written whole, of these no more than `most`."""
        piece = self.grammar.piece()
        written = self.bars_written if most is None else min(most, self.bars_written)
        if self.finished and written == self.bars_written:
            return piece
        bars = piece.bars[: max(1, self.given + written)]
        return replace(piece, bars=bars, notes=tuple(note for note in piece.notes if note.start < bars[-1].end))


class Decoder:
    """Variants growing side by side, one token at a time.

    Args:
        network: the composer.
        sequences: with the same number of tokens each.
        sampling: how to draw.
    """

    def __init__(self, network: Composer, sequences: Sequence[TokenSequence], sampling: Sampling) -> None:
        self._network, self.sequences, self._sampling = network, sequences, sampling
        self._kept = max(1, int(_KEPT * network.config.context))
        self._cache: KVCache | None = None

    @torch.inference_mode()
    def logits(self) -> np.ndarray:
        """Return the logits (B, events.SIZE) of each sequence's next token."""
        config = self._network.config
        guidance = self._sampling.guidance
        rows = len(self.sequences) if guidance == 1 else 2 * len(self.sequences)
        if self._cache is None or self._cache.length >= config.context:
            self._cache = self._network.new_cache(rows)
            inputs = self._inputs(self._kept)
        else:
            inputs = self._inputs(1)
        if guidance == 1:
            return self._network(inputs, self._cache)[:, -1].float().cpu().numpy()
        both = _with_unconditional(inputs, self._sampling.guided)
        conditioned, unconditional = self._network(both, self._cache)[:, -1].float().chunk(2)  # (B, V) twice
        return (unconditional + guidance * (conditioned - unconditional)).cpu().numpy()

    @torch.inference_mode()
    def follow(self, place: int, other: int) -> None:
        """Let the sequence at a place go on from where another one stands."""
        self.sequences[place].follow(self.sequences[other])
        if self._cache is not None:
            for first in range(0, self._cache.keys.shape[1], len(self.sequences)):
                self._cache.copy(first + other, first + place)

    def _inputs(self, count: int) -> ModelInput:
        """Return the last `count` tokens of the sequences, all if there are fewer."""
        device = self._network.embedding.weight.device
        tokens = torch.tensor([sequence.tokens[-count:] for sequence in self.sequences])
        times = torch.tensor([sequence.times[-count:] for sequence in self.sequences])
        features = torch.from_numpy(np.array([sequence.features[-count:] for sequence in self.sequences])).long()
        return ModelInput(tokens.to(device), times.to(device), features.to(device))

    def next(self, traces: Sequence[list[TokenTrace]] | None = None) -> None:
        """Draw the next token of every sequence.

        Args:
            traces: a list for each sequence, to which its token's trace is added.
        """
        for number, (sequence, logits) in enumerate(zip(self.sequences, self.logits(), strict=True)):
            sequence.push(sequence.draw(logits, self._sampling, None if traces is None else traces[number]))


@torch.inference_mode()
def forced_logits(network: Composer, sequence: TokenSequence, sampling: Sampling, first: int) -> np.ndarray:
    """Return the logits (N, events.SIZE) from which a `Decoder` draws a sequence's tokens from place `first` on.

    They are read in a few passes over the tokens as they stand, with just the tokens in sight that a decoder has kept.

    Args:
        network: the composer.
        sequence: with all its tokens.
        sampling: how they are drawn.
        first: place of the first token that is drawn.
    """
    context, kept = network.config.context, max(1, int(_KEPT * network.config.context))
    found: list[np.ndarray] = []
    place = first
    while place < len(sequence.tokens):
        begin = max(0, place - kept)
        # As many tokens as a decoder's memory holds before it reads anew.
        end = min(len(sequence.tokens), begin + context + 1)
        span = slice(begin, end - 1)
        inputs = ModelInput(
            torch.tensor([sequence.tokens[span]], device=network.embedding.weight.device),
            torch.tensor([sequence.times[span]], device=network.embedding.weight.device),
            torch.from_numpy(np.array([sequence.features[span]])).long().to(network.embedding.weight.device),
        )
        if sampling.guidance == 1:
            logits = network(inputs)[0].float()
        else:
            conditioned, unconditional = network(_with_unconditional(inputs, sampling.guided)).float()
            logits = unconditional + sampling.guidance * (conditioned - unconditional)
        found.append(logits[place - 1 - begin :].cpu().numpy())
        place = end
    return np.concatenate(found)


def _with_unconditional(inputs: ModelInput, guided: Sequence[str]) -> ModelInput:
    """Return inputs (2 B, T): the same rows, and then once more without some of the features."""
    unconditional = inputs.features.clone()
    unconditional[..., [FEATURE_INDEX[name] for name in guided]] = 0
    return ModelInput(
        inputs.tokens.repeat(2, 1), inputs.times.repeat(2, 1), torch.cat([inputs.features, unconditional])
    )
