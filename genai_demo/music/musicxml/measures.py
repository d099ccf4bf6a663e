"""What each measure of a part of a score says, in ticks from its beginning."""

from __future__ import annotations

import re
from fractions import Fraction
from xml.etree import ElementTree as Xml

from genai_demo.errors import UserError
from genai_demo.music.musicxml.flow import MOST_PASSES
from genai_demo.music.musicxml.tremolos import played_out, tremolo_of
from genai_demo.music.musicxml.written import GraceNote, Measure, Part, Sign, WrittenNote, number
from genai_demo.music.notation.directions import DYNAMICS
from genai_demo.music.notation.note_values import KINDS
from genai_demo.music.notation.score import FORTE
from genai_demo.music.theory.piece import TICKS

MOST_NOTES = 60_000
_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_TICKS_OF = {kind: ticks for ticks, kind in KINDS.items()}
_LEVELS = {**DYNAMICS, "pppp": 10, "ppppp": 6, "pppppp": 3, "ffff": 127, "fffff": 127, "ffffff": 127, "n": 1}
_ACCENTS = {"sf": 112, "sfz": 112, "sffz": 126, "sfzp": 112, "sfp": 112, "sfpp": 112, "rf": 96, "rfz": 96, "fz": 112}
_AFTERWARDS = {"fp": ("f", "p"), "pf": ("p", "f"), "sfp": ("", "p"), "sfpp": ("", "pp"), "sfzp": ("", "p")}
"""what is loud at once and soft from the next note on: both marks"""
_ORNAMENTS = ("trill-mark", "turn", "inverted-turn", "mordent", "inverted-mordent", "shake", "tremolo", "schleifer")
_SLIDES = ("glissando", "slide")
_NUMBER = re.compile(r"\d{1,4}(?:\.\d{1,4})?")
_LONGEST = 1024 * TICKS
"""ticks of the longest measure that is believed: there is music without bar lines"""


