"""Given music and what goes on behind it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from genai_demo.music.audio.performance import pedal_by_harmony
from genai_demo.music.theory.joining import among_given
from genai_demo.music.theory.piece import Bar, Note, Piece


def continued(given: Piece, new: Iterable[Note], bars: Sequence[Bar]) -> Piece:
    """Return given music, to the tick as it was, with bars behind it that take up its dynamics and its pedal.

    Args:
        given: music that stays; of the pedal that is down at its end nothing stays beyond it.
        new: notes, their ticks counted from its end.
        bars: new ones, counted likewise.
    """
    end = given.end
    moved = tuple(replace(bar, start=bar.start + end) for bar in bars)
    notes = among_given([replace(note, start=note.start + end) for note in new], given.notes)
    piece = replace(given, notes=notes, bars=(*given.bars, *moved))
    if not given.pedal:
        return piece
    pressed = [(start, min(until, end)) for start, until in given.pedal if start < end]
    return replace(piece, pedal=(*pressed, *(span for span in pedal_by_harmony(piece) if span[0] >= end)))
