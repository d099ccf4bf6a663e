"""The slurs that a piece brought along from a score: where each of them begins and ends in what is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from genai_demo.music.notation.played import written_places
from genai_demo.music.notation.voices import Event, Measure
from genai_demo.music.theory.piece import Note, Piece

MOST_AT_ONCE = 16
"""slurs that MusicXML can tell apart"""
_Position = tuple[int, int, int, int]
"""bar, hand, voice and tick: the order in which notes stand in a file"""


@dataclass
class Slurs:
    """Numbers of the slurs that begin and end at notes: by the place of a written one, or by a grace note itself."""

    starts: dict[int | Note, list[int]] = field(default_factory=lambda: defaultdict(list))
    stops: dict[int | Note, list[int]] = field(default_factory=lambda: defaultdict(list))


def slurs_of(
    piece: Piece,
    notes: Sequence[Note],
    adorned: Mapping[Note, Note],
    frames: Sequence[Measure],
    lines: Sequence[Mapping[int, Sequence[Sequence[Event]]]],
) -> Slurs:
    """Return the slurs of a piece both of whose notes are still there.

    Args:
        piece: has them.
        notes: as they are written.
        adorned: its grace notes, each with the note that it adorns.
        frames: its bars.
        lines: the voices of each hand, for every bar.
    """
    found = Slurs()
    there = {*piece.notes}
    slurs = [ends for ends in piece.slurs if there.issuperset(ends)]
    if not slurs:
        return found
    voice = {
        (number, place): one
        for number, bar in enumerate(lines)
        for voices in bar.values()
        for one, line in enumerate(voices)
        for event in line
        for place in event.notes
    }
    place_of = written_places(notes)

    def position(note: Note, last: bool) -> tuple[int | Note, _Position]:
        """Return the key of a note in `Slurs`, and where its first or last value stands in the file."""
        place = place_of(adorned.get(note, note))
        tick = notes[place].end - 1 if last and note not in adorned else notes[place].start
        bar = piece.bar_at(tick)
        key = note if note in adorned else place
        return key, (bar, notes[place].hand, voice.get((bar, place), 0), note.start if note in adorned else tick)

    busy: list[tuple[_Position, int]] = []
    for first, last in slurs:
        (start, at), (stop, until) = position(first, False), position(last, True)
        low, high = min(at, until), max(at, until)
        # Readers follow the file, or time.
        free = (number for number, (end, time) in enumerate(busy) if end < low and time <= first.start)
        number = next(free, len(busy))
        if number == MOST_AT_ONCE:
            continue
        busy[number : number + 1] = [(high, last.end)]
        found.starts[start].append(number + 1)
        found.stops[stop].append(number + 1)
    return found
