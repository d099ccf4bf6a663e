"""Where the hands strike in the genres, as their accompaniments are told in any book of forms: rhythm, and no notes.

Which keys are struck, and what stands above, is left to whoever writes. Imports no torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from genai_demo.music.theory.piece import LEFT, RIGHT, TICKS, Bar, Piece

_EIGHTH, _SIXTEENTH = TICKS // 2, TICKS // 4
_MANY = 99


@dataclass(frozen=True)
class Strike:
    """What a hand strikes at once."""

    least: int = 1
    """keys"""
    most: int = 4
    low: bool = False
    """whether it is the bass, that what the left hand strikes after it lies above"""
    above: int = 1
    """semitones above the bass, at least, where it is not the bass itself"""


BASS = Strike(1, 1, low=True)
CHORD = Strike(2, 3, above=3)
TONE = Strike(1, 1, above=2)
ANYTHING = Strike()


@dataclass(frozen=True)
class HandPattern:
    """Where one hand strikes in a bar, in ticks from its bar line."""

    must: Mapping[int, Strike] = field(default_factory=dict)
    """where it has to strike"""
    may: frozenset[int] | None = frozenset()
    """where it can strike as well; None for everywhere"""
    other: Strike = ANYTHING
    """what it can strike there"""
    most: int = _MANY
    """how often it strikes in a bar"""

    def at(self, tick: int) -> Strike | None:
        """Return what the hand can strike at a tick, None if nothing."""
        if tick in self.must:
            return self.must[tick]
        return self.other if self.may is None or tick in self.may else None


FREE = HandPattern(may=None)


@dataclass(frozen=True)
class BarPattern:
    """Where both hands strike in a bar."""

    left: HandPattern
    right: HandPattern = FREE


def patterns(genre: str, bar: Bar) -> tuple[tuple[BarPattern, ...], ...]:
    """Return the ways in which a genre goes in a metre, each a few bars that come again and again.

    Args:
        genre: one of `GENRES`.
        bar: of the metre, one of those of the genre.
    """
    quarters = range(0, bar.length, TICKS)
    eighths = frozenset(range(0, bar.length, _EIGHTH))
    oom_pah_pah = HandPattern({0: BASS, TICKS: CHORD, 2 * TICKS: CHORD})
    match genre:
        case "waltz":
            return ((BarPattern(oom_pah_pah),),)
        case "mazurka":
            first_beats = ((360, 360, 240, 240), (240, 360, 240, 360), (360, 240, 360, 360))
            return tuple(tuple(BarPattern(oom_pah_pah, _mazurka(place)) for place in way) for way in first_beats)
        case "march":
            return ((BarPattern(HandPattern({tick: CHORD if tick // TICKS % 2 else BASS for tick in quarters})),),)
        case "minuet":
            above = HandPattern({0: Strike(1, 2)}, eighths, Strike(1, 2))
            ways = (frozenset({TICKS, 2 * TICKS}), frozenset({2 * TICKS}))
            return tuple((BarPattern(HandPattern({0: BASS}, way, TONE), above),) for way in ways)
        case "polonaise":
            repeated = (_EIGHTH, _EIGHTH + _SIXTEENTH, TICKS, TICKS + _EIGHTH, 2 * TICKS, 2 * TICKS + _EIGHTH)
            return ((BarPattern(HandPattern({0: BASS, **dict.fromkeys(repeated, CHORD)})),),)
        case "etude":
            below = HandPattern({0: BASS}, eighths, Strike(1, 3))
            steps = (_SIXTEENTH, _SIXTEENTH, TICKS // 3)
            runs = (dict.fromkeys(range(0, bar.length, step), Strike(1, 2)) for step in steps)
            return tuple((BarPattern(below, HandPattern(run)),) for run in runs)
        case "nocturne":
            wide = {tick: Strike(1, 1, above=12) if tick == 3 * _EIGHTH else TONE for tick in eighths if tick}
            return ((BarPattern(HandPattern({0: BASS, **wide}), HandPattern(may=None, most=len(eighths))),),)
        case _:
            swings = ({0: BASS, _EIGHTH: TONE, TICKS: TONE}, {0: BASS, TICKS: TONE})
            rocking = ({start + tick: one[tick] for start in (0, bar.length // 2) for tick in one} for one in swings)
            above = HandPattern(may=eighths, most=6)
            return tuple((BarPattern(HandPattern(one), above),) for one in rocking)


def way_of(piece: Piece, genre: str, bar: Bar) -> tuple[BarPattern, ...]:
    """Return the way in which a piece goes on in a genre: the one that most of its bars have gone so far.

    Args:
        piece: what has been written.
        genre: one of `GENRES`.
        bar: one of those that come, of a metre of the genre.
    """
    struck: dict[int, tuple[set[int], set[int]]] = {}
    for note in piece.notes:
        place = piece.bar_at(note.start)
        struck.setdefault(place, (set(), set()))[note.hand].add(note.start - piece.bars[place].start)
    alike = [place for place, one in enumerate(piece.bars) if (one.beats, one.unit) == (bar.beats, bar.unit)]

    def kept(way: tuple[BarPattern, ...]) -> int:
        """How many bars strike where the way has to."""
        return sum(_is_kept(way[place % len(way)], struck[place]) for place in alike if place in struck)

    return max(patterns(genre, bar), key=kept)


def _is_kept(pattern: BarPattern, struck: tuple[set[int], set[int]]) -> bool:
    return all(
        set(hand.must) <= ticks and all(hand.at(tick) for tick in ticks)
        for hand, ticks in ((pattern.right, struck[RIGHT]), (pattern.left, struck[LEFT]))
    )


def _mazurka(place: int) -> HandPattern:
    """Return a right hand whose first beat is divided at a place, and no other one more than that."""
    later = frozenset({2 * TICKS, TICKS + _EIGHTH})
    return HandPattern({0: ANYTHING, place: ANYTHING, TICKS: ANYTHING}, later)


def closing(pattern: BarPattern, bar: Bar) -> BarPattern:
    """Return how a piece closes after bars of a pattern: a bass, and chords on some of the beats."""
    beats = frozenset(range(TICKS, bar.length, TICKS))
    left = frozenset(pattern.left.must) & beats
    return BarPattern(HandPattern({0: BASS}, left, Strike(1, 3)), HandPattern({0: ANYTHING}, beats))
