"""What a performance adds to its notes in a score: how loud a passage is, and where the pedal is down."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from genai_demo.music.notation.voices import Measure
from genai_demo.music.theory.piece import LEFT, RIGHT, TICKS, Note, Piece

DYNAMICS = {"ppp": 16, "pp": 33, "p": 49, "mp": 64, "mf": 80, "f": 96, "ff": 112, "fff": 126}
"""velocities that marks of dynamics stand for, from the softest; those of MuseScore"""
_STEADY = 12
"""velocity by which a bar has to leave its mark before it gets another one: most of a step"""

_FAR = 2 * TICKS
"""ticks by which notes of the right hand have to be nearer to the signs of the pedal for these to stand under them"""


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


def directions(piece: Piece, frames: Sequence[Measure], starts: Mapping[int, Sequence[int]]) -> list[Direction]:
    """Return the signs of a piece.

    Args:
        piece: what is played.
        frames: its bars.
        starts: ticks at which what is written for each hand starts, in the order of time, but rests for whole bars.
    """
    return [*_dynamics(piece, frames, starts), *_pedal(piece, starts)]


def _dynamics(piece: Piece, frames: Sequence[Measure], starts: Mapping[int, Sequence[int]]) -> list[Direction]:
    """Return a mark at the first bar with notes, and wherever a bar is much louder or softer than the last mark.

    It stands under the right hand, unless that is silent for the whole bar.
    """
    if len({note.velocity for note in piece.notes}) < 2:
        return []
    found: list[Direction] = []
    right = {*starts[RIGHT]}
    struck: list[list[int]] = [[] for _ in frames]
    for note in piece.notes:
        struck[piece.bar_at(note.start)].append(note.velocity)
    for frame, velocities in zip(frames, struck, strict=True):
        if velocities:
            loud = fmean(velocities)
            mark = min(DYNAMICS, key=lambda mark: abs(DYNAMICS[mark] - loud))
            if not found or (mark != found[-1].value and abs(DYNAMICS[found[-1].value] - loud) > _STEADY):
                hand = RIGHT if frame.bar.start in right else LEFT
                found.append(Direction(hand, frame.bar.start, "dynamics", mark))
    return found


def _pedal(piece: Piece, starts: Mapping[int, Sequence[int]]) -> list[Direction]:
    """Return where the pedal is pressed, and where it is let go.

    Readers hang each sign on a note or rest: it stands before the one that starts nearest, and what lets the pedal go
    before a later one than what pressed it. LilyPond's reader has no place for a sign at a rest of a whole bar, nor
    behind the last note: where the left hand is silent, signs stand under the notes of the right one.
    """
    spans = [(start, min(end, piece.end)) for start, end in piece.pedal if start < piece.end]
    hands = [_beside(span, starts) for span in spans]
    while True:
        found = _hung(spans, hands, starts, piece.end)
        # The hands of a bar stand one after the other in a file, but the signs have to in the order of time.
        bars: dict[int, set[int]] = defaultdict(set)
        for sign in found:
            bars[piece.bar_at(sign.before)].add(sign.hand)
        mixed = [len(bars[piece.bar_at(sign.before)]) > 1 for sign in found]
        if not any(mixed):
            return found
        hands = [LEFT if any(mixed[2 * place : 2 * place + 2]) else hand for place, hand in enumerate(hands)]


def _hung(
    spans: Sequence[tuple[int, int]], hands: Sequence[int], starts: Mapping[int, Sequence[int]], end: int
) -> list[Direction]:
    """Return the signs of stretches of pedal, each of which stands among the notes of a hand, in the order of time."""
    signs = [
        (tick, kind, hand)
        for span, hand in zip(spans, hands, strict=True)
        for tick, kind in zip(span, ("start", "stop"), strict=True)
    ]
    places: list[int] = []
    for tick, kind, hand in signs:
        ticks = starts[hand]
        least = bisect_left(ticks, places[-1] + (kind == "stop")) if places else 0
        after = max(bisect_left(ticks, tick), least)
        near = ticks[max(after - 1, least) : after + 1]
        places.append(min(near, key=lambda place: abs(place - tick), default=end))
    # What would stand behind all notes moves before the last one, and what stands there before that, if there is room.
    room, limit = list(places), end
    for number in reversed(range(len(signs))):
        _, kind, hand = signs[number]
        before = bisect_left(starts[hand], limit)
        if not before:
            room = places
            break
        room[number] = min(room[number], starts[hand][before - 1])
        limit = room[number] + (kind == "start")
    return [
        Direction(hand, place, "pedal", kind, tick - place)
        for place, (tick, kind, hand) in zip(room, signs, strict=True)
    ]


def _beside(span: tuple[int, int], starts: Mapping[int, Sequence[int]]) -> int:
    """Return the hand under whose notes a stretch of pedal stands: the left one, unless it is silent meanwhile."""

    def distance(hand: int) -> int:
        ticks = starts[hand]
        places = (bisect_left(ticks, tick) for tick in span)
        near = (ticks[max(place - 1, 0) : place + 1] for place in places)
        return sum(min((abs(one - tick) for one in some), default=_FAR) for some, tick in zip(near, span, strict=True))

    return RIGHT if distance(RIGHT) + _FAR <= distance(LEFT) else LEFT
