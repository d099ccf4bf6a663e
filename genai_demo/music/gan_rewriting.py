"""Single bars of a piece, written anew by the piano GAN."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from genai_demo.errors import UserError
from genai_demo.music import traits
from genai_demo.music.conditions import ANY
from genai_demo.music.gan import Generator
from genai_demo.music.gan_aims import PITCHES, Aim, miss
from genai_demo.music.gan_canvases import equal_bars, in_c, last_bars, show
from genai_demo.music.gan_playing import draw
from genai_demo.music.piece import TICKS, Bar, Note, Piece
from genai_demo.music.roll import CHANNELS, HANDS
from genai_demo.music.spelling import nearest_key
from genai_demo.music.traits import BARS, CANVAS, KEYS


def rewrite_bar(network: Generator, piece: Piece, bar: int, seed: int, temperature: float = 1.0) -> Piece:
    """Return a piece with one of its bars written anew, as it goes with those around it.

    Notes that start in other bars stay as they are, also where they ring into this one.

    Args:
        network: the generator.
        piece: of at least four bars.
        bar: place in `piece.bars`; it must be among four bars of one of the metres of `traits`.
        seed: another seed gives another bar.
        temperature: below 1 safer, above 1 wilder.

    Raises:
        UserError: too few bars of this metre around it.
    """
    place = piece.bars[bar]
    metre = place.beats, place.unit
    same = [(some.beats, some.unit) == metre for some in piece.bars]
    # Phrases start every four bars; near other metres the window moves.
    starts = [first for first in range(bar - BARS + 1, bar + 1) if first >= 0 and all(same[first : first + BARS])]
    starts = [first for first in starts if first + BARS <= len(piece.bars)]
    if metre not in traits.METRES or not starts:
        raise UserError("music.gan_few_bars", bar=bar + 1, bars=BARS)
    first = min(starts, key=lambda start: abs(start - bar // BARS * BARS))
    window = piece.bars[first : first + BARS]
    others = [note for note in piece.notes if window[0].start <= note.start < window[-1].end]
    others = [note for note in others if not place.start <= note.start < place.end] or others
    key = piece.key or nearest_key(piece.notes)
    quarters = sum(some.length for some in window if some != place) / TICKS
    pitch = sum(note.pitch for note in others) / len(others) if others else PITCHES.mean
    aim = Aim(key, metre, piece.tempo, ANY, max(len(others) / quarters, 1.0), pitch, temperature)
    cells = np.zeros((HANDS, CHANNELS, CANVAS * aim.steps, KEYS), bool)
    before, there = last_bars(replace(piece, bars=piece.bars[:first]), aim) if first else (cells[:, :, :0], [])
    cells[:, :, (BARS * aim.steps) - before.shape[2] : BARS * aim.steps] = before
    cells[:, :, BARS * aim.steps :] = in_c(piece, window, aim)
    known = np.ones(CANVAS, bool)
    known[:BARS] = there if first else False
    known[BARS + bar - first] = False
    conditions = aim.conditions(first == 0, first + BARS == len(piece.bars))
    drawn = draw(network, cells, known, conditions, temperature, seed)[..., BARS * aim.steps :, :]
    best = drawn[int(np.argmin([miss(one, aim) for one in drawn]))]
    new = show(best, aim, equal_bars(metre, BARS)).notes
    moved = (replace(note, start=note.start + window[0].start) for note in new)
    return _mended(piece, place, [note for note in moved if place.start <= note.start < place.end])


def _mended(piece: Piece, place: Bar, new: Sequence[Note]) -> Piece:
    """Return a piece with other notes in one bar; they give way to those of other bars."""
    kept = [note for note in piece.notes if not place.start <= note.start < place.end]
    fitting = []
    for note in new:
        same = [other for other in kept if other.pitch == note.pitch]
        if any(other.start <= note.start < other.end for other in same):
            continue
        end = min([note.end, *(other.start for other in same if other.start > note.start)])
        fitting.append(replace(note, length=end - note.start))
    return replace(piece, notes=tuple(sorted([*kept, *fitting])))
