"""Piano rolls: steps of a sixteenth by keys, for each hand what is struck and what is held; imports no torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from genai_demo.music.theory.piece import PITCHES, STEP, Bar, Key, Note, Piece, untangled

HANDS, CHANNELS, KEYS = 2, 2, PITCHES[1] - PITCHES[0] + 1
"""sizes of the axes of a roll besides time; the channels are `ONSET` and `HOLD`"""
ONSET, HOLD = 0, 1
"""a key is struck in this step; it is held on from the step before"""
COMPACT = (24, 95)
"""the six octaves C1 to B6, which hold nearly all music for piano"""
SHIFTS = tuple(range(-5, 7))
"""semitones of the twelve transpositions"""


@dataclass(frozen=True)
class Roll:
    """A piece on a grid of sixteenths: a note is an onset and a run of holds."""

    cells: np.ndarray
    """bool (2 hands, 2 channels, T steps, 88 keys from `PITCHES[0]`)"""
    bars: tuple[Bar, ...]
    key: Key | None = None
    tempo: float = 96.0
    moved: float = 0.0
    """share of the notes whose start or end lay off the grid, or that had to give way to another"""


def on_grid(piece: Piece, step: int = STEP) -> Piece:
    """Return a piece whose notes start and end at multiples of `step` ticks, the nearest ones, each at least one long.

    A key that would be struck twice at one moment, or while it is held, is treated as `untangled` says.
    """
    notes = []
    last = (piece.end - 1) // step * step
    for note in piece.notes:
        start = min((2 * note.start + step) // (2 * step) * step, last)
        end = max((2 * note.end + step) // (2 * step) * step, start + step)
        notes.append(replace(note, start=start, length=end - start))
    return replace(piece, notes=untangled(notes))


def to_roll(piece: Piece) -> Roll:
    """Return a piece as a roll; notes off the grid of sixteenths go to the nearest step, see `on_grid`.

    Lossless for music on the grid, save for velocities, the pedal, and what rings beyond the last bar.
    """
    notes = on_grid(piece).notes
    cells = np.zeros((HANDS, CHANNELS, piece.end // STEP, KEYS), bool)  # (2, 2, T, 88)
    for note in notes:
        start, end, key = note.start // STEP, note.end // STEP, note.pitch - PITCHES[0]
        cells[note.hand, ONSET, start, key] = True
        cells[note.hand, HOLD, start + 1 : end, key] = True
    there = {(note.start, note.end, note.pitch, note.hand) for note in notes}
    kept = sum((note.start, note.end, note.pitch, note.hand) in there for note in piece.notes)
    moved = 1 - kept / len(piece.notes) if piece.notes else 0.0
    return Roll(cells, piece.bars, piece.key, piece.tempo, moved)


def to_piece(
    cells: np.ndarray, bars: Sequence[Bar], key: Key | None = None, tempo: float = 96.0, lowest: int = PITCHES[0]
) -> Piece:
    """Return the piece that a roll shows, whatever its cells: the result has no faults.

    A hold that follows neither an onset nor a hold of its key and hand is silent. Where both hands strike a key, or one
    strikes what the other holds, it is treated as `untangled` says.

    Args:
        cells: bool (2, 2, T, P), as in `Roll`, with any number P of keys.
        bars: of T steps together.
        key, tempo: of the piece.
        lowest: pitch of the first key.

    Raises:
        ValueError: the sizes do not fit.
    """
    steps, keys = cells.shape[-2:]
    if cells.shape[:2] != (HANDS, CHANNELS) or steps * STEP != bars[-1].end or not bars[0].start == 0:
        raise ValueError(f"cells of shape {cells.shape} do not fit bars of {bars[-1].end // STEP} steps")
    if lowest < PITCHES[0] or lowest + keys - 1 > PITCHES[1]:
        raise ValueError(f"{keys} keys from {lowest} are not within {PITCHES}")
    holds = cells[:, HOLD] & ~cells[:, ONSET]  # (2, T, P)
    # The step after the last one holds nothing, so that every run ends.
    holds = np.concatenate([holds, np.zeros((HANDS, 1, keys), bool)], 1)  # (2, T + 1, P)
    notes = []
    for hand, start, place in np.argwhere(cells[:, ONSET]).tolist():
        run = int(np.argmin(holds[hand, start + 1 :, place]))
        notes.append(Note(start * STEP, lowest + place, (1 + run) * STEP, hand))
    return Piece(untangled(notes), tuple(bars), key, tempo)


def steps_of(metre: tuple[int, int]) -> int:
    """Return the steps in a bar of a metre (beats, unit): 16 in 4/4, 12 in 3/4 and 6/8, 8 in 2/4."""
    return Bar(0, *metre).length // STEP


class Windows:
    """All stretches of some bars of one metre, sliding by one bar, as rolls of equal size.

    Notes that were struck before a window are left out of it, and those that ring on are cut at its end: a window is a
    phrase of its own. Windows without any onset are left out, and those with too many notes between the steps, such as
    triplets, which the grid would bend.

    Args:
        pieces: where they are taken from; kept as packed bits, 44 bytes for each sixteenth.
        bars: bars in a window.
        metre: beats and unit of all of them.
        pitches: lowest and highest pitch; what lies beyond is left out.
        strays: share of a window's notes, 0 to 1, that may start between the steps.
    """

    def __init__(
        self,
        pieces: Sequence[Piece],
        bars: int = 4,
        metre: tuple[int, int] = (4, 4),
        pitches: tuple[int, int] = COMPACT,
        strays: float = 0.1,
    ) -> None:
        self.steps = bars * steps_of(metre)
        self.bars = tuple(Bar(bar * steps_of(metre) * STEP, *metre) for bar in range(bars))
        self.pitches = pitches
        self.keys: list[Key | None] = []
        """key of each window's piece"""
        self.places: list[tuple[int, int]] = []
        """for each window its piece and the bar of it that it starts with, both from 0"""
        self._rolls: dict[int, np.ndarray] = {}
        self._starts: list[int] = []
        for number, piece in enumerate(pieces):
            starts = list(_stretches(piece, bars, metre))
            if not starts:
                continue
            cells = to_roll(piece).cells
            self._rolls[number] = np.packbits(cells, -1)  # (2, 2, T, 11)
            struck = np.any(cells[:, ONSET], axis=(0, 2))  # (T,)
            strokes = np.zeros((2, len(piece.bars)), int)  # on a step, between two of them
            for note in piece.notes:
                strokes[int(note.start % STEP > 0), piece.bar_at(note.start)] += 1
            for bar in starts:
                first = piece.bars[bar].start // STEP
                on, between = strokes[:, bar : bar + bars].sum(1)
                if struck[first : first + self.steps].any() and between <= strays * (on + between):
                    self.keys.append(piece.key)
                    self.places.append((number, bar))
                    self._starts.append(first)

    def __len__(self) -> int:
        return len(self.places)

    def cells(self, indices: Sequence[int], shifts: Sequence[int]) -> np.ndarray:
        """Return windows, each transposed, as bool (N, 2 hands, 2 channels, `steps`, P keys).

        Args:
            indices: which windows, N of them.
            shifts: semitones by which each is to be higher; see `SHIFTS`.
        """
        low, high = self.pitches
        batch = np.zeros((len(indices), HANDS, CHANNELS, self.steps, high - low + 1), bool)
        for place, (index, shift) in enumerate(zip(indices, shifts, strict=True)):
            first = self._starts[index]
            packed = self._rolls[self.places[index][0]][:, :, first : first + self.steps]
            window = np.unpackbits(packed, axis=-1, count=KEYS).astype(bool)  # (2, 2, S, 88)
            # What is held from the first step on was struck before.
            window[:, HOLD] &= ~np.logical_and.accumulate(window[:, HOLD], 1)
            # The pitch of the first key in the batch is one that was `shift` lower.
            source = np.arange(low - shift, high - shift + 1) - PITCHES[0]
            there = (source >= 0) & (source < KEYS)
            batch[place][..., there] = window[..., source[there]]
        return batch

    def key(self, index: int, shift: int) -> Key | None:
        """Return the key of a window after it is transposed."""
        key = self.keys[index]
        return key.transposed(shift) if key else None


def _stretches(piece: Piece, bars: int, metre: tuple[int, int]) -> Iterator[int]:
    """Yield the first bar of each stretch of `bars` bars in `metre`."""
    run = 0
    for number, bar in enumerate(piece.bars):
        run = run + 1 if (bar.beats, bar.unit) == metre else 0
        if run >= bars:
            yield number - bars + 1
