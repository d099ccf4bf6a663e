"""MusicXML, from wherever it comes: from its bytes to a piece for two hands, as a MIDI file is read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree as Xml

from genai_demo.errors import UserError
from genai_demo.music.midi.bars import UNITS, time_signature_of
from genai_demo.music.midi.events import TEMPOS
from genai_demo.music.midi.hands import hands_of_two, melody_first, split_hands, within_reach
from genai_demo.music.midi.names import hand_named
from genai_demo.music.midi.reading import MOST_MINUTES, MOST_QUARTERS, Reading, Remark, joined_spans
from genai_demo.music.musicxml.flow import Flow, played_order
from genai_demo.music.musicxml.measures import PartReader
from genai_demo.music.musicxml.parsing import parse_score
from genai_demo.music.musicxml.playing import Played, Player, signs
from genai_demo.music.musicxml.written import Part, Sign, number
from genai_demo.music.notation.header import TEMPO_FIELD
from genai_demo.music.theory.key_signatures import StatedKey, hear_keys
from genai_demo.music.theory.piece import LEFT, PITCHES, RIGHT, STEP, TICKS, Bar, Note, Piece, resolve_overlaps

_PIANOS = range(1, 9)
"""General MIDI's programs that are pianos, from 1"""
_PIANO_NAMES = ("piano", "klavier", "keyboard", "harpsichord", "cembalo", "clavecin", "钢琴")
_MODES = {"major": "major", "ionian": "major", "minor": "minor", "aeolian": "minor"}
_DEFAULT_TEMPO = 120.0
_CUES_SOUND = re.compile(r"MuseScore (?:[0-2]|3\.[0-4])\.")
"""programs that call a chord a cue that is only printed small, as whole studies are"""


def read_musicxml(content: bytes) -> Reading:
    """Read a score in MusicXML, packed or not, that may come from anywhere.

    - Parts for piano are taken; where there are none, all that have pitches.
    - Hands are the staves of a part, or two parts; else they are told as for a MIDI file.
    - Repeats, endings and jumps are played out. Bars are as long as what stands in them.
    - Velocities come from the notes, else from dynamics and hairpins; the pedal from its marks. Ties join notes. Grace
      notes are struck before what they adorn. Tremolos of up to three strokes are played out, other ornaments are not.
      Slurs are kept.
    - Of several tempi the piece gets the one under which it lasts as long.
    - Signatures hold from bar to bar; `hear_keys` says when their mode, or they, are heard instead.

    Args:
        content: of a .musicxml, .xml or .mxl file.

    Raises:
        UserError: no score, a damaged one, one without notes, or one that is too large or too long.
    """
    root = parse_score(content)
    parts = _parts(root)
    chosen, remarks = _for_piano(parts)
    flows = _flows(parts)
    order = played_order(flows)
    remarks += _remarks(("music.repeats_played", len(order) - len(set(order))))
    ordered = [*chosen, *(part for part in parts if part not in chosen)]
    bars, starts = _bars(ordered, len(chosen), order)
    if bars[-1].end > MOST_QUARTERS * TICKS:
        raise UserError("music.too_long", most=MOST_MINUTES)
    tempos = sorted(tempo for part in parts for tempo in signs(part, order, starts, "tempos"))
    tempo, averaged = _tempo(tempos, bars[-1].end, root)
    played = [Player(part, order, starts, tempo).play(bars[-1].end) for part in chosen]
    notes, found = _notes(chosen, played)
    keys = hear_keys(_stated_keys(ordered, order, starts), notes, bars)
    remarks += _remarks(("music.key_doubted", keys.contradicting))
    pedal = joined_spans(span for part in played for span in part.pedal)
    struck = {(note.start, note.pitch): note for note in notes}
    slurs = {(struck[a], struck[b]) for part in played for a, b in part.slurs if a in struck and b in struck}
    piece = Piece(notes, bars, keys.key, tempo, pedal, keys.changes, tuple(sorted(slurs)))
    if piece.seconds > MOST_MINUTES * 60:
        raise UserError("music.too_long", most=MOST_MINUTES)
    return Reading(piece, (*remarks, *found, *averaged), keys.sources)


def _remarks(*counts: tuple[str, int]) -> list[Remark]:
    return [Remark(key, count) for key, count in counts if count]


