"""Tremolos as they are played: strokes through a stem are short for notes that nobody writes one by one."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace
from fractions import Fraction
from xml.etree import ElementTree as Xml

from genai_demo.music.musicxml.written import Tremolo, WrittenNote, number
from genai_demo.music.theory.piece import TICKS

_MOST_STROKES = 3
"""through a stem, which are 32nds; more, or none, are as fast as one can"""


def tremolo_of(element: Xml.Element) -> Tremolo | None:
    """Return the tremolo of a `note` that can be counted out."""
    mark = element.find("notations/ornaments/tremolo")
    if mark is None:
        return None
    kind, strokes = mark.get("type", "single"), int(number(mark.text))
    if kind not in ("single", "start", "stop") or not 1 <= strokes <= _MOST_STROKES:
        return None
    length = Fraction(TICKS, 2**strokes)
    if kind == "single":
        # A dotted quarter for three triplets is one of a triplet too.
        actual, normal = (int(number(element.findtext(f"time-modification/{of}-notes"))) for of in ("actual", "normal"))
        length *= Fraction(normal, actual) if normal > 0 < actual else 1
    return Tremolo(kind, length)


def played_out(notes: Sequence[WrittenNote], most: int) -> tuple[list[WrittenNote], int]:
    """Return the notes of a measure with their tremolos as single notes, and how many notes had one that was played.

    Args:
        notes: as they are written.
        most: notes from which on no further tremolo is played.
    """
    found: list[WrittenNote] = []
    played = 0
    places = {(note.tremolo.kind, note.voice, note.start) for note in notes if note.tremolo}
    for note in notes:
        strokes = _strokes(note, places) if len(found) < most else []
        played += bool(strokes)
        found += strokes or [note]
    return found, played


def _strokes(note: WrittenNote, places: Set[tuple[str, str, int]]) -> list[WrittenNote]:
    """Return the notes that one is short for; none where it has no tremolo, or is too short for it.

    Args:
        note: any.
        places: kind, voice and tick of all tremolos of its measure.
    """
    if note.tremolo is None:
        return []
    begin, end, turns, turn = note.start, note.start + note.length, 1, 0
    if note.tremolo.kind != "single":
        turn = int(note.tremolo.kind == "stop")
        at = begin - note.length if turn else end
        if (("start" if turn else "stop"), note.voice, at) not in places:
            return []
        begin, end, turns = min(begin, at), max(end, at + note.length), 2
    count = round((end - begin) / note.tremolo.length / turns) * turns
    own = range(turn, count, turns)
    ticks = [begin + (end - begin) * place // max(count, 1) for place in range(count + 1)]
    return [
        replace(
            note,
            start=ticks[place],
            length=ticks[place + 1] - ticks[place],
            tied=False,
            slurs=tuple((kind, name) for kind, name in note.slurs if place == (own[0] if kind == "start" else own[-1])),
            graces=note.graces if place == own[0] else [],
            tremolo=None,
        )
        for place in (own if count > 1 else ())
    ]
