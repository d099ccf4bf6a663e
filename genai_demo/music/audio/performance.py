"""Playing a piece as a person would: which notes sing, where the pedal is changed, how the end slows down.

Nothing here is random: the same piece is always played the same way. The rules are simple forms of those of the KTH
system (Friberg, Bresin and Sundberg 2006, "Overview of the KTH rule system for musical performance"): phrase arch,
melody lead, metric accent, final ritardando.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from genai_demo.music.notation.beams import beats
from genai_demo.music.theory.dynamics import has_dynamics
from genai_demo.music.theory.piece import RIGHT, TICKS, Note, Piece

PHRASE_BARS = 4
_MELODY, _INNER, _BASS = 12.0, -9.0, 2.0
"""velocity that the right hand's top, what lies between, and the left hand's lowest note get on top of their own"""
_DOWNBEAT, _BEAT, _OFFBEAT = 5.0, 2.0, -2.0
_ARCH = 7.0
"""velocity by which the middle of a phrase is louder than its ends"""
_SOFTEST, _LOUDEST = 18, 120
_SPREAD, _WIDEST = 0.006, 0.024
"""seconds from one note of a chord to the next one down, and at most"""
_SLOWEST = 0.65
"""tempo at the very end of a ritardando, over the usual one"""
_BASS_STEP = 4
"""semitones above the bass within which a new lowest note counts as a new bass"""


@dataclass(frozen=True)
class Sounding:
    """A note as it is played."""

    start: float
    """seconds"""
    end: float
    """seconds, with what the pedal adds"""
    pitch: int
    velocity: int
    """1 to 127"""


def seconds_at(piece: Piece, tick: float, ritardando: bool = True) -> float:
    """Return when a tick is reached.

    Args:
        piece: gives tempo and bars.
        tick: from the piece's first bar line.
        ritardando: whether the last bar slows down to `_SLOWEST` of the tempo, if the piece has more than one.
    """
    pace = 60 / piece.tempo / TICKS
    slow = piece.bars[-1]
    if not ritardando or len(piece.bars) == 1 or tick <= slow.start:
        return tick * pace
    # The tempo falls in a straight line over the bar: the time for a stretch is the logarithm of the tempos' ratio.
    fall = (1 - _SLOWEST) / slow.length
    inside = min(tick, slow.end) - slow.start
    return (slow.start - math.log(1 - fall * inside) / fall + max(tick - slow.end, 0) / _SLOWEST) * pace


def bar_times(piece: Piece, ritardando: bool = True) -> list[float]:
    """Return the second at which each bar starts, and the one at which the last ends."""
    return [seconds_at(piece, tick, ritardando) for tick in (*(bar.start for bar in piece.bars), piece.end)]


def pedal_by_harmony(piece: Piece) -> tuple[tuple[int, int], ...]:
    """Return spans (start, end) in ticks for the sustain pedal: anew in every bar, and at a beat with a new bass."""
    bass_at: dict[int, int] = {}
    for note in piece.notes:
        bass_at[note.start] = min(note.pitch, bass_at.get(note.start, 128))
    changes: list[int] = []
    for bar in piece.bars:
        bass = bass_at.get(bar.start, 128)
        changes.append(bar.start)
        for beat in beats(bar)[1:]:
            lowest = bass_at.get(bar.start + beat.start, 128)
            if lowest <= bass + _BASS_STEP and lowest % 12 != bass % 12:
                changes.append(bar.start + beat.start)
                bass = lowest
            bass = min(bass, lowest)
    return tuple(pairwise([*changes, piece.end]))


def perform(piece: Piece, ritardando: bool = True) -> list[Sounding]:
    """Return the notes as they are played, in the piece's order.

    Where its notes are not all struck alike, each keeps its velocity; where they are, part, beat and phrase shape it.
    Where the piece has a pedal of its own, all notes sound as long as it is down. Where it has none, one is put under
    the harmonies, and released early under a note whose neighbour, a tone or less away, follows: a run stays clear.

    Args:
        piece: what to play.
        ritardando: whether the last bar slows down.
    """
    velocities, delays = _velocities(piece), _delays(piece.notes)
    played = []
    for note, end, velocity, delay in zip(piece.notes, _pedalled(piece), velocities, delays, strict=True):
        start = seconds_at(piece, note.start, ritardando)
        # A late start must not swallow a short note.
        delay = min(delay, (seconds_at(piece, note.end, ritardando) - start) / 4)
        played.append(Sounding(start + delay, seconds_at(piece, end, ritardando), note.pitch, velocity))
    return played


def _groups(notes: Sequence[Note]) -> dict[int, list[Note]]:
    """Return the notes of each onset, from low to high."""
    groups: dict[int, list[Note]] = defaultdict(list)
    for note in notes:
        groups[note.start].append(note)
    return groups


def _velocities(piece: Piece) -> list[int]:
    """Return how hard each note is struck: its own velocity; where all are alike, shaped by part, beat and phrase."""
    if has_dynamics(piece.notes):
        return [note.velocity for note in piece.notes]
    groups = _groups(piece.notes)
    held_top = 0
    top_until = 0
    shaped = []
    strong = {bar.start for bar in piece.bars}
    weak = {bar.start + beat.start for bar in piece.bars for beat in beats(bar)}
    for note in piece.notes:
        group = groups[note.start]
        if note.hand == RIGHT and note is max(group, key=lambda other: (other.hand == RIGHT, other.pitch)):
            # What starts below a note that is still held accompanies it.
            sings = note.start >= top_until or note.pitch > held_top
            part = _MELODY if sings else _INNER
            if sings:
                held_top, top_until = note.pitch, note.end
        else:
            part = _BASS if note is group[0] and note.hand != RIGHT else _INNER
        accent = _DOWNBEAT if note.start in strong else _BEAT if note.start in weak else _OFFBEAT
        shaped.append(round(note.velocity + part + accent + _arch(piece, note.start)))
    return [min(max(velocity, _SOFTEST), _LOUDEST) for velocity in shaped]


def _arch(piece: Piece, tick: int) -> float:
    """Return the phrase's share of the velocity at `tick`: half a sine wave over `PHRASE_BARS` bars."""
    first = piece.bar_at(tick) // PHRASE_BARS * PHRASE_BARS
    last = min(first + PHRASE_BARS, len(piece.bars)) - 1
    start, end = piece.bars[first].start, piece.bars[last].end
    return _ARCH * (math.sin(math.pi * (tick - start) / (end - start)) - 0.5)


