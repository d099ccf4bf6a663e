"""What makes a waltz a waltz: marks of genres that are read off bars, for generated and real music alike.

A mark is something that a bar has or has not, such as a bass and two chords. How many bars of a piece have it says how
much the piece is of its genre, beside the same share of real pieces of it and of others. Imports no torch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from genai_demo.music.theory.piece import LEFT, RIGHT, TICKS, Key, Piece

GENRES = ("nocturne", "waltz", "mazurka", "march", "minuet", "polonaise", "etude", "lullaby")
GENRE_METRES = {
    "nocturne": ("4/4", "6/8"),
    "waltz": ("3/4",),
    "mazurka": ("3/4",),
    "march": ("4/4", "2/4"),
    "minuet": ("3/4",),
    "polonaise": ("3/4",),
    "etude": ("4/4", "2/4", "3/4"),
    "lullaby": ("6/8",),
}
"""metres in which a genre can be asked for"""
ENOUGH = 0.6
"""share of its bars, the last one left out, that have the mark of its genre in a piece that counts as one"""
_OCTAVE = 12


@dataclass(frozen=True)
class _Struck:
    """What a bar strikes: for each hand, its pitches from low to high by the ticks from the bar line."""

    length: int
    hands: tuple[dict[int, list[int]], dict[int, list[int]]]

    @property
    def right(self) -> dict[int, list[int]]:
        return self.hands[RIGHT]

    @property
    def left(self) -> dict[int, list[int]]:
        return self.hands[LEFT]

    def on(self, hand: int, parts: int) -> list[list[int]]:
        """Return what a hand strikes at the beginning of each of so many equal parts of the bar."""
        return [self.hands[hand].get(place * self.length // parts, []) for place in range(parts)]

    def within(self, hand: int, parts: int) -> list[int]:
        """Return how often a hand strikes within each of so many equal parts of the bar."""
        counts = [0] * parts
        for tick in self.hands[hand]:
            counts[min(parts - 1, tick * parts // self.length)] += 1
        return counts


def _waltz(bar: _Struck) -> bool:
    """A bass, and two chords above it; the left hand strikes nothing else."""
    bass, *chords = bar.on(LEFT, 3)
    return bool(bass) and len(bar.left) == 3 and all(len(one) > 1 and one[0] > bass[0] for one in chords)


def _mazurka(bar: _Struck) -> bool:
    """Beats below, and above a first beat that is divided while a later one bears no more than one note."""
    first, second, third = bar.within(RIGHT, 3)
    beats = bar.on(LEFT, 3)
    stepping = bool(beats[0]) and bool(beats[1] or beats[2]) and len(bar.left) <= 3
    return stepping and first > 1 and first >= max(second, third) and min(second, third) < 2


def _march(bar: _Struck) -> bool:
    """The left hand treads, on every quarter or eighth and nowhere else: low, and not lower on the step after it."""
    return any(_treads(bar, steps) for steps in (bar.length // TICKS, bar.length * 2 // TICKS) if 2 <= steps <= 4)


def _treads(bar: _Struck, steps: int) -> bool:
    struck = bar.on(LEFT, steps)
    if not all(struck) or len(bar.left) != steps:
        return False
    return all(low[0] <= high[0] for low, high in zip(struck[::2], struck[1::2], strict=False))


def _minuet(bar: _Struck) -> bool:
    """Thin and measured: quarters below, eighths above, two keys in a hand at most, and no bass with chords."""
    eighths = all(tick * 6 % bar.length == 0 for tick in bar.right)
    quarters = bool(bar.left) and all(tick * 3 % bar.length == 0 for tick in bar.left) and 0 in bar.left
    thin = all(len(keys) <= 2 for hand in bar.hands for keys in hand.values())
    return eighths and quarters and thin and bool(bar.right) and not _waltz(bar)


def _polonaise(bar: _Struck) -> bool:
    """An eighth and two sixteenths at the beginning, in either hand, and on to every beat."""
    beats = bar.on(LEFT, 3), bar.on(RIGHT, 3)
    stepping = all(low or high for low, high in zip(*beats, strict=True))
    places = {0, bar.length // 6, bar.length // 4}
    return stepping and any(places <= hand.keys() for hand in bar.hands)


def _etude(bar: _Struck) -> bool:
    """One hand runs: it strikes three times or more in every beat, evenly."""
    beats = max(1, bar.length // TICKS)
    return any(min(bar.within(hand, beats)) >= 3 for hand in (RIGHT, LEFT))


def _nocturne(bar: _Struck) -> bool:
    """Broken chords: the left hand goes up from a bass through an octave or more, under a voice that moves less."""
    keys = [key for struck in bar.left.values() for key in struck]
    wide = 0 in bar.left and min(keys) == bar.left[0][0] and max(keys) - min(keys) >= _OCTAVE
    broken = len(bar.left) >= bar.length // (2 * TICKS) * 3 and len(keys) <= 1.5 * len(bar.left)
    return wide and broken and 0 < len(bar.right) <= len(bar.left)


def _lullaby(bar: _Struck) -> bool:
    """The left hand rocks: in both halves of the bar it swings up from a low note, in the same rhythm."""
    half = bar.length // 2
    swings = [
        [(tick % half, keys) for tick, keys in sorted(bar.left.items()) if tick // half == part] for part in (0, 1)
    ]
    first, second = ([tick for tick, _ in swing] for swing in swings)
    return first == second and len(first) > 1 and first[0] == 0 and all(map(_swings, swings))


def _swings(swing: Sequence[tuple[int, list[int]]]) -> bool:
    lowest = swing[0][1][0]
    return all(keys[0] >= lowest for _, keys in swing) and any(keys[-1] > lowest for _, keys in swing[1:])


MARKS: dict[str, Callable[[_Struck], bool]] = {
    "nocturne": _nocturne,
    "waltz": _waltz,
    "mazurka": _mazurka,
    "march": _march,
    "minuet": _minuet,
    "polonaise": _polonaise,
    "etude": _etude,
    "lullaby": _lullaby,
}
"""of each genre, what a bar of it has"""


def genre_share(piece: Piece, genre: str) -> float:
    """Return the share of a piece's bars that have the mark of a genre, 0 to 1; the last one, a close, does not count.

    Args:
        piece: whole.
        genre: one of `GENRES`.
    """
    bars = [_Struck(bar.length, ({}, {})) for bar in piece.bars]
    for note in piece.notes:
        place = piece.bar_at(note.start)
        struck = bars[place].hands[note.hand]
        struck.setdefault(note.start - piece.bars[place].start, []).append(note.pitch)  # notes go from low to high
    counted = bars[:-1] or bars
    return sum(MARKS[genre](bar) for bar in counted) / len(counted)


def ends_on_tonic(piece: Piece, key: Key | None = None) -> bool:
    """Return whether the last bar that strikes anything stands on the tonic: its lowest key, and its last chord.

    Args:
        piece: whole.
        key: what it is in; None takes the one that the piece says.
    """
    key = key or (piece.key_at(piece.bars[-1].start) if piece.key else None)
    if key is None or not piece.notes:
        return False
    start = piece.bars[piece.bar_at(max(note.start for note in piece.notes))].start
    closing = [note for note in piece.notes if note.start >= start]
    last = max(note.start for note in closing)
    return min(note.pitch for note in closing) % 12 == key.tonic and all(
        note.pitch % 12 in triad(key) for note in closing if note.start == last
    )


def triad(key: Key) -> frozenset[int]:
    """Return the pitch classes of the chord on the tonic."""
    return frozenset((key.tonic + step) % 12 for step in (0, 4 if key.mode == "major" else 3, 7))


def delivers(piece: Piece, genre: str) -> bool:
    """Return whether a piece is of a genre: `ENOUGH` of its bars have its mark, and it ends on its tonic."""
    return genre_share(piece, genre) >= ENOUGH and ends_on_tonic(piece)
