"""From notes to what is written: into bars, and into two voices a staff."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from genai_demo.music.theory.piece import LEFT, RIGHT, Bar, Note, Piece

HANDS = (RIGHT, LEFT)
_BEAM = 24
"""ways of giving notes to voices that are followed at once"""


@dataclass(frozen=True)
class Measure:
    """A bar as it is written."""

    bar: Bar
    time_signature: Bar
    """what its beats are counted by; that of the next bar for a pick-up"""
    offset: int
    """ticks of `time_signature` that are missing before it, more than 0 for a pick-up"""
    number: int
    """0 for a pick-up, others from 1"""

    @property
    def start(self) -> int:
        """Tick of the piece at which a whole bar would have begun."""
        return self.bar.start - self.offset


@dataclass(frozen=True)
class Event:
    """A note, chord or rest of one voice, within one bar."""

    start: int
    """ticks from `Measure.start`"""
    end: int
    notes: tuple[int, ...] = ()
    """places of its notes in the list of notes, from low to high; none for a rest"""


def measures(piece: Piece) -> list[Measure]:
    """Return the bars of a piece; a first bar shorter than the second is a pick-up, and the last may make up for it."""
    bars = piece.bars
    short = len(bars) > 1 and bars[0].length < bars[1].length
    found = [Measure(bar, bar, 0, number) for number, bar in enumerate(bars, start=0 if short else 1)]
    if short:
        found[0] = replace(found[0], time_signature=bars[1], offset=bars[1].length - bars[0].length)
        if len(bars) > 2 and bars[-1].length == bars[-2].length - bars[0].length:
            found[-1] = replace(found[-1], time_signature=bars[-2])
    return found


def voices(notes: Sequence[Note], frames: Sequence[Measure]) -> list[dict[int, list[list[Event]]]]:
    """Return for every bar the voices of each hand, the higher first, each an unbroken line of events.

    Args:
        notes: as from `quantizing.quantize_for_score`.
        frames: the bars.
    """
    found: list[dict[int, list[list[Event]]]] = [{} for _ in frames]
    for hand in HANDS:
        chosen = [place for place, note in enumerate(notes) if note.hand == hand]
        lines = in_voices(notes, chosen, frames)
        for number, frame in enumerate(frames):
            inside = [
                place
                for place in lines.by_bar[number]
                if notes[place].start < frame.bar.end and notes[place].end > frame.bar.start
            ]
            parts = [inside]
            if number in lines.crowded:
                parts = [[place for place in inside if lines.voice[place] == voice] for voice in (0, 1)]
            filled = [part for part in parts if part] or [[]]
            found[number][hand] = [_events(notes, part, frame) for part in filled]
    return found


def _events(notes: Sequence[Note], places: Sequence[int], frame: Measure) -> list[Event]:
    """Return the line of events of one voice, cut wherever one of its notes starts or ends."""
    low, high = frame.bar.start, frame.bar.end
    cuts = {low, high}
    for place in places:
        cuts |= {max(notes[place].start, low), min(notes[place].end, high)}
    events: list[Event] = []
    for start, end in pairwise(sorted(cuts)):
        sounding = [place for place in places if notes[place].start <= start and notes[place].end >= end]
        sounding.sort(key=lambda place: notes[place].pitch)
        events.append(Event(start - frame.start, end - frame.start, tuple(sounding)))
    return events


@dataclass(frozen=True)
class Lines:
    """How one hand's notes lie in bars and voices."""

    voice: dict[int, int]
    """voice of each note, by its place: 0 for the higher, 1 for the lower"""
    crowded: set[int]
    """bars that need two voices"""
    by_bar: list[list[int]]
    """places of the notes that sound in each bar"""


@dataclass(frozen=True)
class _Chord:
    """Notes of one hand with the same start and end."""

    start: int
    end: int
    low: int
    high: int
    bar: int
    alone: bool
    """whether nothing else of the hand sounds meanwhile"""


def in_voices(notes: Sequence[Note], chosen: Sequence[int], frames: Sequence[Measure]) -> Lines:
    """Return how the notes of one hand lie in two voices.

    Args:
        notes: of a piece.
        chosen: places of those of the hand.
        frames: the bars of the piece.
    """
    grouped: dict[tuple[int, int], list[int]] = defaultdict(list)
    for place in chosen:
        grouped[notes[place].start, notes[place].end].append(place)
    spans = sorted(grouped)
    by_bar: list[list[int]] = [[] for _ in frames]
    bars: dict[tuple[int, int], range] = {}
    bar = 0
    for start, end in spans:
        while frames[bar].bar.end <= start:
            bar += 1
        last = bar
        while frames[last].bar.end < end:
            last += 1
        bars[start, end] = range(bar, last + 1)
        for number in bars[start, end]:
            by_bar[number] += grouped[start, end]
    crowded: set[int] = set()
    met: set[tuple[int, int]] = set()
    sounding: list[tuple[int, int]] = []
    for span in spans:
        sounding = [other for other in sounding if other[1] > span[0]]
        for other in sounding:
            met |= {span, other}
            crowded |= set(bars[span]) & set(bars[other])
        sounding.append(span)
    chords = []
    for span in spans:
        pitches = [notes[place].pitch for place in grouped[span]]
        chords.append(_Chord(*span, min(pitches), max(pitches), bars[span].start, span not in met))
    voice = {place: number for span, number in zip(spans, _assign(chords), strict=True) for place in grouped[span]}
    return Lines(voice, crowded, by_bar)


def _assign(chords: Sequence[_Chord]) -> list[int]:
    """Return the voice of each chord, by a beam search for the least of `_cost`."""
    # A state is the last chord of either voice; the way there is a linked list.
    states: dict[tuple[int | None, int | None], tuple[float, tuple | None]] = {(None, None): (0.0, None)}
    for number, chord in enumerate(chords):
        reached: dict[tuple[int | None, int | None], tuple[float, tuple | None]] = {}
        for (higher, lower), (cost, way) in states.items():
            for voice, (own, other) in enumerate(((higher, lower), (lower, higher))):
                before = None if own is None else chords[own]
                beside = None if other is None else chords[other]
                total = cost + _cost(chord, voice, before, beside)
                state = (number, lower) if voice == 0 else (higher, number)
                if state not in reached or total < reached[state][0]:
                    reached[state] = (total, (voice, way))
        states = dict(sorted(reached.items(), key=lambda item: item[1][0])[:_BEAM])
    way = min(states.values(), key=lambda item: item[0])[1]
    found: list[int] = []
    while way is not None:
        voice, way = way
        found.append(voice)
    return found[::-1]


def _cost(chord: _Chord, voice: int, before: _Chord | None, beside: _Chord | None) -> float:
    """Return how ill a chord sits in a voice.

    Args:
        chord: what is placed.
        voice: 0 or 1.
        before: the voice's last chord.
        beside: the other voice's last chord.
    """
    cost = 0.4 if chord.alone and voice == 1 else 0.0
    if before:
        if before.end > chord.start:
            cost += 12
        elif before.end < chord.start and before.bar == chord.bar:
            cost += 0.5
        cost += 0.04 * min(abs(chord.low + chord.high - before.low - before.high) / 2, 18)
    if beside and beside.end > chord.start:
        upper, lower = (chord, beside) if voice == 0 else (beside, chord)
        if upper.low <= lower.high:
            cost += 3
        if upper.high < lower.high:
            cost += 1
        if upper.high <= lower.low:
            cost += 6
    return cost