def _delays(notes: Sequence[Note]) -> list[float]:
    """Return the seconds by which each note comes late: a chord's top note leads, the others follow downwards."""
    groups = _groups(notes)
    return [min(_SPREAD * (len(groups[note.start]) - 1 - groups[note.start].index(note)), _WIDEST) for note in notes]


def _pedalled(piece: Piece) -> list[int]:
    """Return the tick at which each note stops sounding."""
    spans = piece.pedal or pedal_by_harmony(piece)
    starts = [start for start, _ in spans]
    onsets: dict[int, list[int]] = defaultdict(list)
    for note in piece.notes:
        onsets[note.pitch].append(note.start)

    def next_onset(pitch: int, after: int) -> float:
        place = bisect_right(onsets[pitch], after) if pitch in onsets else 0
        return onsets[pitch][place] if pitch in onsets and place < len(onsets[pitch]) else math.inf

    ends = []
    for note in piece.notes:
        # The pedal holds a note that is let go while it is down.
        place = bisect_left(starts, note.end) - 1
        end: float = note.end
        if place >= 0 and spans[place][1] > note.end:
            end = min(spans[place][1], next_onset(note.pitch, note.start))
            if not piece.pedal:
                near = min(next_onset(note.pitch + step, note.start) for step in (-2, -1, 1, 2))
                end = max(note.end, min(end, near))
        ends.append(int(end))
    return ends