def _parts(root: Xml.Element) -> list[Part]:
    """Return the parts of a score, of either kind."""
    parts: dict[str, Part] = {}
    for listed in root.iterfind("part-list/score-part"):
        names = [listed.findtext("part-name"), *(name.text for name in listed.iter("instrument-name"))]
        programs = {int(number(program.text)) for program in listed.iter("midi-program")}
        parts[listed.get("id", "")] = Part(" ".join(name for name in names if name), programs)
    software = " ".join(program.text or "" for program in root.iterfind("identification/encoding/software"))
    small_notes = bool(_CUES_SOUND.search(software))
    readers = {name: PartReader(part, small_notes) for name, part in parts.items()}
    for outer in root:
        for inner in outer:
            part, measure = (outer, inner) if root.tag == "score-partwise" else (inner, outer)
            if part.tag != "part" or measure.tag != "measure":
                continue
            name = part.get("id", "")
            if name not in readers:
                parts[name] = Part()
                readers[name] = PartReader(parts[name], small_notes)
            if root.tag == "score-timewise":
                inner.attrib.update(number=outer.get("number", ""), implicit=outer.get("implicit", ""))
                measure = inner
            readers[name].read(measure)
    return [part for part in parts.values() if part.measures]


def _for_piano(parts: Sequence[Part]) -> tuple[list[Part], list[Remark]]:
    """Return the parts that a piano is to play, and what was left out.

    Raises:
        UserError: there are none.
    """
    left_out = sum((part.left_out for part in parts), Counter[str]())
    sounding = [part for part in parts if part.count]
    if not sounding:
        raise UserError("music.only_drums" if left_out["drums"] else "music.no_notes")
    pianos = [part for part in sounding if _is_piano(part)]
    chosen = pianos or sounding
    others = sum(part.left_out["notes"] for part in sounding if part not in chosen)
    return chosen, _remarks(
        ("music.left_out_drums", left_out["drums"]),
        ("music.left_out_instruments", others),
        ("music.no_piano", 0 if pianos else left_out["notes"]),
        ("music.left_out_cues", left_out["cues"]),
        ("music.left_out_ornaments", sum(part.left_out["ornaments"] for part in chosen)),
        ("music.tremolos_played", sum(part.tremolos for part in chosen)),
        ("music.microtones", sum(part.left_out["microtones"] for part in chosen)),
    )


def _is_piano(part: Part) -> bool:
    if part.programs:
        return bool(part.programs & {*_PIANOS})
    return part.staves > 1 or any(name in part.name.lower() for name in _PIANO_NAMES)


def _flows(parts: Sequence[Part]) -> list[Flow]:
    """Return what any part says about the way through each bar."""
    found = [Flow() for _ in range(max(len(part.measures) for part in parts))]
    for part in parts:
        for flow, measure in zip(found, part.measures, strict=False):
            own = measure.flow
            flow.repeats = max(flow.repeats, own.repeats)
            flow.endings |= own.endings
            for name in ("begins_repeat", "segno", "coda", "to_coda", "da_capo", "dal_segno", "fine"):
                setattr(flow, name, getattr(flow, name) or getattr(own, name))
    return found


def _bars(parts: Sequence[Part], chosen: int, order: Sequence[int]) -> tuple[tuple[Bar, ...], list[int]]:
    """Return the bars of a piece, and the tick at which each measure of `order` begins.

    A measure is as long as what stands in it, in the first part and those of its metre. What is played for longer than
    its metre says becomes several bars, unless most parts sound for as long as the metre says: then what is longer is a
    slip.

    Args:
        parts: those that are played first.
        chosen: number of those that are played.
        order: places of measures as they are played.
    """
    shapes: list[list[tuple[int, int]]] = []
    written = 0
    metres: list[tuple[int, int] | None] = [None] * len(parts)
    for place in range(max(len(part.measures) for part in parts)):
        measures = [part.measures[place] if place < len(part.measures) else None for part in parts]
        for turn, measure in enumerate(measures):
            if measure and measure.metre:
                metres[turn] = time_signature_of(*measure.metre) or metres[turn]
        metre = next((metre for metre in metres if metre), None)
        beats, unit = metre or (4, 4)
        whole = Bar(0, beats, unit).length
        fellows = [(one, turn < chosen) for turn, one in enumerate(measures) if one and metres[turn] in (metre, None)]
        longer = any(one.sounding > whole for one, is_played in fellows if is_played)
        # Rests that are longer than their bar are a slip of many programs, unless notes are so too.
        lengths = [one.length if longer and one.sounding > whole else min(one.length, whole) for one, _ in fellows]
        length = max(lengths, default=0)
        if length > whole and 2 * sum(one.sounding == whole for one, _ in fellows) > len(fellows):
            length = whole
        written += length
        if written > MOST_QUARTERS * TICKS:
            raise UserError("music.too_long", most=MOST_MINUTES)
        shapes.append(_shape(length, beats, unit))
    bars: list[Bar] = []
    starts: list[int] = []
    for place in order:
        starts.append(bars[-1].end if bars else 0)
        for shape in shapes[place]:
            bars.append(Bar(bars[-1].end if bars else 0, *shape))
        if bars[-1].end > MOST_QUARTERS * TICKS:
            raise UserError("music.too_long", most=MOST_MINUTES)
    return tuple(bars), starts