class PartReader:
    """Reads the measures of one part, one after the other.

    Args:
        part: is added to.
        small_notes: whether what the score calls cues are notes that are played, only printed small.
    """

    def __init__(self, part: Part, small_notes: bool = False) -> None:
        self._part, self._small_notes = part, small_notes
        self._divisions = Fraction(1)
        self._transposition = self._sharps = 0
        self._ending: frozenset[int] = frozenset()
        self._metre = 4 * TICKS

    def read(self, element: Xml.Element) -> None:
        """Add a `measure` to the part.

        Raises:
            UserError: more notes than any piece has.
        """
        measure = Measure(element.get("implicit") == "yes" or element.get("number") == "0")
        self._measure = measure
        self._cursor = self._before = Fraction(0)
        self._graces: dict[str, list[list[GraceNote]]] = {}
        self._chord: list[WrittenNote] = []
        readers = {
            "note": self._note,
            "attributes": self._attributes,
            "direction": self._direction,
            "sound": self._sound,
            "barline": self._barline,
        }
        for child in element:
            if child.tag in ("backup", "forward"):
                step = self._ticks(child)
                self._cursor = max(self._cursor - step if child.tag == "backup" else self._cursor + step, Fraction(0))
                self._fill()
            elif child.tag in readers:
                readers[child.tag](child)
        written = len(measure.notes)
        measure.notes, played = played_out(measure.notes, MOST_NOTES)
        self._part.tremolos += played
        self._count(len(measure.notes) - written)
        self._late_graces()
        measure.flow.endings = measure.flow.endings or self._ending
        self._part.measures.append(measure)

    def _ticks(self, element: Xml.Element) -> Fraction:
        duration = Fraction(number(element.findtext("duration"))).limit_denominator(10_000)
        return min(max(duration * TICKS / self._divisions, Fraction(0)), Fraction(_LONGEST))

    def _now(self, offset: Fraction = Fraction(0)) -> int:
        return round(self._cursor + offset)

    def _fill(self) -> None:
        self._measure.length = min(max(self._measure.length, round(self._cursor)), _LONGEST)

    def _attributes(self, element: Xml.Element) -> None:
        divisions = Fraction(number(element.findtext("divisions"))).limit_denominator(10_000)
        if divisions > 0:
            self._divisions = divisions
        self._part.staves = max(self._part.staves, min(int(number(element.findtext("staves"), 1)), 8))
        time = element.find("time")
        if time is not None and (metre := _metre(time)):
            self._measure.metre = metre
            self._metre = 4 * TICKS * metre[0] // metre[1]
        transpose = element.find("transpose")
        if transpose is not None:
            octaves = number(transpose.findtext("octave-change"), most=4)
            self._transposition = int(number(transpose.findtext("chromatic"), most=48) + 12 * octaves)
            self._sharps = _sharps(transpose)
        key = element.find("key")
        if key is not None and key.find("fifths") is not None:
            sharps = int(number(key.findtext("fifths")))
            if -7 <= sharps <= 7:
                sharps += self._sharps
                sounding = sharps - 12 * ((sharps > 7) - (sharps < -7))
                self._measure.key = (sounding, (key.findtext("mode") or "").strip().lower())

    def _note(self, element: Xml.Element) -> None:
        in_chord, rest = element.find("chord") is not None, element.find("rest")
        if element.find("grace") is not None:
            self._grace(element, in_chord)
            return
        length = self._ticks(element)
        start = self._before if in_chord else self._cursor
        if not in_chord:
            self._before, self._cursor = start, start + length
            self._chord = []
        whole = rest is not None and rest.get("measure") == "yes"
        if not whole:
            self._fill()
        if self._is_cue(element):
            self._part.left_out["cues"] += 1
        elif element.find("unpitched") is not None:
            self._part.left_out["drums"] += 1
        elif (pitch := self._pitch(element)) is not None:
            self._add(element, pitch, round(start), round(start + length) - round(start), in_chord)
            self._measure.sounding = max(self._measure.sounding, min(round(start + length), _LONGEST))

    def _is_cue(self, element: Xml.Element) -> bool:
        """Return whether a note is only to be seen; one that is not printed is there to be heard, as of a trill."""
        return element.find("cue") is not None and not self._small_notes and element.get("print-object") != "no"

    def _add(self, element: Xml.Element, pitch: int, start: int, length: int, in_chord: bool) -> None:
        ties = {tie.get("type") for tie in (*element.findall("tie"), *element.findall("notations/tied"))}
        voice = element.findtext("voice") or ""
        note = WrittenNote(
            start,
            length,
            pitch,
            _staff(element),
            voice,
            bool(ties & {"start", "continue"}),
            _velocity(element),
            _slurs(element),
            tremolo=tremolo_of(element),
        )
        if not in_chord:
            note.graces = self._graces.pop(voice, [])
        self._measure.notes.append(note)
        self._chord.append(note)
        self._part.left_out["ornaments"] += _adorned(element, note, in_chord)
        self._count(1)

    def _count(self, notes: int) -> None:
        self._part.left_out["notes"] += notes
        if self._part.left_out["notes"] > MOST_NOTES:
            raise UserError("music.too_many_notes", most=MOST_NOTES)

    def _grace(self, element: Xml.Element, in_chord: bool) -> None:
        pitch = self._pitch(element)
        if pitch is None or self._is_cue(element):
            return
        waiting = self._graces.setdefault(element.findtext("voice") or "", [])
        note = GraceNote(pitch, _velocity(element), _slurs(element))
        if in_chord and waiting:
            waiting[-1].append(note)
        else:
            waiting.append([note])

    def _late_graces(self) -> None:
        """Give grace notes that nothing follows to the end of the measure, as after a trill."""
        for voice, graces in self._graces.items():
            staff = next((note.staff for note in reversed(self._measure.notes) if note.voice == voice), 1)
            end = self._measure.length or self._metre
            self._measure.notes.append(WrittenNote(end, 0, 0, staff, voice, graces=graces))

    def _pitch(self, element: Xml.Element) -> int | None:
        """Return MIDI's number of a note as it sounds; None for a rest."""
        step = _STEPS.get((element.findtext("pitch/step") or "").strip().upper())
        if step is None:
            return None
        alter = number(element.findtext("pitch/alter"), most=4)
        self._part.left_out["microtones"] += alter != round(alter)
        octave = int(number(element.findtext("pitch/octave"), 4, most=10))
        return min(max(12 * (octave + 1) + step + round(alter) + self._transposition, 0), 127)

    def _direction(self, element: Xml.Element) -> None:
        offset = Fraction(number(element.findtext("offset"))).limit_denominator(10_000) * TICKS / self._divisions
        now = self._now(offset)
        sound = element.find("sound")
        for sign in element.iterfind("direction-type/*"):
            if sign.tag == "dynamics":
                self._dynamics(sign, now, None if sound is None else sound.get("dynamics"))
            elif sign.tag == "wedge":
                value = {"crescendo": 1, "diminuendo": -1, "stop": 0}.get(sign.get("type", ""))
                if value is not None:
                    self._measure.wedges.append(Sign(now, value))
            elif sign.tag == "pedal":
                self._pedal(sign.get("type", ""), now)
            elif sign.tag == "metronome" and (sound is None or sound.get("tempo") is None):
                self._metronome(sign, now)
            elif sign.tag == "segno":
                self._measure.flow.segno = True
            elif sign.tag == "coda":
                self._measure.flow.coda = True
        if sound is not None:
            self._sound(sound, now)

    def _dynamics(self, element: Xml.Element, now: int, exact: str | None) -> None:
        for mark in element:
            first, then = _AFTERWARDS.get(mark.tag, (mark.tag, ""))
            if mark.tag in _ACCENTS:
                self._measure.accents.append(Sign(now, _ACCENTS[mark.tag]))
            elif first in _LEVELS:
                stated = _hundredths(exact) if not then else None
                self._measure.levels.append(Sign(now, _LEVELS[first] if stated is None else stated))
            if then in _LEVELS:
                self._measure.levels.append(Sign(now + 1, _LEVELS[then]))

    def _pedal(self, kind: str, now: int) -> None:
        if kind in ("stop", "change", "discontinue"):
            self._measure.pedal.append(Sign(now, 0))
        if kind in ("start", "change", "resume"):
            self._measure.pedal.append(Sign(now, 1))

    def _metronome(self, element: Xml.Element, now: int) -> None:
        found = _NUMBER.search(element.findtext("per-minute") or "")
        unit = _TICKS_OF.get((element.findtext("beat-unit") or "").strip())
        if found and unit and float(found[0]):
            beat = unit * (2 - 0.5 ** len(element.findall("beat-unit-dot")))
            self._measure.tempos.append(Sign(now, float(found[0]) * beat / TICKS))

    def _sound(self, element: Xml.Element, now: int | None = None) -> None:
        now = self._now() if now is None else now
        flow = self._measure.flow
        if tempo := number(element.get("tempo"), most=10_000):
            self._measure.tempos.append(Sign(now, tempo))
        if element.get("damper-pedal") in ("yes", "no") and not self._measure.pedal:
            self._measure.pedal.append(Sign(now, element.get("damper-pedal") == "yes"))
        flow.da_capo |= element.get("dacapo") == "yes"
        flow.dal_segno |= element.get("dalsegno") is not None
        flow.segno |= element.get("segno") is not None
        flow.coda |= element.get("coda") is not None
        flow.to_coda |= element.get("tocoda") is not None
        flow.fine |= element.get("fine") is not None

    def _barline(self, element: Xml.Element) -> None:
        flow = self._measure.flow
        repeat, ending = element.find("repeat"), element.find("ending")
        if repeat is not None:
            if repeat.get("direction") == "forward":
                flow.begins_repeat = True
            else:
                flow.repeats = min(max(int(number(repeat.get("times"), 2)), 2), MOST_PASSES)
        if ending is not None:
            if ending.get("type") == "start":
                numbers = (int(found) for found in re.findall(r"\d{1,2}", ending.get("number", "")))
                self._ending = frozenset(found for found in numbers if 0 < found <= MOST_PASSES)
            else:
                flow.endings, self._ending = self._ending, frozenset()


