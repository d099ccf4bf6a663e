"""What stands in a score: its parts, their measures, and the notes and signs of each, in ticks from its beginning."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from genai_demo.music.musicxml.flow import Flow


class Sign(NamedTuple):
    """Something that happens at a moment."""

    tick: int
    value: float


@dataclass(frozen=True)
class Tremolo:
    """The strokes through the stem of a note."""

    kind: str
    """"single" for a key struck again and again; "start" or "stop" for one of two that alternate"""
    length: Fraction
    """ticks of each of the notes that they are short for"""


class GraceNote(NamedTuple):
    """A grace note as it stands in a measure."""

    pitch: int
    velocity: int | None
    slurs: tuple[tuple[str, str], ...]
    """as of a `WrittenNote`"""


@dataclass
class WrittenNote:
    """A note as it stands in a measure."""

    start: int
    """ticks from the beginning of the measure"""
    length: int
    pitch: int
    staff: int
    """from 1"""
    voice: str
    tied: bool = False
    """whether a tie leads on from it"""
    velocity: int | None = None
    slurs: tuple[tuple[str, str], ...] = ()
    """"start" or "stop", and the number of the slur"""
    graces: list[list[GraceNote]] = field(default_factory=list)
    """the chords of grace notes before it"""
    tremolo: Tremolo | None = None


@dataclass
class Measure:
    """A measure of one part."""

    implicit: bool = False
    """whether it is not counted, as an upbeat"""
    length: int = 0
    """ticks that its voices fill; 0 where they hold nothing but rests for the whole measure"""
    sounding: int = 0
    """ticks that its notes fill"""
    notes: list[WrittenNote] = field(default_factory=list)
    metre: tuple[int, int] | None = None
    """numerator and denominator, where they are stated"""
    key: tuple[int, str] | None = None
    """sharps as they sound, and mode ("" if none), where they are stated"""
    tempos: list[Sign] = field(default_factory=list)
    """quarter notes per minute"""
    levels: list[Sign] = field(default_factory=list)
    """velocities from then on"""
    accents: list[Sign] = field(default_factory=list)
    """velocities of what is struck then"""
    wedges: list[Sign] = field(default_factory=list)
    """1 where a crescendo begins, -1 for a diminuendo, 0 where either ends"""
    pedal: list[Sign] = field(default_factory=list)
    """1 where it is pressed, 0 where it is let go"""
    flow: Flow = field(default_factory=Flow)


@dataclass
class Part:
    """A part of a score."""

    name: str = ""
    programs: set[int] = field(default_factory=set)
    """General MIDI's numbers of its instruments, from 1"""
    staves: int = 1
    measures: list[Measure] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    """number of cues, ornaments and unpitched notes"""
    tremolos: int = 0
    """notes whose tremolo was played out"""

    @property
    def count(self) -> int:
        """Notes."""
        return sum(len(measure.notes) for measure in self.measures)


def number(text: str | None, default: float = 0.0, most: float = 1e6) -> float:
    """Return the number that a text is, or `default` where it is none, or none within `-most` to `most`."""
    try:
        value = float(text or "")
    except ValueError:
        return default
    return value if math.isfinite(value) and abs(value) <= most else default
