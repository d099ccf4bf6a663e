"""Pieces on a grid, and a reader that trusts nothing in a MusicXML file but what it says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import accumulate
from xml.etree import ElementTree as Xml

from hypothesis import strategies as st

from genai_demo.music.notation.spelling import Name, signature
from genai_demo.music.theory.piece import LEFT, RIGHT, TICKS, Bar, Key, Note, Piece

METRES = ((4, 4), (3, 4), (2, 4), (6, 8), (3, 8), (9, 8), (12, 8), (2, 2), (5, 4), (7, 8), (5, 8), (1, 4))
C_MAJOR = Key(0, "major")
KEYS = [Key(tonic, mode) for mode in ("major", "minor") for tonic in range(12)]
SIGNS = {"flat-flat": -2, "flat": -1, "natural": 0, "sharp": 1, "double-sharp": 2}
KINDS = {
    "breve": 8.0,
    "whole": 4.0,
    "half": 2.0,
    "quarter": 1.0,
    "eighth": 0.5,
    "16th": 0.25,
    "32nd": 0.125,
    "64th": 0.0625,
}


def bars(*metres: tuple[int, int]) -> tuple[Bar, ...]:
    """Return bars of these metres, one after the other."""
    lengths = [Bar(0, *metre).length for metre in metres]
    return tuple(Bar(start, *metre) for start, metre in zip(accumulate(lengths[:-1], initial=0), metres, strict=True))


def piece(
    right: Iterable[tuple[float, float, int]],
    left: Iterable[tuple[float, float, int]] = (),
    metres: Iterable[tuple[int, int]] = ((4, 4),),
    key: Key | None = C_MAJOR,
) -> Piece:
    """Return a piece of notes given as (start, length, pitch) in quarters."""
    notes = [
        Note(round(start * TICKS), pitch, round(length * TICKS), hand)
        for hand, part in ((RIGHT, right), (LEFT, left))
        for start, length, pitch in part
    ]
    made = Piece(tuple(sorted(notes)), bars(*metres), key)
    assert made.faults() == []
    return made


def without_clashes(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Return the notes in order, without those that strike a key that is held."""
    kept: list[Note] = []
    until: dict[int, int] = {}
    for note in sorted(notes):
        if note.start >= until.get(note.pitch, 0):
            kept.append(note)
            until[note.pitch] = note.end
    return tuple(kept)


