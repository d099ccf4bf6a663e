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
VELOCITY = 72
"""of notes whose loudness nothing is known of"""


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
    velocity: int = VELOCITY
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
    respelled: bool = False
    """whether it is written the other way: with 6 flats for 6 sharps, 7 flats for 5 sharps, 7 sharps for 5 flats"""

    @staticmethod
    def of_signature(sharps: int, mode: str) -> Key:
        """Return the key of a mode that has a signature.

        Args:
            sharps: -7 to 7; flats count below 0.
            mode: one of `MODES`.
        """
        tonic = (7 * sharps + (9 if mode == "minor" else 0)) % 12
        return Key(tonic, mode, respelled=not -5 <= sharps <= 6)

    @property
    def sharps(self) -> int:
        """Sharps of its signature, -7 to 7; flats count below 0."""
        major = (self.tonic + (3 if self.mode == "minor" else 0)) % 12
        usual = (major * 7 + 5) % 12 - 5
        if not self.respelled:
            return usual
        return usual - 12 if usual > 0 else usual + 12

    @property
    def sounding(self) -> Key:
        """What is heard of it, however it is written: one of `ALL_KEYS`."""
        return Key(self.tonic, self.mode)

    def transposed(self, semitones: int) -> Key:
        """Return this key `semitones` higher, written the usual way unless that is by whole octaves."""
        return Key((self.tonic + semitones) % 12, self.mode, self.respelled and semitones % 12 == 0)


ALL_KEYS = tuple(Key(tonic, mode) for mode in MODES for tonic in range(12))


@dataclass(frozen=True)
class Piece:
    """Two-hand piano music with its bars."""

    notes: tuple[Note, ...]
    """in the order of start and pitch; no key is struck twice at one moment, nor while it is held"""
    bars: tuple[Bar, ...]
    """at least one, without gaps, the first at 0; every note starts within them"""
    key: Key | None = None
    """that of its beginning; None where nothing is known"""
    tempo: float = 96.0
    """quarter notes per minute"""
    pedal: tuple[tuple[int, int], ...] = ()
    """spans (start, end) in ticks for which the sustain pedal is down"""
    key_changes: tuple[tuple[int, Key], ...] = ()
    """ticks of bar lines from which another key holds, and that key, in the order of time; none without a `key`"""
    slurs: tuple[tuple[Note, Note], ...] = ()
    """first and last note of each slur of the score that it comes from, in order; where one of them is no longer among
    its notes, the slur is none"""

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

    def key_at(self, tick: int) -> Key | None:
        """Return the key that holds at `tick`; None where nothing is known."""
        place = bisect_right(self.key_changes, tick, key=lambda change: change[0])
        return self.key_changes[place - 1][1] if place else self.key

    def first_bars(self, count: int) -> Piece:
        """Return the piece up to the end of a bar: what is struck and pressed before it, with all its length.

        Args:
            count: bars, at least 1; all where there are no more.
        """
        if count >= len(self.bars):
            return self
        end = self.bars[count - 1].end
        return replace(
            self,
            notes=tuple(note for note in self.notes if note.start < end),
            bars=self.bars[:count],
            pedal=tuple(span for span in self.pedal if span[0] < end),
            key_changes=tuple(change for change in self.key_changes if change[0] < end),
            slurs=tuple(slur for slur in self.slurs if slur[1].start < end),
        )

    def faults(self) -> list[str]:
        """Return what contradicts the promises of this class, one phrase each; a whole piece has none."""
        found = []
        if not self.bars or self.bars[0].start != 0:
            found.append("no bar at 0")
        found += [f"gap before the bar at {b.start}" for a, b in pairwise(self.bars) if a.end != b.start]
        if list(self.notes) != sorted(self.notes):
            found.append("notes out of order")
        lines = [bar.start for bar in self.bars[1:]]
        changes = [tick for tick, _ in self.key_changes]
        if changes != sorted({*changes}) or not {*changes} <= {*lines} or (changes and self.key is None):
            found.append("key changes out of order, off the bar lines or without a key before them")
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