def _adorned(element: Xml.Element, note: WrittenNote, in_chord: bool) -> bool:
    """Return whether a note has an ornament that is not played out; a rolled chord has one."""
    ornaments = (one.tag for one in element.iterfind("notations/ornaments/*"))
    if any(tag in _ORNAMENTS and not (note.tremolo and tag == "tremolo") for tag in ornaments):
        return True
    slides = (one.get("type") for tag in _SLIDES for one in element.iterfind(f"notations/{tag}"))
    return "start" in slides or (not in_chord and element.find("notations/arpeggiate") is not None)


def _sharps(transpose: Xml.Element) -> int:
    """Return how many sharps more than the written signature that of the sound has, -11 to 11."""
    semitones = int(number(transpose.findtext("chromatic"), most=48))
    steps = transpose.findtext("diatonic")
    more = 7 * semitones - 12 * int(number(steps, most=28)) if steps else (7 * semitones + 5) % 12 - 5
    return more if abs(more) < 12 else (more + 5) % 12 - 5


def _staff(element: Xml.Element) -> int:
    return max(int(number(element.findtext("staff"), 1)), 1)


def _slurs(element: Xml.Element) -> tuple[tuple[str, str], ...]:
    """Return where slurs begin and end at a note."""
    slurs = element.iterfind("notations/slur")
    return tuple((kind, slur.get("number", "1")) for slur in slurs if (kind := slur.get("type")) in ("start", "stop"))


def _velocity(element: Xml.Element) -> int | None:
    """Return the velocity that a note states for itself."""
    return _hundredths(element.get("dynamics"))


def _hundredths(text: str | None) -> int | None:
    """Return a velocity that stands in hundredths of forte's."""
    value = number(text, -1)
    return None if value < 0 else min(max(round(value * FORTE / 100), 1), 127)


def _metre(element: Xml.Element) -> tuple[int, int] | None:
    """Return numerator and denominator, those of sums such as 3/8 + 2/8 and 3+2/8 as one."""
    quarters, units = Fraction(0), []
    for beats, unit in zip(element.findall("beats"), element.findall("beat-type"), strict=False):
        counted = sum(int(found) for found in re.findall(r"\d{1,3}", beats.text or ""))
        value = int(number(unit.text, most=128))
        if counted < 1 or value < 1 or value & (value - 1):
            return None
        quarters += Fraction(counted, value)
        units.append(value)
    return (int(quarters * max(units)), max(units)) if units else None
