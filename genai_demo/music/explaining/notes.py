"""What is told of a note: its probability, and what else could have come; imports no torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from genai_demo.engine.generation.sampling import TokenTrace
from genai_demo.music.theory.piece import Note, Piece
from genai_demo.music.tokens import events

PARTS = ("position", "hand", "pitch", "duration")
"""what is drawn of a note, in this order; of a further note of a chord only the last two"""
_LATE = 20
"""ticks by which a note may come late because its key is still held, see `theory.joining`"""


@dataclass(frozen=True)
class Rival:
    """What could have come instead."""

    token: str
    """such as PITCH_60, DURATION_480 (ticks), POSITION_240 (ticks from the bar line), BAR"""
    before: float
    """probability by the network alone, 0 to 1"""
    after: float
    """probability with which it could be drawn: after temperature, top-p and the rules"""
    allowed: bool
    """whether the rules of notation, of a genre or of the notes that stay left it"""


@dataclass(frozen=True)
class Part:
    """One thing that was drawn of a note."""

    kind: str
    """one of `PARTS`"""
    token: str
    """what was drawn, as in `Rival`"""
    probability: float
    """with which it was drawn"""
    forbidden: float
    """probability that the network gave to what the rules do not allow there"""
    rivals: tuple[Rival, ...]
    """the likeliest before shaping and after it, the drawn one among them"""
    others_before: float
    """probability of all others by the network alone"""
    others_after: float


@dataclass(frozen=True)
class Entry:
    """One note of a piece that the model wrote."""

    place: int
    """among the notes of the piece, from 0"""
    start: int
    """ticks, as in `Note`"""
    pitch: int
    length: int
    hand: int
    bar: int
    """from 0"""
    probability: float
    """of its pitch when it was drawn; of the GAN, whose cells are not drawn, that of its first cell"""
    step: int
    """in which it was written: the bar (composer), the phrase (GAN) or the step (masked model), from 1"""
    parts: tuple[Part, ...]


Traces = Mapping[str, TokenTrace]
"""What was drawn of a note, by part."""


def part_of(kind: str, trace: TokenTrace) -> Part:
    """Return a part as it was traced in the tokens of `events`."""
    rivals = tuple(Rival(events.NAMES[one.token], one.before, one.after, one.allowed) for one in trace.rivals)
    # What is left of 1 may be less than 0 by a rounding.
    before, after = (max(0.0, 1 - sum(getattr(rival, when) for rival in rivals)) for when in ("before", "after"))
    return Part(kind, events.NAMES[trace.token], trace.probability, trace.forbidden, rivals, before, after)


def entry_of(piece: Piece, place: int, probability: float, step: int, parts: Iterable[Part]) -> Entry:
    """Return what is told of the note at a place of a piece."""
    note = piece.notes[place]
    bar = piece.bar_at(note.start)
    return Entry(place, note.start, note.pitch, note.length, note.hand, bar, probability, step, tuple(parts))


def places_of(piece: Piece, stays: Sequence[Note]) -> dict[tuple[int, int], int]:
    """Return the places of a piece's notes that were not given, by start and pitch."""
    given = {(note.start, note.pitch) for note in stays}
    places = {(note.start, note.pitch): place for place, note in enumerate(piece.notes)}
    return {key: place for key, place in places.items() if key not in given}


def found_at(places: Mapping[tuple[int, int], int], start: int, pitch: int) -> int | None:
    """Return the place of a note that was written for a tick, where it may come a little late; None if it is gone."""
    late = (places.get((start + ticks, pitch)) for ticks in range(_LATE))
    return next((place for place in late if place is not None), None)
