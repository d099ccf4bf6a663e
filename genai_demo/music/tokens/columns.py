"""Music as columns, the tokens of the masked model: what one hand strikes in one sixteenth; imports no torch.

A note stands in the column it starts in, with its length: however columns are put together, no note can fragment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genai_demo.music.theory.piece import PITCHES, RIGHT, STEP, TICKS, Bar, Piece
from genai_demo.music.tokens.roll import HAND_COUNT, PIANO_KEYS

NOTES_PER_STEP = 5
"""most keys that one hand strikes at once; of more the inner ones are not seen"""
AT_ONCE = 72
"""most steps of the bars that the masked model fills at once, the others being heard on both sides"""
STRAYS = 0.1
"""share of notes that may start between the steps: on the grid more would bend music too much"""
NONE = PIANO_KEYS
"""stands in a slot where no key is struck"""
LONGEST = 32
"""steps of the longest note that is told from longer ones"""
COLUMN_TIME_SIGNATURES = ((4, 4), (3, 4), (2, 4), (6, 8), (3, 8), (2, 2), (9, 8), (12, 8))
"""metres whose bars are known by heart; in all others only the steps of a quarter note are told apart"""

_BAR_STEPS = tuple(Bar(0, *signature).length // STEP for signature in COLUMN_TIME_SIGNATURES)
OUTSIDE = 0
"""place of a step before the first bar or after the last one"""
_FREE = 1
"""first of the places of steps in any other metre"""
_FIRST = {
    signature: _FREE + TICKS // STEP + sum(_BAR_STEPS[:number])
    for number, signature in enumerate(COLUMN_TIME_SIGNATURES)
}
POSITION_COUNT = _FREE + TICKS // STEP + sum(_BAR_STEPS)
"""places that a step can have: each step of each metre has its own"""


@dataclass(frozen=True)
class Columns:
    """Some steps of music."""

    keys: np.ndarray
    """uint8 (2 hands, T steps, `NOTES_PER_STEP`): keys struck, 0 for the lowest, from outside in, which is downwards
    for the right hand and upwards for the left; `NONE` in the slots that are left"""
    lengths: np.ndarray
    """uint8 (2, T, `NOTES_PER_STEP`): steps that each is held, 1 to `LONGEST`; 0 where no key is struck"""


@dataclass(frozen=True)
class Onsets:
    """The notes of a piece on the grid of sixteenths, in the order of their steps."""

    steps: np.ndarray
    """int32 (N,)"""
    hands: np.ndarray
    """uint8 (N,)"""
    keys: np.ndarray
    """uint8 (N,): 0 for the lowest key"""
    lengths: np.ndarray
    """int32 (N,): in steps"""
    slots: np.ndarray
    """uint8 (N,): place in its column, from outside in; it may be beyond `NOTES_PER_STEP`"""
    strays: np.ndarray
    """bool (N,): whether the note starts between two steps of the grid"""

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def lengths_seen(self) -> np.ndarray:
        """uint8 (N,): the lengths as columns tell them, at most `LONGEST`."""
        return np.minimum(self.lengths, LONGEST).astype(np.uint8)


def onsets_of(piece: Piece) -> Onsets:
    """Return the notes of a piece, moved to the nearest steps as `roll.quantize` does."""
    numbers = [number for note in piece.notes for number in (note.start, note.length, note.pitch, note.hand)]
    start, length, pitch, hand = np.array(numbers, np.int64).reshape(-1, 4).T  # (N, 4) -> (4, N)
    first = np.minimum((2 * start + STEP) // (2 * STEP), piece.end // STEP - 1)
    end = np.maximum((2 * (start + length) + STEP) // (2 * STEP), first + 1)
    table = np.stack([first, end, pitch - PITCHES[0], hand, start % STEP > 0])  # (5, N)

    # Of notes that strike one key in one step the longest stays; a key that is struck again is let go before.
    table = table[:, np.lexsort((table[3], -table[1], table[0], table[2]))]
    first, end, key, _, _ = table
    new = np.ones(len(key), bool)
    new[1:] = (key[1:] != key[:-1]) | (first[1:] != first[:-1])
    table = table[:, new]
    first, end, key, hand, _ = table
    end[:-1] = np.where(key[1:] == key[:-1], np.minimum(end[:-1], first[1:]), end[:-1])

    table = table[:, np.lexsort((np.where(hand == RIGHT, -key, key), hand, first))]
    first, end, key, hand, strays = table
    place = np.arange(len(key))
    new = np.ones(len(key), bool)
    new[1:] = (first[1:] != first[:-1]) | (hand[1:] != hand[:-1])
    slots = place - np.maximum.accumulate(np.where(new, place, 0))
    return Onsets(
        first.astype(np.int32),
        hand.astype(np.uint8),
        key.astype(np.uint8),
        (end - first).astype(np.int32),
        np.minimum(slots, 255).astype(np.uint8),
        strays.astype(bool),
    )


def fits_at_once(piece: Piece, first: int, last: int) -> bool:
    """Return whether the masked model can fill bars, from 0, of a piece at once, and hears the piece as it is."""
    strays = sum(note.start % STEP != 0 for note in piece.notes)
    steps = (piece.bars[last].end - piece.bars[first].start) // STEP
    return steps <= AT_ONCE and strays <= STRAYS * len(piece.notes)


def columns_of(onsets: Onsets, first: int, steps: int) -> Columns:
    """Return `steps` steps from the step `first` on, which may be before the first or after the last note."""
    keys = np.full((HAND_COUNT, steps, NOTES_PER_STEP), NONE, np.uint8)
    lengths = np.zeros((HAND_COUNT, steps, NOTES_PER_STEP), np.uint8)
    low, high = np.searchsorted(onsets.steps, (first, first + steps))
    chosen = np.arange(low, high)[onsets.slots[low:high] < NOTES_PER_STEP]
    where = onsets.hands[chosen], onsets.steps[chosen] - first, onsets.slots[chosen]
    keys[where] = onsets.keys[chosen]
    lengths[where] = onsets.lengths_seen[chosen]
    return Columns(keys, lengths)


def metrical_positions(bars: Sequence[Bar], time_signatures: bool = True) -> np.ndarray:
    """Return the place of each step of some bars, uint8 (T,): which step of a bar of which metre it is.

    Args:
        bars: at least one.
        metres: whether their metres are known; without them, a place is only a step of a quarter note.
    """
    parts = []
    for bar in bars:
        steps = np.arange(bar.length // STEP)
        signature = (bar.beats, bar.unit)
        known = time_signatures and signature in _FIRST
        parts.append(_FIRST[signature] + steps if known else _FREE + steps % (TICKS // STEP))
    return np.concatenate(parts).astype(np.uint8)
