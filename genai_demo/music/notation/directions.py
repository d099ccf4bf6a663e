"""What a performance adds to its notes in a score: how loud a passage is, and where the pedal is down."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from genai_demo.music.notation.voices import Measure
from genai_demo.music.theory.piece import LEFT, RIGHT, Note, Piece

DYNAMICS = {"ppp": 16, "pp": 33, "p": 49, "mp": 64, "mf": 80, "f": 96, "ff": 112, "fff": 126}
"""velocities that marks of dynamics stand for, from the softest; those of MuseScore"""
_STEADY = 12
"""velocity by which a bar has to leave its mark before it gets another one: most of a step"""


@dataclass(frozen=True)
class Direction:
    """A sign that is written beneath a staff, before what starts at some moment."""

    hand: int
    """whose staff it stands under"""
    before: int
    """tick at which what it stands before starts"""
    kind: str
    """either "dynamics" or "pedal", the elements of MusicXML"""
    value: str
    """one of `DYNAMICS`; of the pedal "start" or "stop", as MuseScore passes over its changes"""
    offset: int = 0
    """ticks from `before` to when it holds"""


def is_performed(piece: Piece) -> bool:
    """Return whether the notes have velocities of their own, more than the one that a note has by default."""
    return any(note.velocity != Note.velocity for note in piece.notes)


def directions(piece: Piece, frames: Sequence[Measure], starts: Sequence[int]) -> list[Direction]:
    """Return the signs of a piece.

    Args:
        piece: what is played.
        frames: its bars.
        starts: ticks at which what is written for the left hand starts, in the order of time.
    """
    return [*_dynamics(piece, frames), *_pedal(piece, starts)]


def _dynamics(piece: Piece, frames: Sequence[Measure]) -> list[Direction]:
    """Return a mark at the first bar with notes, and wherever a bar is much louder or softer than the last mark."""
    if len({note.velocity for note in piece.notes}) < 2:
        return []
    found: list[Direction] = []
    struck: list[list[int]] = [[] for _ in frames]
    for note in piece.notes:
        struck[piece.bar_at(note.start)].append(note.velocity)
    for frame, velocities in zip(frames, struck, strict=True):
        if velocities:
            loud = fmean(velocities)
            mark = min(DYNAMICS, key=lambda mark: abs(DYNAMICS[mark] - loud))
            if not found or (mark != found[-1].value and abs(DYNAMICS[found[-1].value] - loud) > _STEADY):
                found.append(Direction(RIGHT, frame.bar.start, "dynamics", mark))
    return found


def _pedal(piece: Piece, starts: Sequence[int]) -> list[Direction]:
    """Return where the pedal is pressed, and where it is let go.

    Readers hang each sign on a note or rest: it stands before the one that starts nearest, and what lets the pedal go
    before a later one than what pressed it; the last one behind all notes if there is none left.
    """
    spans = [(start, min(end, piece.end)) for start, end in piece.pedal if start < piece.end]
    signs = [sign for start, end in spans for sign in ((start, "start"), (end, "stop"))]
    found: list[Direction] = []
    taken = -1
    for tick, sign in signs:
        place = bisect_left(starts, tick)
        if place == len(starts) or (place and tick - starts[place - 1] <= starts[place] - tick):
            place -= 1
        place = max(place, taken + (sign == "stop"))
        before = starts[place] if place < len(starts) else piece.end
        found.append(Direction(LEFT, before, "pedal", sign, tick - before))
        taken = place
    return found
