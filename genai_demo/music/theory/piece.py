"""A piece of two-hand piano music: the form in which all of this package hands music on; imports no torch."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

TICKS = 480
"""ticks per quarter note: time in a piece is counted in them, from its first bar line"""
STEP = TICKS // 4
"""ticks of a sixteenth, the step of a roll"""
RIGHT, LEFT = 0, 1
"""hands, and the printed staves they stand for"""
PITCHES = (21, 108)
"""MIDI numbers of a piano's lowest and highest key"""
MODES = ("major", "minor")


@dataclass(frozen=True, order=True)
class Note:
    """One struck key."""

    start: int
    """ticks from the piece's first bar line"""
    pitch: int
    """MIDI number, within `PITCHES`"""
    length: int
    """ticks, at least 1"""
    hand: int = RIGHT
    """`RIGHT` or `LEFT`"""
    velocity: int = 72
    """1 to 127"""

    @property
    def end(self) -> int:
        """Tick at which the key is let go."""
        return self.start + self.length


@dataclass(frozen=True)
class Bar:
    """From one bar line to the next."""

    start: int
    """ticks from the piece's first bar line"""
    beats: int
    """numerator of its metre"""
    unit: int
    """denominator of its metre: 2, 4, 8 or 16"""

    @property
    def length(self) -> int:
        """Ticks."""
        return self.beats * TICKS * 4 // self.unit

    @property
    def end(self) -> int:
        """Tick of its closing bar line."""
        return self.start + self.length


@dataclass(frozen=True)
class Key:
    """A key such as E flat major."""

    tonic: int
    """pitch class, 0 for C to 11 for B"""
    mode: str
    """one of `MODES`"""

    @property
    def sharps(self) -> int:
        """Sharps of its signature, -5 to 6; flats count below 0."""
        major = (self.tonic + (3 if self.mode == "minor" else 0)) % 12
        return (major * 7 + 5) % 12 - 5

    def transposed(self, semitones: int) -> Key:
        """Return this key `semitones` higher."""
        return Key((self.tonic + semitones) % 12, self.mode)


ALL_KEYS = tuple(Key(tonic, mode) for mode in MODES for tonic in range(12))


@dataclass(frozen=True)
class Piece:
    """Two-hand piano music with its bars."""

    notes: tuple[Note, ...]
    """in the order of start and pitch; no key is struck twice at one moment, nor while it is held"""
    bars: tuple[Bar, ...]
    """at least one, without gaps, the first at 0; every note starts within them"""
    key: Key | None = None
    """None where nothing is known"""
    tempo: float = 96.0
    """quarter notes per minute"""
    pedal: tuple[tuple[int, int], ...] = ()
    """spans (start, end) in ticks for which the sustain pedal is down"""

    @property
    def end(self) -> int:
        """Tick of the last bar line."""
        return self.bars[-1].end

    @property
    def seconds(self) -> float:
        """Duration at `tempo`."""
        return self.end / TICKS * 60 / self.tempo

    def bar_at(self, tick: int) -> int:
        """Return the place in `bars` of the bar that holds `tick`, from 0."""
        return bisect_right(self.bars, tick, key=lambda bar: bar.start) - 1

    def faults(self) -> list[str]:
        """Return what contradicts the promises of this class, one phrase each; a whole piece has none."""
        found = []
        if not self.bars or self.bars[0].start != 0:
            found.append("no bar at 0")
        found += [f"gap before the bar at {b.start}" for a, b in pairwise(self.bars) if a.end != b.start]
        if list(self.notes) != sorted(self.notes):
            found.append("notes out of order")
        sounding: dict[int, int] = {}
        for note in self.notes:
            if note.length < 1 or not PITCHES[0] <= note.pitch <= PITCHES[1] or not 1 <= note.velocity <= 127:
                found.append(f"impossible note {note}")
            if self.bars and not 0 <= note.start < self.end:
                found.append(f"note outside the bars {note}")
            if note.start < sounding.get(note.pitch, 0):
                found.append(f"key struck while held {note}")
            sounding[note.pitch] = max(note.end, sounding.get(note.pitch, 0))
        return found


def resolve_overlaps(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Return notes in the order of a piece, each key struck only when it is not held.

    Of notes that strike one key at one moment the longest stays; a key that is struck again is let go before.
    """
    kept: list[Note] = []
    last: dict[int, int] = {}
    for note in sorted(notes, key=lambda note: (note.start, note.pitch, -note.length, note.hand, note.velocity)):
        place = last.get(note.pitch)
        if place is not None:
            before = kept[place]
            if before.start == note.start:
                continue
            if before.end > note.start:
                kept[place] = replace(before, length=note.start - before.start)
        last[note.pitch] = len(kept)
        kept.append(note)
    return tuple(kept)
