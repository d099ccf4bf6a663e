"""Stretches of real music that generated music is measured against; imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from genai_demo.music.requests import TEMPO, TIME_SIGNATURES, ComposeRequest
from genai_demo.music.theory.piece import Bar, Piece
from genai_demo.music.theory.statistics import excerpt
from genai_demo.music.tokens.piece_string import key_id


def opening(piece: Piece, bars: int) -> Piece | None:
    """Return the first bars of a piece in one of `TIME_SIGNATURES`, an upbeat left out; None where there are too few.

    Args:
        piece: whole.
        bars: wanted.
    """
    for first in (0, 1):
        line = piece.bars[first : first + bars]
        steady = all((one.beats, one.unit) == (other.beats, other.unit) for one, other in pairwise(line))
        if len(line) == bars and steady and _metre(line[0]) in TIME_SIGNATURES:
            found = excerpt(piece, first, bars)
            return found if found.notes else None
    return None


def openings(pieces: Sequence[Piece], bars: int, seed: int) -> list[Piece]:
    """Return the openings of all pieces that have one and whose key is known, in a random order.

    Args:
        pieces: whole.
        bars: of each opening.
        seed: of the order.
    """
    found = [part for piece in pieces if piece.key is not None and (part := opening(piece, bars)) is not None]
    order = np.random.default_rng(seed).permutation(len(found))
    return [found[place] for place in order.tolist()]


def like(wanted: Sequence[Piece], known: Sequence[Piece], seed: int) -> list[Piece]:
    """Return pieces drawn without replacement in the metres of others, as many of each as there are and can be.

    Args:
        wanted: openings whose metres count.
        known: openings to draw from.
        seed: of the drawing.
    """
    order = np.random.default_rng(seed).permutation(len(known)).tolist()
    waiting: dict[str, list[Piece]] = {}
    for place in order:
        waiting.setdefault(_metre(known[place].bars[0]), []).append(known[place])
    return [waiting[_metre(piece.bars[0])].pop() for piece in wanted if waiting.get(_metre(piece.bars[0]))]


def request_for(piece: Piece, family: str, seed: int) -> ComposeRequest:
    """Return what is asked for so that a piece like an opening is written: its bars, key, metre and tempo.

    Args:
        piece: an opening with a key.
        family: "composer" or "gan".
        seed: of what is written.
    """
    tempo = min(max(round(piece.tempo), TEMPO[0]), TEMPO[1])
    return ComposeRequest(
        family, len(piece.bars), key_id(piece.key and piece.key.sounding), _metre(piece.bars[0]), tempo, seed=seed
    )


def put_in(piece: Piece, part: Piece, first: int) -> Piece:
    """Return a piece with some of its bars replaced by those of another piece, which are as long.

    Args:
        piece: whole.
        part: takes the place of as many bars as it has.
        first: bar from which on, counted from 0.
    """
    start, end = piece.bars[first].start, piece.bars[first + len(part.bars) - 1].end
    outside = [note for note in piece.notes if not start <= note.start < end]
    inside = [replace(note, start=note.start + start) for note in part.notes]
    return replace(piece, notes=tuple(sorted([*outside, *inside])))


def _metre(bar: Bar) -> str:
    return f"{bar.beats}/{bar.unit}"
