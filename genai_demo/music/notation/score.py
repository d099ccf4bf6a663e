"""Sheet music: a piece as MusicXML 4.0, two staves under a brace, as a pianist would expect to read it.

Written without a notation library: `music21` takes seconds to be imported and most of a second for eight bars.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from xml.etree import ElementTree as Xml

from genai_demo.catalogue import message
from genai_demo.engine.generation.receipts import Receipt, origin
from genai_demo.marks.origin import entries
from genai_demo.music.notation.accidentals import SIGNS, accidentals_of
from genai_demo.music.notation.beams import beams
from genai_demo.music.notation.clefs import CLEFS, clefs_of, heights
from genai_demo.music.notation.directions import Direction, directions, is_performed
from genai_demo.music.notation.header import head
from genai_demo.music.notation.header import sub as _sub
from genai_demo.music.notation.legato import sounding_legato
from genai_demo.music.notation.note_values import KINDS, Value, division, triplets, values
from genai_demo.music.notation.played import grace_names, grace_notes
from genai_demo.music.notation.quantizing import quantize_for_score
from genai_demo.music.notation.slurs import Slurs, slurs_of
from genai_demo.music.notation.spelling import Name, signature, spell
from genai_demo.music.notation.voices import HANDS, Event, Measure, measures, voices
from genai_demo.music.theory.key_estimation import estimate_key_or_c_major
from genai_demo.music.theory.piece import LEFT, TICKS, Key, Note, Piece

FORTE = 90
"""velocity of which MusicXML counts the hundredths"""


@dataclass(frozen=True)
class _Piece:
    """A piece with all that was decided about how to write it."""

    notes: list[Note]
    names: list[Name]
    """of `notes`"""
    keys: list[Key]
    """of every bar"""
    frames: list[Measure]
    lines: list[dict[int, list[list[Event]]]]
    """voices of each hand, for every bar"""
    clefs: dict[int, list[str]]
    """"G" or "F" for each hand and bar"""
    accidentals: dict[int, str]
    """what is printed before a note, by its place in `notes`"""
    graces: dict[int, list[tuple[Note, Name]]]
    """grace notes before a note, by its place in `notes`"""
    slurs: Slurs
    directions: list[Direction]
    performed: bool
    """whether velocities are kept"""


def musicxml(
    piece: Piece,
    title: str = "",
    receipt: Receipt | None = None,
    language: str = "en",
    made: bool = True,
    legato: Collection[int] = (),
) -> bytes:
    """Return a piece as a MusicXML file.

    Notes that are on no writable grid move to the nearest place of one, as `quantize_for_score` says; very short ones
    before another become grace notes, as `grace_notes` says. Velocities stand with the notes where they are not all the
    usual one, and the exact tempo in a field of its own where it is no whole number: tempi with fractions are an error
    to LilyPond's reader.

    Args:
        piece: what to write. Where it has no key, the one nearest to its notes is taken.
        title: printed above; none if empty.
        receipt: how to make the piece again, kept in the file; None for what no receipt can make again.
        language: one of `LANGUAGES`, of the line that says that a machine made it.
        made: whether to say so, in that line and for programs.
        legato: bars, from 0, in which rests shorter than a beat are not meant, see `sounding_legato`.
    """
    decided = _decide(piece, legato)
    maker = message("music.machine_composed", language) if made else ""
    root = head(
        title, entries(origin(maker, receipt), repr(piece).encode()) if made else {}, piece.tempo, language, maker
    )
    part = Xml.SubElement(root, "part", id="P1")
    for number, frame in enumerate(decided.frames):
        measure = Xml.SubElement(part, "measure", number=str(frame.number))
        if frame.number == 0:
            measure.set("implicit", "yes")
        _attributes(measure, decided, number)
        if number == 0:
            _tempo(measure, piece.tempo, frame)
        _music(measure, decided, number)
        if number == len(decided.frames) - 1:
            _sub(Xml.SubElement(measure, "barline", location="right"), "bar-style", "light-heavy")
    Xml.indent(root, " ")
    return Xml.tostring(root, encoding="UTF-8", xml_declaration=True)


def _decide(piece: Piece, legato: Collection[int]) -> _Piece:
    adorned = grace_notes(piece)
    plain = replace(piece, notes=tuple(note for note in piece.notes if note not in adorned))
    frames = measures(piece)
    notes = sounding_legato(quantize_for_score(plain), frames, legato)
    key = piece.key or estimate_key_or_c_major(notes)
    keys = [piece.key_at(frame.bar.start) or key for frame in frames]
    names = spell(notes, key, piece.key_changes, [frame.bar.start for frame in frames])
    lines = voices(notes, frames)
    clefs: dict[int, list[str]] = {}
    accidentals: dict[int, str] = {}
    for hand in HANDS:
        sounding = [sorted({place for line in bar[hand] for event in line for place in event.notes}) for bar in lines]
        clefs[hand] = clefs_of([heights(bar[hand], names) for bar in lines], hand)
        struck = [
            [place for place in bar if notes[place].start >= frame.bar.start]
            for bar, frame in zip(sounding, frames, strict=True)
        ]
        accidentals |= accidentals_of(struck, names, keys)
    starts = {
        hand: [tick for frame, bar in zip(frames, lines, strict=True) for tick in _starts(bar[hand][0], frame)]
        for hand in HANDS
    }
    return _Piece(
        notes,
        names,
        keys,
        frames,
        lines,
        clefs,
        accidentals,
        grace_names(adorned, notes, piece, key),
        slurs_of(piece, notes, adorned, frames, lines),
        directions(piece, frames, starts),
        is_performed(piece),
    )


def _starts(line: Sequence[Event], frame: Measure) -> list[int]:
    """Return the ticks at which the values of a voice start, but for a rest of a whole bar."""
    return [] if _is_silent(line, frame) else [frame.start + value.start for value, _ in _written(line, frame)]


def _attributes(measure: Xml.Element, piece: _Piece, number: int) -> None:
    """Write key, metre and clefs where they begin or change."""
    time_signature = piece.frames[number].time_signature
    before = None if number == 0 else piece.frames[number - 1].time_signature
    attributes = Xml.Element("attributes")
    if number == 0:
        _sub(attributes, "divisions", TICKS)
    if number == 0 or piece.keys[number] != piece.keys[number - 1]:
        key = _sub(attributes, "key")
        _sub(key, "fifths", piece.keys[number].sharps)
        _sub(key, "mode", piece.keys[number].mode)
    if before is None or (before.beats, before.unit) != (time_signature.beats, time_signature.unit):
        time = _sub(attributes, "time")
        _sub(time, "beats", time_signature.beats)
        _sub(time, "beat-type", time_signature.unit)
    if number == 0:
        _sub(attributes, "staves", len(HANDS))
    for hand in HANDS:
        sign = piece.clefs[hand][number]
        if number == 0 or sign != piece.clefs[hand][number - 1]:
            clef = _sub(attributes, "clef", number=_staff(hand))
            _sub(clef, "sign", sign)
            _sub(clef, "line", CLEFS[sign][0])
    if len(attributes):
        measure.append(attributes)


def _staff(hand: int) -> str:
    return "2" if hand == LEFT else "1"


def _tempo(measure: Xml.Element, tempo: float, frame: Measure) -> None:
    """Write the tempo mark, in dotted quarters where a beat has three eighths."""
    direction = _sub(measure, "direction", placement="above")
    metronome = _sub(_sub(direction, "direction-type"), "metronome")
    _sub(metronome, "beat-unit", "quarter")
    dotted = frame.time_signature.unit == 8 and frame.time_signature.beats in (6, 9, 12)
    if dotted:
        _sub(metronome, "beat-unit-dot")
    _sub(metronome, "per-minute", round(tempo / 1.5 if dotted else tempo))
    _sub(direction, "staff", 1)
    _sub(direction, "sound", tempo=str(round(tempo)))


def _direct(measure: Xml.Element, piece: _Piece, hand: int, tick: int) -> None:
    """Write the signs under a staff that stand before what starts at a tick."""
    for sign in piece.directions:
        if (sign.hand, sign.before) == (hand, tick):
            direction = _sub(measure, "direction", placement="below")
            kind = _sub(direction, "direction-type")
            if sign.kind == "dynamics":
                _sub(_sub(kind, "dynamics"), sign.value)
            else:
                _sub(kind, "pedal", type=sign.value, line="yes")
            if sign.offset:
                _sub(direction, "offset", sign.offset)
            _sub(direction, "staff", _staff(hand))


def _music(measure: Xml.Element, piece: _Piece, number: int) -> None:
    """Write the voices of one bar, each from its start."""
    frame = piece.frames[number]
    first = True
    for hand in HANDS:
        lines = piece.lines[number][hand]
        for voice, line in enumerate(lines):
            if not first:
                _sub(_sub(measure, "backup"), "duration", frame.bar.length)
            first = False
            if _is_silent(line, frame):
                _direct(measure, piece, hand, frame.bar.start)
                _whole_rest(measure, frame, hand)
                continue
            written = _written(line, frame)
            marks = beams([(value, not notes) for value, notes in written], frame.time_signature)
            stem = ("up", "down")[voice] if len(lines) > 1 else None
            for place, (value, notes) in enumerate(written):
                tuplet = _tuplet(written, marks, place)
                if voice == 0:
                    _direct(measure, piece, hand, frame.start + value.start)
                _chord(
                    measure,
                    piece,
                    frame,
                    value,
                    notes,
                    _Place(piece.keys[number], hand, voice, stem, marks[place], tuplet),
                )
    if number == len(piece.frames) - 1:
        for hand in HANDS:
            _direct(measure, piece, hand, frame.bar.end)


def _written(line: Sequence[Event], frame: Measure) -> list[tuple[Value, tuple[int, ...]]]:
    """Return the values that write a voice of a bar, each with the places of its notes."""
    tree = division(frame.time_signature)
    shared = list(triplets(tree, [event.start for event in line]))
    return [
        (value, event.notes)
        for event in line
        for value in values(tree, event.start, event.end, shared, rest=not event.notes)
    ]


def _is_silent(line: Sequence[Event], frame: Measure) -> bool:
    """Return whether a voice rests for all of a whole bar."""
    return len(line) == 1 and not line[0].notes and frame.bar.length == frame.time_signature.length


def _whole_rest(measure: Xml.Element, frame: Measure, hand: int) -> None:
    note = _sub(measure, "note")
    _sub(note, "rest", measure="yes")
    _sub(note, "duration", frame.bar.length)
    _sub(note, "voice", 1 + 4 * (hand == LEFT))
    _sub(note, "staff", _staff(hand))


def _tuplet(
    written: Sequence[tuple[Value, tuple[int, ...]]], marks: Sequence[list[str]], place: int
) -> list[dict[str, str]]:
    """Return the starts and stops of triplet brackets at a value; no bracket where one beam shows the group."""
    value = written[place][0]
    if value.triplet is None:
        return []
    group = [number for number, (other, _) in enumerate(written) if other.triplet == value.triplet]
    joined = all(marks[number] for number in group) and not {"begin", "end"} & {
        mark[0] for mark in (marks[number] for number in group[1:-1])
    }
    found = []
    if place == group[0]:
        found.append({"type": "start", "bracket": "no" if joined else "yes"})
    if place == group[-1]:
        found.append({"type": "stop"})
    return found


@dataclass(frozen=True)
class _Place:
    """Where and how a value stands."""

    key: Key
    """of the bar"""
    hand: int
    voice: int
    stem: str | None
    beams: list[str]
    tuplet: list[dict[str, str]]


def _chord(
    measure: Xml.Element, piece: _Piece, frame: Measure, value: Value, notes: tuple[int, ...], at: _Place
) -> None:
    """Write the notes of one value, or its rest."""
    start, end = frame.start + value.start, frame.start + value.end
    for grace, name in [
        found for one in notes if piece.notes[one].start == start for found in piece.graces.get(one, ())
    ]:
        _grace(measure, name, signature(at.key), at, _slurs(piece.slurs, grace))
    for number, place in enumerate(notes or (None,)):
        note = _sub(measure, "note")
        ties: list[str] = []
        if place is None:
            _sub(note, "rest")
        else:
            if number:
                _sub(note, "chord")
            _pitch(note, piece.names[place])
            if piece.performed:
                note.set("dynamics", f"{piece.notes[place].velocity / FORTE:.2%}"[:-1])
            ties = ["stop"] * (piece.notes[place].start < start) + ["start"] * (piece.notes[place].end > end)
        _sub(note, "duration", value.end - value.start)
        for tie in ties:
            _sub(note, "tie", type=tie)
        _sub(note, "voice", 1 + at.voice + 4 * (at.hand == LEFT))
        _sub(note, "type", value.kind)
        for _ in range(value.dots):
            _sub(note, "dot")
        if place is not None and place in piece.accidentals and "stop" not in ties:
            _sub(note, "accidental", piece.accidentals[place])
        if value.triplet:
            modification = _sub(note, "time-modification")
            _sub(modification, "actual-notes", 3)
            _sub(modification, "normal-notes", 2)
            _sub(modification, "normal-type", KINDS[value.triplet.length // 2])
        if at.stem and place is not None and value.kind not in ("whole", "breve"):
            _sub(note, "stem", at.stem)
        _sub(note, "staff", _staff(at.hand))
        if place is not None and number == 0:
            for level, mark in enumerate(at.beams, start=1):
                _sub(note, "beam", mark, number=str(level))
        slurs = [] if place is None else _slurs(piece.slurs, place, "stop" not in ties, "start" not in ties)
        tuplets = at.tuplet if number == 0 else []
        if ties or tuplets or slurs:
            notations = _sub(note, "notations")
            for tie in ties:
                _sub(notations, "tied", type=tie)
            for kind, marks in (("slur", slurs), ("tuplet", tuplets)):
                for named in marks:
                    _sub(notations, kind, **named)


def _slurs(slurs: Slurs, key: int | Note, first: bool = True, last: bool = True) -> list[dict[str, str]]:
    """Return the slurs that end and begin at a value of a note.

    Args:
        slurs: of the piece.
        key: as in `Slurs`.
        first, last: whether the value is the first and the last of the note.
    """
    ended = [{"type": "stop", "number": str(number)} for number in slurs.stops.get(key, ()) if last]
    return ended + [{"type": "start", "number": str(number)} for number in slurs.starts.get(key, ()) if first]


def _pitch(note: Xml.Element, name: Name) -> None:
    pitch = _sub(note, "pitch")
    _sub(pitch, "step", name.letter)
    if name.alter:
        _sub(pitch, "alter", name.alter)
    _sub(pitch, "octave", name.octave)


def _grace(
    measure: Xml.Element, name: Name, usual: Mapping[str, int], at: _Place, slurs: Sequence[dict[str, str]]
) -> None:
    """Write a grace note before the chord that follows, with an accidental that nobody need remember.

    Args:
        measure: is added to.
        name: of the note.
        usual: from `signature`.
        at: of the chord.
        slurs: that end and begin here.
    """
    note = _sub(measure, "note")
    _sub(note, "grace", slash="yes")
    _pitch(note, name)
    _sub(note, "voice", 1 + at.voice + 4 * (at.hand == LEFT))
    _sub(note, "type", "eighth")
    if name.alter or usual[name.letter]:
        _sub(note, "accidental", SIGNS[name.alter])
    _sub(note, "staff", _staff(at.hand))
    if slurs:
        notations = _sub(note, "notations")
        for slur in slurs:
            _sub(notations, "slur", **slur)
