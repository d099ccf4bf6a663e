"""Music that was played and not typed: put on the beats that are heard, or as far as it is off all beats.

Imports no torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from genai_demo.music.midi.bars import lay_bars, without_overhang
from genai_demo.music.midi.beats import beats_fit, track_beats
from genai_demo.music.theory.key_signatures import keys_at_bar_lines
from genai_demo.music.theory.piece import LEFT, RIGHT, STEP, TICKS, Note, Piece, resolve_overlaps

_FEWEST = 32
"""notes from which on there is telling"""
_UNEVEN = (5, 7, 9, 11, 13)
"""notes of a group that is neither halved nor of triplets"""
_GROUP_SPANS = (TICKS // 2, TICKS, 2 * TICKS)
"""ticks of such a group"""
_PLACES = {
    span: [tuple(round(number * span / count) for number in range(1, count)) for count in _UNEVEN]
    for span in _GROUP_SPANS
}
"""ticks from its start at which the further notes of each kind of group begin, by how long it is"""
_MANY_TEMPOS = 8
"""tempi that nobody states but to put the beats where the music has them"""
_OFFSET_PERIODS = (STEP, TICKS // 3, STEP // 3)
"""ticks: sixteenths, triplets, and both"""
_ALL = 0.98
"""mean resultant length of phases that are all alike"""
_LEAST_OFFSET = 3
"""ticks"""
_LEAST_SPREADS = 2
"""times as far as notes are from one another that all of them are off: less is how they were played"""
_WRITTEN = (STEP // 4, STEP // 3)
"""ticks of 64ths and of triplets of 32nds: what is off by them is meant so"""


def in_time(piece: Piece, tempos: Sequence[tuple[int, int]]) -> tuple[Piece, list[tuple[str, int]]]:
    """Return a piece as a musician would count it, and what was done, as keys of sentences with counts.

    Where its notes begin anywhere between the beats, these are sought in the sound: bars of the first metre, if it has
    two to four quarters, else of 4/4, begin with the first note. Where all notes are as far off the beats, they move.

    Args:
        piece: as a file says.
        tempos: (tick, microseconds per quarter note) in the order of time, the first at 0.
    """
    if len(piece.notes) < _FEWEST:
        return piece, []
    onsets = [note.start for note in piece.notes]
    if len({microseconds for _, microseconds in tempos}) >= _MANY_TEMPOS or beats_fit(onsets):
        offset = _offset(onsets)
        return (_moved(piece, offset), [("music.offset_undone", abs(offset))]) if offset else (piece, [])
    found, beats = _on_beats(piece, tempos)
    return found, [("music.beats_tracked", beats)]


def uneven_notes(notes: Sequence[Note]) -> int:
    """Return how many notes stand within whole groups of five, seven and the like, which a score here cannot write."""
    found: set[tuple[int, int]] = set()
    for hand in (RIGHT, LEFT):
        starts = {note.start for note in notes if note.hand == hand}
        near = {start + beside: start for start in starts for beside in (-1, 1, 0)}
        for span, groups in _PLACES.items():
            for first in {start - start % span for start in starts}:
                for places in groups:
                    if all(first + place in near for place in places):
                        found |= {(hand, near[first + place]) for place in places}
    return sum((note.hand, note.start) in found for note in notes)


def _offset(onsets: Sequence[int]) -> int:
    """Return by how many ticks all notes are late, below 0 for early; 0 where they are not all so."""
    for period in _OFFSET_PERIODS:
        mean = np.exp(2j * np.pi * np.asarray(onsets) / period).mean()
        if abs(mean) >= _ALL:
            offset = round(float(np.angle(mean)) / (2 * np.pi) * period)
            spread = float(np.sqrt(-2 * np.log(min(abs(mean), 1.0)))) / (2 * np.pi) * period
            written = any(offset % grid == 0 for grid in _WRITTEN)
            return 0 if written or abs(offset) < max(_LEAST_OFFSET, _LEAST_SPREADS * spread) else offset
    return 0


def _moved(piece: Piece, offset: int) -> Piece:
    """Return a piece `offset` ticks earlier; what begins at its start stays there."""

    def earlier(tick: int) -> int:
        return max(0, tick - offset) if tick else 0

    notes = [
        replace(note, start=earlier(note.start), length=max(1, note.end - offset - earlier(note.start)))
        for note in piece.notes
        if earlier(note.start) < piece.end
    ]
    last, end = max(note.start for note in notes), max(note.end for note in notes)
    pedal = tuple((earlier(start), earlier(stop)) for start, stop in piece.pedal if earlier(start) < earlier(stop))
    bars = without_overhang(piece.bars, last, end)
    changes = keys_at_bar_lines(piece.key_changes, bars)
    return replace(piece, notes=resolve_overlaps(notes), bars=bars, pedal=pedal, key_changes=changes)


def _on_beats(piece: Piece, tempos: Sequence[tuple[int, int]]) -> tuple[Piece, int]:
    """Return a piece whose quarter notes are the beats that were heard, and how many those are."""
    changes = np.array([tick for tick, _ in tempos], np.float64)
    paces = np.array([microseconds for _, microseconds in tempos]) / 1e6 / TICKS
    reached = np.concatenate([[0.0], np.cumsum(np.diff(changes) * paces[:-1])])

    def seconds(ticks: Sequence[int]) -> np.ndarray:
        place = np.maximum(np.searchsorted(changes, ticks, side="right") - 1, 0)
        return reached[place] + (np.asarray(ticks) - changes[place]) * paces[place]

    notes = piece.notes
    starts, ends = seconds([note.start for note in notes]), seconds([note.end for note in notes])
    # Long and low notes are on the beat more often than others.
    low = np.clip((60 - np.array([note.pitch for note in notes])) / 12, 0, 2)
    beats = track_beats(starts, np.clip(ends - starts, 0.1, 1) * (1 + low))
    pace = (beats[-1] - beats[0]) / (len(beats) - 1) if len(beats) > 1 else 0.5
    lead = int(np.ceil(max(0.0, beats[0] - starts[0]) / pace))
    pedal = seconds([tick for span in piece.pedal for tick in span])
    tail = int(np.ceil(max(0.0, max(np.max(ends), np.max(pedal, initial=0.0)) - beats[-1]) / pace)) + 1
    beats = np.concatenate([beats[0] - pace * np.arange(lead, 0, -1), beats, beats[-1] + pace * np.arange(1, tail + 1)])
    first = int(np.abs(beats - starts[0]).argmin())

    def placed(times: np.ndarray) -> list[int]:
        places = np.interp(times, beats, np.arange(len(beats)) - first) * TICKS
        return [int(place) for place in np.maximum(np.round(places), 0)]

    moved = resolve_overlaps(
        Note(start, note.pitch, max(1, end - start), note.hand, note.velocity)
        for note, start, end in zip(notes, placed(starts), placed(ends), strict=True)
    )
    last, end = max(note.start for note in moved), max(note.end for note in moved)
    metre = piece.bars[0]
    counted = metre.beats if metre.unit == 4 and metre.beats in (2, 3, 4) else 4
    bars = without_overhang(lay_bars([(0, counted, 4)], end), last, end)
    ticks = placed(pedal)
    spans = tuple((start, stop) for start, stop in zip(ticks[::2], ticks[1::2], strict=True) if start < stop)
    lines = placed(seconds([tick for tick, _ in piece.key_changes]))
    keys = keys_at_bar_lines(zip(lines, [key for _, key in piece.key_changes], strict=True), bars)
    found = replace(piece, notes=moved, bars=bars, tempo=float(60 / pace), pedal=spans, key_changes=keys)
    return found, len(beats) - first
