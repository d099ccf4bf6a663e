"""What of given music is to be written, and what stays: chosen bars, a hand or a range of keys, or all but a melody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from genai_demo.music.models.masked_window import REACH, melody
from genai_demo.music.requests import HarmoniseRequest, RewriteRequest
from genai_demo.music.theory.joining import among_given
from genai_demo.music.theory.key_estimation import estimate_key
from genai_demo.music.theory.piece import LEFT, PITCHES, RIGHT, STEP, Key, Note, Piece
from genai_demo.music.tokens.columns import columns_of, onsets_of
from genai_demo.music.tokens.roll import HAND_COUNT, PIANO_KEYS

_CHOSEN_HANDS = {"right": (RIGHT,), "left": (LEFT,), "both": (RIGHT, LEFT)}


@dataclass(frozen=True)
class Region:
    """Which columns of a piece to write, T steps."""

    hidden: np.ndarray
    """bool (2, T)"""
    lowest: np.ndarray
    """int (2, T): lowest key that may be struck in a column"""
    highest: np.ndarray
    """int (2, T)"""


@dataclass(frozen=True)
class MaskedPiece:
    """A piece with regions to be filled."""

    given: Piece
    """as it was"""
    kept_part: Piece
    """what stays of it"""
    regions: tuple[Region, ...]
    """to fill one after the other"""

    def together(self, written: Sequence[Note]) -> Piece:
        """Return the piece with notes that were written, as loud as those that stay, of which none is touched."""
        kept = self.given.notes if len(self.given.notes) == len(self.kept_part.notes) else self.kept_part.notes
        return replace(self.given, notes=among_given(written, kept))

    def key_at(self, tick: int) -> Key | None:
        """Return the key that is given at `tick`, or else the one that is heard."""
        return self.given.key_at(tick) or estimate_key(self.given.notes)


def mask_for_rewriting(piece: Piece, request: RewriteRequest) -> MaskedPiece:
    """Return the piece without the notes that are to be written anew."""
    first, last = piece.bars[request.first - 1].start, piece.bars[request.last - 1].end
    hands = _CHOSEN_HANDS[request.hand]

    def chosen(note: Note) -> bool:
        inside = first <= note.start < last and request.lowest <= note.pitch <= request.highest
        return inside and note.hand in hands

    steps = piece.end // STEP
    hidden = np.zeros((HAND_COUNT, steps), bool)
    hidden[list(hands), first // STEP : last // STEP] = True
    lowest = np.full((HAND_COUNT, steps), request.lowest - PITCHES[0])
    highest = np.full((HAND_COUNT, steps), request.highest - PITCHES[0])
    kept = replace(piece, notes=tuple(note for note in piece.notes if not chosen(note)))
    return MaskedPiece(piece, kept, (Region(hidden, lowest, highest),))


def mask_for_harmonising(piece: Piece, request: HarmoniseRequest) -> MaskedPiece:
    """Return a melody with what goes with it still open: first the left hand, then the right hand's inner notes.

    A melody that lies in the left hand alone is heard as if the right hand played it. Where the left hand has notes of
    its own already, nothing is added to them.
    """
    if all(note.hand == LEFT for note in piece.notes):
        kept_part = replace(piece, notes=tuple(sorted(replace(note, hand=RIGHT) for note in piece.notes)))
    else:
        kept_part = piece
    steps = piece.end // STEP
    columns = columns_of(onsets_of(kept_part), 0, steps)
    keys, lengths = (torch.from_numpy(some)[None].long() for some in (columns.keys, columns.lengths))
    regions = []
    if request.part in ("left", "both"):
        hidden = np.zeros((HAND_COUNT, steps), bool)
        hidden[LEFT] = columns.lengths[LEFT].max(-1) == 0
        regions.append(Region(hidden, np.zeros((HAND_COUNT, steps), int), np.full((HAND_COUNT, steps), PIANO_KEYS - 1)))
    if request.part in ("inner", "both"):
        top = np.tile(melody(keys, lengths)[0].numpy(), (HAND_COUNT, 1))  # (2, T)
        hidden = top > 0
        hidden[LEFT] = False
        # A chord is full already.
        hidden[RIGHT] &= (columns.lengths[RIGHT] > 0).sum(-1) <= 1
        regions.append(Region(hidden, np.maximum(top - REACH, 0), top - 1))
    return MaskedPiece(piece, kept_part, tuple(regions))
