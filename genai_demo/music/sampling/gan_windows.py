"""Between pieces and the cells that the piano GAN reads and writes, with the tonic on C; imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from genai_demo.music.models.roll_conditioning import PHRASE_BARS
from genai_demo.music.sampling.gan_targets import Target
from genai_demo.music.theory.piece import PITCHES, STEP, Bar, Piece
from genai_demo.music.tokens.roll import CHANNELS, COMPACT, COMPACT_KEYS, HAND_COUNT, HOLD, to_piece, to_roll


def equal_bars(time_signature: tuple[int, int], count: int) -> tuple[Bar, ...]:
    """Return bars of one metre, from 0 on."""
    length = Bar(0, *time_signature).length
    return tuple(Bar(number * length, *time_signature) for number in range(count))


def cells_to_piece(cells: np.ndarray, target: Target, bars: tuple[Bar, ...]) -> Piece:
    """Return the piece that cells with the tonic on C show, in the key of `target`.

    Of the six octaves of a window up to three keys may lie below the piano's; there is nothing to strike there.
    """
    lowest = COMPACT[0] - target.shift
    cut = max(0, PITCHES[0] - lowest)
    return to_piece(cells[..., cut:], bars, target.key, target.tempo, lowest + cut)


def cells_in_c(piece: Piece, bars: Sequence[Bar], target: Target) -> np.ndarray:
    """Return some bars of a piece as cells with the tonic on C, bool (2, 2, T, 72); what lies beyond is left out."""
    cells = to_roll(piece)[:, :, bars[0].start // STEP : bars[-1].end // STEP]  # (2, 2, T, 88)
    source = np.arange(COMPACT[0], COMPACT[1] + 1) - target.shift - PITCHES[0]
    there = (source >= 0) & (source < cells.shape[3])
    found = np.zeros((*cells.shape[:3], COMPACT_KEYS), bool)
    found[..., there] = cells[..., source[there]]
    # What is held from the first step on was struck before.
    found[:, HOLD] &= ~np.logical_and.accumulate(found[:, HOLD], 1)
    return found


def last_bars(piece: Piece, target: Target) -> tuple[np.ndarray, np.ndarray]:
    """Return the last bars of a piece, as far as they have the metre, and which of four there are.

    The cells are bool (2, 2, T, 72) of four bars, silent where there are none, with the tonic on C.
    """
    there = np.zeros(PHRASE_BARS, bool)
    for place, bar in enumerate(reversed(piece.bars[-PHRASE_BARS:])):
        if (bar.beats, bar.unit) != target.time_signature:
            break
        there[PHRASE_BARS - 1 - place] = True
    cells = np.zeros((HAND_COUNT, CHANNELS, PHRASE_BARS * target.steps, COMPACT_KEYS), bool)
    if not there.any():
        return cells, there
    bars = piece.bars[len(piece.bars) - int(there.sum()) :]
    notes = tuple(note for note in piece.notes if note.start < bars[-1].end)
    cells[:, :, cells.shape[2] - len(bars) * target.steps :] = cells_in_c(replace(piece, notes=notes), bars, target)
    return cells, there
