"""Windows of columns for the masked model; each batch is a pure function of (seed, process, step); imports no torch."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np

from genai_demo.music.data.reading import Music
from genai_demo.music.data.styles import style_of
from genai_demo.music.models.masked import CONDITIONS
from genai_demo.music.theory.piece import STEP, TICKS, Bar, Key
from genai_demo.music.theory.texture import DENSITY_BOUNDS, STYLES
from genai_demo.music.tokens.columns import NONE, NOTES_PER_STEP, OUTSIDE, STRAYS, metrical_positions, onsets_of
from genai_demo.music.tokens.roll import HAND_COUNT, SHIFTS

WINDOW = 144
"""steps that the model sees at once: nine bars of 4/4, twelve of 3/4 and 6/8, eighteen of 2/4"""
MARGIN = 48
"""steps before the first bar and after the last one that a window may reach, so that beginnings and ends are known"""
_FEWEST = 8
"""notes in a window"""

ColumnWindows = dict[str, np.ndarray]
"""keys, lengths: uint8 (B, 2, T, NOTES_PER_STEP), as in `Columns`; positions: uint8 (B, T), see `metrical_positions`;
conditions: int64 (B, len(CONDITIONS))"""


def to_white_keys(key: Key | None) -> int:
    """Return the semitones, one of `SHIFTS`, that bring music to C major or A minor; 0 where its key is not known.

    There is less to learn of music that is always in the same key than of music in all of them.
    """
    return 0 if key is None else next(shift for shift in SHIFTS if key.transposed(shift).sharps == 0)


def key_number(key: Key | None, shift: int = 0) -> int:
    """Return the number of a key, moved by `shift` semitones, in `CONDITIONS`."""
    if key is None:
        return 0
    return 1 + (key.tonic + shift) % 12 + 12 * (key.mode == "minor")


class ColumnBatches:
    """Windows of pieces, drawn with replacement, most of them on the white keys, and with some of what is known hidden.

    All pieces lie on one line of steps, far enough apart that no window sees two of them.

    Args:
        music: pieces and labels.
        window: steps in a window.
        dropout: share of the windows, 0 to 1, for which each of `CONDITIONS` is not known.
        metre_dropout: share of the windows whose metres are not known.
        elsewhere: share of the windows that are in any key instead of on the white keys, see `to_white_keys`.
        seed: makes the batches of two runs differ.
    """

    def __init__(
        self,
        music: Music,
        window: int = WINDOW,
        dropout: float = 0.25,
        metre_dropout: float = 0.05,
        elsewhere: float = 0.1,
        seed: int = 0,
    ) -> None:
        self.window, self._elsewhere = window, elsewhere
        self._dropout, self._metre_dropout, self._seed = dropout, metre_dropout, seed
        parts = [onsets_of(piece) for piece in music.pieces]
        ends = [piece.end // STEP for piece in music.pieces]
        self._offsets = np.cumsum([window, *(end + window for end in ends)])[:-1]
        self._steps = np.concatenate([part.steps + at for part, at in zip(parts, self._offsets, strict=True)])
        self._columns = np.concatenate([np.stack([part.hands, part.slots, part.keys]) for part in parts], 1)  # (3, N)
        self._lengths = np.concatenate([part.lengths_seen for part in parts])
        self._strays = np.concatenate([part.strays for part in parts])
        size = int(self._offsets[-1]) + ends[-1] + 2 * window
        self._positions = np.full((2, size), OUTSIDE, np.uint8)  # with known metres, without
        starts = []
        for piece, at, end in zip(music.pieces, self._offsets, ends, strict=True):
            self._positions[0, at : at + end] = metrical_positions(piece.bars)
            self._positions[1, at : at + end] = metrical_positions(piece.bars, time_signatures=False)
            starts.append(at + _starts(piece.bars, end))
        self._starts = np.concatenate(starts)
        self._owners = np.repeat(np.arange(len(parts)), [len(some) for some in starts])
        self._conditions = [
            (piece.key, 1 + STYLES.index(style) if (style := style_of(label)) in STYLES else 0)
            for piece, label in zip(music.pieces, music.labels, strict=True)
        ]
        self._shifts = np.array([to_white_keys(piece.key) for piece in music.pieces])
        low, high = np.searchsorted(self._steps, self._starts), np.searchsorted(self._steps, self._starts + window)
        strays = np.concatenate([[0], np.cumsum(self._strays)])
        usable = (high - low >= _FEWEST) & (strays[high] - strays[low] <= STRAYS * (high - low))
        self._starts, self._owners = self._starts[usable], self._owners[usable]

    def __len__(self) -> int:
        return len(self._starts)

    def batch(self, step: int, size: int, rank: int = 0) -> ColumnWindows:
        """Return `size` windows of a step."""
        random = np.random.default_rng([self._seed, rank, step])
        chosen = random.integers(len(self), size=size)
        anywhere = np.array(SHIFTS)[random.integers(len(SHIFTS), size=size)]
        shifts = np.where(random.random(size) < self._elsewhere, anywhere, self.white(chosen))
        windows = self.windows(chosen, shifts, random.random(size) >= self._metre_dropout)
        windows["conditions"][random.random((size, len(CONDITIONS))) < self._dropout] = 0
        return windows

    def white(self, chosen: np.ndarray) -> np.ndarray:
        """Return the semitones (B,) that bring windows to the white keys, see `to_white_keys`."""
        return self._shifts[self._owners[chosen]]

    def apart(self, most: int) -> np.ndarray:
        """Return the numbers of up to `most` windows that have no step in common, from all over the pieces."""
        kept, end = [], -1
        for number in np.argsort(self._starts, kind="stable").tolist():
            if self._starts[number] >= end:
                kept.append(number)
                end = self._starts[number] + self.window
        return np.array(kept)[np.linspace(0, len(kept) - 1, min(most, len(kept))).round().astype(int)]

    def windows(
        self, chosen: np.ndarray, shifts: np.ndarray, time_signatures: np.ndarray | None = None
    ) -> ColumnWindows:
        """Return windows with all that is known of them.

        Args:
            chosen: their numbers (B,), from 0.
            shifts: semitones (B,) by which each is moved.
            metres: whether the metre of each is known, bool (B,); None stands for all.
        """
        firsts = self._starts[chosen]
        low, high = np.searchsorted(self._steps, firsts), np.searchsorted(self._steps, firsts + self.window)
        row = np.repeat(np.arange(len(chosen)), high - low)  # (N,)
        note = np.arange(len(row)) - np.repeat(np.cumsum(high - low) - high, high - low)  # (N,)
        hand, slot, key = self._columns[:, note]
        key = key.astype(np.int64) + shifts[row]
        there = (slot < NOTES_PER_STEP) & (key >= 0) & (key < NONE)
        where = row[there], hand[there], (self._steps[note] - firsts[row])[there], slot[there]
        keys = np.full((len(chosen), HAND_COUNT, self.window, NOTES_PER_STEP), NONE, np.uint8)
        lengths = np.zeros_like(keys)
        keys[where], lengths[where] = key[there], self._lengths[note][there]
        steps = firsts[:, None] + np.arange(self.window)  # (B, T)
        known = np.ones(len(chosen), int) if time_signatures is None else time_signatures.astype(int)
        positions = self._positions[1 - known[:, None], steps]
        quarters = (positions != OUTSIDE).sum(1) * STEP / TICKS
        conditions = [
            (key_number(self._conditions[owner][0], shift), 1 + bisect_right(DENSITY_BOUNDS, density),
             self._conditions[owner][1])
            for owner, shift, density in zip(
                self._owners[chosen].tolist(), shifts.tolist(), ((high - low) / quarters).tolist(), strict=True
            )
        ]  # fmt: skip
        return {"keys": keys, "lengths": lengths, "positions": positions, "conditions": np.array(conditions, np.int64)}


def _starts(bars: Sequence[Bar], end: int) -> np.ndarray:
    """Return the steps at which windows of a piece of `end` steps start, from its first step on."""
    lines = [bar.start // STEP for bar in bars]
    last = end - MARGIN
    return np.array([-MARGIN, *(line for line in lines if line <= last or line == 0)])
