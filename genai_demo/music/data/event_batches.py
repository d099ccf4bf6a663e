"""Training batches of music as tokens, each a pure function of (seed, process, step)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from genai_demo.engine.data.parallel import in_processes
from genai_demo.engine.training.task import Batch
from genai_demo.music.data.reading import Music
from genai_demo.music.data.styles import style_of
from genai_demo.music.models.bar_conditioning import (
    BAR_FEATURES,
    FEATURE_INDEX,
    ConditionedTokens,
    condition_tokens,
    register_index,
    style_index,
)
from genai_demo.music.theory.piece import PITCHES
from genai_demo.music.tokens import events
from genai_demo.music.tokens.roll import SHIFTS

HIDDEN = {"style": 0.2, "density": 0.25, "register": 0.25, "key": 0.1, "tempo": 0.2, "before": 0.1, "left": 0.15}
"""share of rows in which a feature is left open, so that the composer learns to do without"""
_KINDS = np.cumsum([0.1, 0.1, 0.4])
"""shares of rows that start with their piece, with any bar, or with a bar from which the window is filled; the others
start with any token from which it is"""
_PITCH, _KEY = events.FIRST["PITCH"], events.FIRST["KEY"]
_SONG = style_index("song")


def condition_pieces(music: Music) -> list[ConditionedTokens]:
    """Return all pieces as tokens, with what is known of their bars."""
    styles = [style_index(style_of(label)) for label in music.labels]
    encoded = in_processes(events.encode, music.pieces)
    return [condition_tokens(tokens, style) for tokens, style in zip(encoded, styles, strict=True)]


@dataclass(frozen=True)
class Rows:
    """Stretches of pieces side by side."""

    tokens: np.ndarray
    """(B, T) int16, `events.PAD` after the end of a piece"""
    times: np.ndarray
    """(B, T) float32: quarter notes from the row's start to each token's position"""
    features: np.ndarray
    """(B, T, len(FACTS)) uint8: those of each token's bar"""


class EventBatches:
    """Stretches of pieces, each transposed, with some features hidden.

    Args:
        pieces: at least one.
        window: tokens of a row.
        seed: makes the batches of two runs differ.
    """

    def __init__(self, pieces: Sequence[ConditionedTokens], window: int, seed: int) -> None:
        self._window, self._seed = window, seed
        self._tokens = np.concatenate([piece.tokens for piece in pieces])
        self._times = np.concatenate([piece.times for piece in pieces])
        self._features = np.concatenate([piece.features for piece in pieces])
        self._pitches = np.concatenate([piece.pitches for piece in pieces])
        bars = np.cumsum([0, *(len(piece.features) for piece in pieces)])
        self._bar_of = np.concatenate([piece.bar_of + first for piece, first in zip(pieces, bars, strict=False)])
        self._first = np.flatnonzero(np.diff(self._bar_of, prepend=-1))
        """first token of each bar"""
        lengths = np.array([len(piece.tokens) for piece in pieces])
        self._ends = np.cumsum(lengths)
        self._starts = self._ends - lengths
        reach = [_reach(piece) for piece in pieces]
        self._lowest, self._highest = np.array(reach).T
        """semitones by which each piece can be transposed without leaving the keyboard"""

    def batch(self, step: int, size: int, rank: int = 0) -> Rows:
        """Return `size` rows of `window` tokens; pieces are chosen in proportion to their lengths."""
        random = np.random.default_rng([self._seed, rank, step])
        at = random.integers(len(self._tokens), size=size)  # (B,)
        piece = np.searchsorted(self._ends, at, side="right")
        # A row that would run out of music starts earlier.
        filled = np.maximum(self._starts[piece], np.minimum(at, self._ends[piece] - self._window))
        starts = (self._starts[piece], self._first[self._bar_of[at]], self._first[self._bar_of[filled]], filled)
        begin = np.choose(np.searchsorted(_KINDS, random.random(size)), starts)
        drawn = random.integers(SHIFTS[0], SHIFTS[-1] + 1, size=size)
        shift = np.clip(drawn, self._lowest[piece], self._highest[piece])
        hidden = random.random((size, len(BAR_FEATURES))) < [HIDDEN.get(name, 0.0) for name in BAR_FEATURES]  # (B, F)
        return self.rows(begin, self._ends[piece], shift, hidden)

    def rows(self, begin: np.ndarray, end: np.ndarray, shift: np.ndarray, hidden: np.ndarray) -> Rows:
        """Return chosen rows.

        Args:
            begin, end: (B,) first token of each, and where its piece ends.
            shift: (B,) semitones by which each is transposed.
            hidden: (B, len(FACTS)) bool.
        """
        places = begin[:, None] + np.arange(self._window)  # (B, T)
        there = places < end[:, None]
        places = np.minimum(places, end[:, None] - 1)
        tokens = self._tokens[places]
        struck = (tokens >= _PITCH) & (tokens < _PITCH + events.COUNTS["PITCH"])
        tokens += (struck * shift[:, None]).astype(np.int16)
        is_key = (tokens >= _KEY) & (tokens < _KEY + events.COUNTS["KEY"])
        tokens = np.where(is_key, _KEY + _shifted(tokens - _KEY, shift[:, None]), tokens)
        bars = self._bar_of[places]
        features = self._features[bars]  # (B, T, F)
        features[..., FEATURE_INDEX["register"]] = register_index(self._pitches[bars] + shift[:, None])
        features[..., FEATURE_INDEX["key"]] = _shifted(features[..., FEATURE_INDEX["key"]], shift[:, None])
        keep = ~hidden
        # That music accompanies a song is never hidden: what is left open is music for piano alone.
        keep[:, FEATURE_INDEX["style"]] |= features[:, 0, FEATURE_INDEX["style"]] == _SONG
        features *= keep[:, None]
        times = self._times[places]
        return Rows(
            np.where(there, tokens, events.PAD).astype(np.int16),
            times - times[:, :1],
            features.astype(np.uint8),
        )

    def spread(self, count: int, hidden: Sequence[str]) -> Rows:
        """Return up to `count` rows that lie evenly over all pieces, not transposed, with the same features hidden."""
        at = np.linspace(0, len(self._tokens) - 1, count, dtype=np.int64)
        at = np.unique(self._first[self._bar_of[at]])
        end = self._ends[np.searchsorted(self._ends, at, side="right")]
        mask = np.array([name in hidden for name in BAR_FEATURES])
        return self.rows(at, end, np.zeros(len(at), np.int64), np.tile(mask, (len(at), 1)))


def _reach(piece: ConditionedTokens) -> tuple[int, int]:
    """Return the least and the most semitones by which a piece can be transposed."""
    struck = piece.tokens[(piece.tokens >= _PITCH) & (piece.tokens < _PITCH + events.COUNTS["PITCH"])] - _PITCH
    if not len(struck):
        return SHIFTS[0], SHIFTS[-1]
    return -int(struck.min()), PITCHES[1] - PITCHES[0] - int(struck.max())


def _shifted(keys: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Return places in `events.KEYS_OR_NONE` after a transposition; that of None stays."""
    mode, tonic = np.divmod(keys - 1, 12)
    return np.where(keys == 0, 0, 1 + 12 * mode + (tonic + shift) % 12).astype(keys.dtype)


UNKNOWN_AHEAD = ("style", "density", "register", "left")
"""features that cannot be known from the music so far; they are hidden where music is measured"""


def as_batch(rows: Rows) -> Batch:
    """Return rows as tensors."""
    return {name: torch.from_numpy(part) for name, part in vars(rows).items()}