def _shape(length: int, beats: int, unit: int) -> list[tuple[int, int]]:
    """Return the metres of the bars that one measure becomes.

    Args:
        length: ticks that it is filled with; 0 for a whole bar.
        beats, unit: its metre.
    """
    whole = Bar(0, beats, unit).length
    found: list[tuple[int, int]] = []
    rest = max((length + STEP // 2) // STEP, 1) * STEP if length else whole
    while rest >= whole:
        found.append((beats, unit))
        rest -= whole
    if rest:
        finer = next(finer for finer in UNITS if finer >= unit and rest % (TICKS * 4 // finer) == 0)
        found.append((rest * finer // (TICKS * 4), finer))
    return found


def _notes(parts: Sequence[Part], played: Sequence[Played]) -> tuple[tuple[Note, ...], list[Remark]]:
    """Return the notes of a piece, each with its hand."""
    sure: list[Note] = []
    open_: list[Note] = []
    for part, one, hand in zip(parts, played, _hands(parts, played), strict=True):
        for note, staff in one.notes:
            if part.staves > 1:
                sure.append(replace(note, hand=RIGHT if staff == 1 else LEFT))
            elif hand is not None:
                sure.append(replace(note, hand=hand))
            else:
                open_.append(note)
    reached = [[note for note in some if PITCHES[0] <= note.pitch <= PITCHES[1]] for some in (sure, open_)]
    count = len(sure) + len(open_)
    if not any(reached):
        raise UserError("music.no_notes")
    guessed = resolve_overlaps(reached[1])
    notes = resolve_overlaps(melody_first([*reached[0], *split_hands(guessed)]))
    return notes, _remarks(
        ("music.left_out_range", count - sum(map(len, reached))),
        ("music.left_out_doubled", sum(map(len, reached)) - len(notes)),
        ("music.hands_guessed", len(guessed)),
    )


def _hands(parts: Sequence[Part], played: Sequence[Played]) -> list[int | None]:
    """Return the hand that each part of one staff is for, as of the tracks of a MIDI file; None where none is sure."""
    named = [hand_named(part.name) for part in parts]
    if {RIGHT, LEFT} <= {*named}:
        return [*named]
    notes = [[note for note, _ in one.notes] for one in played]
    reached = [within_reach(some) for some in notes]
    if len(parts) == 2 and all(reached) and all(notes) and all(part.staves == 1 for part in parts):
        return [*hands_of_two(notes[0], notes[1])]
    return [hand if within else None for hand, within in zip(named, reached, strict=True)]


def _tempo(tempos: Sequence[Sign], end: int, root: Xml.Element) -> tuple[float, list[Remark]]:
    """Return the tempo under which the piece lasts as long as under all of `tempos`."""
    believed = [sign for sign in tempos if TEMPOS[0] <= sign.value <= TEMPOS[1] and sign.tick < end]
    first = believed[0].value if believed and not believed[0].tick else _DEFAULT_TEMPO
    exact = number(_field(root, TEMPO_FIELD))
    if len({sign.value for sign in believed} | {first}) == 1 and round(exact) == first:
        return exact, []
    changes = [Sign(0, first), *believed]
    spans = [(after.tick - one.tick, one.value) for one, after in pairwise([*changes, Sign(end, 0)])]
    sounding = {value for ticks, value in spans if ticks}
    if len(sounding) == 1:
        return sounding.pop(), []
    seconds = sum(ticks / value for ticks, value in spans)
    return end / seconds, [Remark("music.tempo_averaged", len(sounding))]


def _field(root: Xml.Element, name: str) -> str | None:
    for found in root.iterfind("identification/miscellaneous/miscellaneous-field"):
        if found.get("name") == name:
            return found.text
    return None


def _stated_keys(parts: Sequence[Part], order: Sequence[int], starts: Sequence[int]) -> list[StatedKey]:
    """Return the signatures of a score in the order in which they are played, those of its first part that has any."""
    part = next((part for part in parts if any(measure.key for measure in part.measures)), None)
    if part is None:
        return []
    standing: list[tuple[int, str] | None] = []
    for measure in part.measures:
        standing.append(measure.key or (standing[-1] if standing else None))
    return [
        StatedKey(start, key[0], _MODES.get(key[1]))
        for place, start in zip(order, starts, strict=True)
        if place < len(standing) and (key := standing[place])
    ]
