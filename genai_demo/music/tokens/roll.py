"""Piano rolls: steps of a sixteenth by keys, for each hand what is struck and what is held; imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from genai_demo.music.theory.piece import PITCHES, STEP, Bar, Key, Note, Piece, resolve_overlaps

HAND_COUNT, CHANNELS, PIANO_KEYS = 2, 2, PITCHES[1] - PITCHES[0] + 1
"""sizes of the axes of a roll besides time; the channels are `ONSET` and `HOLD`"""
ONSET, HOLD = 0, 1
"""a key is struck in this step; it is held on from the step before"""
COMPACT = (24, 95)
"""the six octaves C1 to B6, which hold nearly all music for piano"""
COMPACT_KEYS = COMPACT[1] - COMPACT[0] + 1
SHIFTS = tuple(range(-5, 7))
"""semitones of the twelve transpositions"""


def quantize(piece: Piece, step: int = STEP) -> Piece:
    """Return a piece whose notes start and end at multiples of `step` ticks, the nearest ones, each at least one long.

    A key that would be struck twice at one moment, or while it is held, is treated as `resolve_overlaps` says.
    """
    notes = []
    last = (piece.end - 1) // step * step
    for note in piece.notes:
        start = min((2 * note.start + step) // (2 * step) * step, last)
        end = max((2 * note.end + step) // (2 * step) * step, start + step)
        notes.append(replace(note, start=start, length=end - start))
    return replace(piece, notes=resolve_overlaps(notes))


def to_roll(piece: Piece) -> np.ndarray:
    """Return a piece on a grid of sixteenths: bool (2 hands, 2 channels, T steps, 88 keys from `PITCHES[0]`).

    A note is an onset and a run of holds; one off the grid goes to the nearest step, see `quantize`. Lossless for music
    on the grid, save for velocities, the pedal, and what rings beyond the last bar.
    """
    cells = np.zeros((HAND_COUNT, CHANNELS, piece.end // STEP, PIANO_KEYS), bool)  # (2, 2, T, 88)
    for note in quantize(piece).notes:
        start, end, key = note.start // STEP, note.end // STEP, note.pitch - PITCHES[0]
        cells[note.hand, ONSET, start, key] = True
        cells[note.hand, HOLD, start + 1 : end, key] = True
    return cells


def to_piece(
    cells: np.ndarray, bars: Sequence[Bar], key: Key | None = None, tempo: float = 96.0, lowest: int = PITCHES[0]
) -> Piece:
    """Return the piece that a roll shows, whatever its cells: the result has no faults.

    A hold that follows neither an onset nor a hold of its key and hand is silent. Where both hands strike a key, or one
    strikes what the other holds, it is treated as `resolve_overlaps` says.

    Args:
        cells: bool (2, 2, T, P), as from `to_roll`, with any number P of keys.
        bars: of T steps together.
        key, tempo: of the piece.
        lowest: pitch of the first key.

    Raises:
        ValueError: the sizes do not fit.
    """
    steps, keys = cells.shape[-2:]
    if cells.shape[:2] != (HAND_COUNT, CHANNELS) or steps * STEP != bars[-1].end or not bars[0].start == 0:
        raise ValueError(f"cells of shape {cells.shape} do not fit bars of {bars[-1].end // STEP} steps")
    if lowest < PITCHES[0] or lowest + keys - 1 > PITCHES[1]:
        raise ValueError(f"{keys} keys from {lowest} are not within {PITCHES}")
    holds = cells[:, HOLD] & ~cells[:, ONSET]  # (2, T, P)
    # The step after the last one holds nothing, so that every run ends.
    holds = np.concatenate([holds, np.zeros((HAND_COUNT, 1, keys), bool)], 1)  # (2, T + 1, P)
    notes = []
    for hand, start, place in np.argwhere(cells[:, ONSET]).tolist():
        run = int(np.argmin(holds[hand, start + 1 :, place]))
        notes.append(Note(start * STEP, lowest + place, (1 + run) * STEP, hand))
    return Piece(resolve_overlaps(notes), tuple(bars), key, tempo)


def steps_of(time_signature: tuple[int, int]) -> int:
    """Return the steps in a bar of a metre (beats, unit): 16 in 4/4, 12 in 3/4 and 6/8, 8 in 2/4."""
    return Bar(0, *time_signature).length // STEP