@st.composite
def grid_pieces(draw: st.DrawFn) -> Piece:
    """Pieces on sixteenths and, in some half beats, on triplets of sixteenths or eighths."""
    metre = draw(st.sampled_from(METRES))
    metres = [metre] * draw(st.integers(1, 3))
    if draw(st.booleans()) and metre[0] > 2:
        metres.insert(0, (1, metre[1]))
    line = bars(*metres)
    notes = []
    for hand, low in ((RIGHT, 55), (LEFT, 31)):
        places = set()
        for bar in line:
            whole = line[1] if bar.length < line[-1].length else bar
            offset = whole.length - bar.length
            for cell in range(0, whole.length, TICKS // 2):
                steps = draw(st.sampled_from([(0, 120), (0, 120), (0, 80, 160)]))
                places |= {bar.start + cell + step - offset for step in steps if offset <= cell + step < whole.length}
        ticks = sorted(places | {line[-1].end})
        starts = draw(st.lists(st.integers(0, len(ticks) - 2), max_size=12))
        for start in starts:
            end = draw(st.integers(start + 1, min(start + 9, len(ticks) - 1)))
            pitch = low + draw(st.integers(0, 24))
            notes.append(Note(ticks[start], pitch, ticks[end] - ticks[start], hand))
    made = Piece(without_clashes(notes), line, draw(st.sampled_from([None, *KEYS])))
    assert made.faults() == []
    return made


@st.composite
def any_pieces(draw: st.DrawFn) -> Piece:
    """Pieces as somebody may have played them: on no grid."""
    line = bars(*[draw(st.sampled_from([(4, 4), (3, 4), (6, 8)]))] * 2)
    note = st.builds(
        Note,
        st.integers(0, line[-1].end - 1),
        st.integers(21, 108),
        st.integers(1, 2500),
        st.sampled_from([RIGHT, LEFT]),
    )
    return Piece(without_clashes(draw(st.lists(note, max_size=14))), line, draw(st.sampled_from(KEYS)))


@dataclass
class Reading:
    """What a MusicXML file says."""

    notes: Counter[tuple[int, int, int, int]] = field(default_factory=Counter)
    """(start, end, pitch, hand) in ticks, tied notes joined"""
    voices: list[dict[int, int]] = field(default_factory=list)
    """number of voices of each hand in every bar"""
    clefs: list[dict[int, str]] = field(default_factory=list)
    """clef of each hand in every bar"""
    beams: list[list[str]] = field(default_factory=list)
    """first beam of every value, "" without, voice by voice"""
    values: list[list[str]] = field(default_factory=list)
    """kinds with dots, "r" before rests, voice by voice"""
    printed: Counter[str] = field(default_factory=Counter)
    """printed accidentals"""


def number(element: Xml.Element, path: str) -> int:
    return int(element.findtext(path) or 0)


def read(content: bytes) -> Reading:
    """Read a score, and check on the way what every score has to keep."""
    root = Xml.fromstring(content)
    part = root.find("part")
    assert part is not None and number(part, "measure/attributes/divisions") == TICKS
    usual: dict[str, int] = {}
    found = Reading()
    tied: dict[tuple[int, int], tuple[int, int]] = {}
    clefs: dict[int, str] = {}
    bar_start = 0
    for measure in part.findall("measure"):
        if measure.find("attributes/key") is not None:
            usual = signature(key_of(measure))
        for clef in measure.findall("attributes/clef"):
            clefs[int(clef.get("number", 1)) - 1] = clef.findtext("sign") or ""
        found.clefs.append(dict(clefs))
        lines: dict[tuple[int, int], list[Xml.Element]] = {}
        # Grace notes take no time.
        for element in (note for note in measure.findall("note") if note.find("grace") is None):
            lines.setdefault((number(element, "staff") - 1, number(element, "voice")), []).append(element)
        length = sum(number(note, "duration") for note in next(iter(lines.values())) if note.find("chord") is None)
        assert [number(backup, "duration") for backup in measure.findall("backup")] == [length] * (len(lines) - 1)
        found.voices.append(dict(Counter(hand for hand, _ in lines)))
        assert max(found.voices[-1].values()) <= 2
        sounding: list[tuple[int, int, int, Xml.Element]] = []
        for (hand, _), line in lines.items():
            place = start = bar_start
            _check_line(line, found)
            for note in line:
                duration = number(note, "duration")
                start = start if note.find("chord") is not None else place
                place = start + duration
                if note.find("pitch") is not None:
                    sounding.append((start, place, hand, note))
            assert place - bar_start == length
        struck = []
        for start, end, hand, note in sorted(sounding, key=lambda item: item[:3]):
            pitch = name_of(note, number(note, "pitch/alter")).pitch
            ties = [tie.get("type") for tie in note.findall("tie")]
            assert ties == [tie.get("type") for tie in note.findall("notations/tied")]
            first = start
            if "stop" in ties:
                first, until = tied.pop((hand, pitch))
                assert until == start, "a tie leads to the next value"
            else:
                struck.append((hand, start, note))
            if "start" in ties:
                tied[hand, pitch] = (first, end)
            else:
                found.notes[first, end, pitch, hand] += 1
        _check_signs(struck, usual, found)
        bar_start += length
    assert not tied
    return found


def key_of(measure: Xml.Element) -> Key:
    fifths, mode = number(measure, "attributes/key/fifths"), measure.findtext("attributes/key/mode")
    return Key.of_signature(fifths, mode or "")


def name_of(note: Xml.Element, alter: int) -> Name:
    return Name(note.findtext("pitch/step") or "", alter, number(note, "pitch/octave"))


def _check_line(line: list[Xml.Element], found: Reading) -> None:
    """Values last as long as they say, beams and triplets open and close."""
    open_beams: dict[str, bool] = {}
    in_triplet = False
    values, beams = [], []
    for note in line:
        if note.find("rest[@measure='yes']") is not None:
            values.append("bar")
            beams.append("")
            continue
        dots = len(note.findall("dot"))
        ticks = KINDS[note.findtext("type") or ""] * TICKS * (2 - 0.5**dots)
        if note.find("time-modification") is not None:
            ticks = (
                ticks * number(note, "time-modification/normal-notes") / number(note, "time-modification/actual-notes")
            )
        assert ticks == number(note, "duration")
        if note.find("chord") is not None:
            assert note.find("beam") is None and values
            continue
        values.append(("r" if note.find("rest") is not None else "") + (note.findtext("type") or "") + "." * dots)
        kinds = [tuplet.get("type") for tuplet in note.findall("notations/tuplet")]
        assert ("start" in kinds) <= (not in_triplet)
        in_triplet = in_triplet or "start" in kinds
        assert in_triplet == (note.find("time-modification") is not None)
        in_triplet = in_triplet and "stop" not in kinds
        marks = {beam.get("number", ""): beam.text or "" for beam in note.findall("beam")}
        beams.append(marks.get("1", ""))
        assert not any(open_beams.values()) or marks.get("1") in ("continue", "end"), "a beam breaks off"
        for level, mark in marks.items():
            if "hook" not in mark:
                assert open_beams.get(level, False) == (mark in ("continue", "end"))
                open_beams[level] = mark in ("begin", "continue")
        if marks:
            flags = {"eighth": 1, "16th": 2, "32nd": 3, "64th": 4}[note.findtext("type") or ""]
            assert list(marks) == [str(level + 1) for level in range(flags)]
    assert not any(open_beams.values()) and not in_triplet
    found.values.append(values)
    found.beams.append(beams)


def _check_signs(struck: list[tuple[int, int, Xml.Element]], usual: dict[str, int], found: Reading) -> None:
    """Whoever sees only what is printed in a bar plays the right keys."""
    valid: dict[tuple[int, int], int] = {}
    for hand, _, note in sorted(
        struck, key=lambda item: (item[:2], name_of(item[2], number(item[2], "pitch/alter")).pitch)
    ):
        alter = number(note, "pitch/alter")
        name = name_of(note, alter)
        printed = note.findtext("accidental")
        if printed:
            valid[hand, name.line] = SIGNS[printed]
            found.printed[printed] += 1
        assert valid.get((hand, name.line), usual[name.letter]) == alter, f"{name} is not printed"
