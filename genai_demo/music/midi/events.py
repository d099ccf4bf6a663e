"""What the bytes of a MIDI file say, whoever wrote them: strikes of keys, pedals, metres, tempi, keys, names."""

from __future__ import annotations

import io
import re
import struct
from collections import defaultdict, deque
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import mido
from mido.midifiles.meta import KeySignatureError

from genai_demo.errors import UserError
from genai_demo.music.theory.piece import TICKS

MOST_BYTES = 2**20
MOST_NOTES = 60_000
TEMPOS = (4, 1000)
"""quarter notes per minute that are believed"""
DRUMS = 9
"""the channel of General MIDI that is percussion, from 0"""

_HEAD = b"MThd"
_PARSING_ERRORS = (
    EOFError,
    KeySignatureError,
    LookupError,
    OSError,
    OverflowError,
    TypeError,
    ValueError,
    struct.error,
)
_ENDLESS_NUMBER = re.compile(rb"[\x80-\xff]{4096}")
"""the library reads a number to its last byte, however long it is, in quadratic time"""
_FRAMES = {24: Fraction(24), 25: Fraction(25), 29: Fraction(30_000, 1001), 30: Fraction(30)}
"""SMPTE frames per second by what stands in the file"""
_SUSTAIN = 64
"""controller number of the sustain pedal"""

Part = tuple[int, int]
"""track and channel, both from 0"""


class NoteEvent(NamedTuple):
    """One note of a file, in ticks of the file."""

    part: Part
    program: int
    """General MIDI's number of the instrument, from 0"""
    start: int
    end: int
    pitch: int
    velocity: int


@dataclass
class MidiContents:
    """What the tracks of a file say, in ticks of the file."""

    strikes: list[NoteEvent] = field(default_factory=list)
    count: int = 0
    """of the keys struck, those that are still held included"""
    pedals: dict[Part, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    """spans for which the sustain pedal is down"""
    time_signatures: list[tuple[int, int, int]] = field(default_factory=list)
    """tick, numerator, denominator"""
    tempos: list[tuple[int, int]] = field(default_factory=list)
    """tick, microseconds per quarter note"""
    keys: list[tuple[int, str]] = field(default_factory=list)
    """tick, a name such as "F#m\""""
    names: dict[int, str] = field(default_factory=dict)
    """by track"""
    first_end: int | None = None
    """where the first track ends, if it holds no notes"""


def parse(data: bytes | Path) -> mido.MidiFile:
    """Return the tracks of a MIDI file.

    Args:
        data: the content of a MIDI file, or its path. What it is called does not matter.

    Raises:
        UserError: no MIDI file, a damaged one, or one that is too large; the size is checked before it is parsed.
    """
    content = _content(data)
    if not content.startswith(_HEAD):
        raise UserError("music.nested_zip" if content.startswith(b"PK\3\4") else "music.not_midi")
    if _ENDLESS_NUMBER.search(content):
        raise UserError("music.damaged_midi")
    try:
        # Latin-1 reads any bytes; names are decoded when they are needed.
        file = mido.MidiFile(file=io.BytesIO(content), charset="latin-1")
    except _PARSING_ERRORS as error:
        raise UserError("music.damaged_midi") from error
    if file.type not in (0, 1, 2):
        raise UserError("music.damaged_midi")
    return file


def _content(data: bytes | Path) -> bytes:
    """Return what is to be parsed, read no further than a file may be long."""
    if isinstance(data, Path):
        if not data.is_file():
            raise UserError("engine.no_file", file=data)
        try:
            with data.open("rb") as stream:
                data = stream.read(MOST_BYTES + 1)
        except OSError as error:
            raise UserError("data.unreadable", reason=error.strerror) from error
    if len(data) > MOST_BYTES:
        raise UserError("music.too_many_bytes", most=MOST_BYTES // 2**20)
    if not data:
        raise UserError("music.empty_file")
    return data


def ticks_per_tick(file: mido.MidiFile) -> tuple[Fraction, bool]:
    """Return how many ticks of a piece one tick of the file is, and whether the file counts in seconds.

    A file that counts in frames of film (SMPTE) knows no quarter notes: half a second is taken for one.

    Raises:
        UserError: the file's header says nothing possible.
    """
    division = file.ticks_per_beat & 0xFFFF
    if division < 0x8000:
        if not division:
            raise UserError("music.damaged_midi")
        return Fraction(TICKS, division), False
    frames, parts = _FRAMES.get(256 - (division >> 8)), division & 0xFF
    if frames is None or not parts:
        raise UserError("music.damaged_midi")
    return 2 * TICKS / (frames * parts), True


def read_events(tracks: list[mido.MidiTrack]) -> MidiContents:
    """Return what some tracks say that sound together.

    Raises:
        UserError: more notes than any piece has.
    """
    contents = MidiContents()
    programs: dict[int, int] = {}
    for number, track in enumerate(tracks):
        _read_track(track, number, programs, contents)
    contents.time_signatures.sort(key=lambda time_signature: time_signature[0])
    contents.tempos.sort(key=lambda tempo: tempo[0])
    contents.keys.sort(key=lambda key: key[0])
    return contents


def _read_track(track: mido.MidiTrack, number: int, programs: dict[int, int], contents: MidiContents) -> None:
    """Add what one track says to `contents`.

    Args:
        track, number: the track and its place.
        programs: the instruments that earlier tracks chose, by channel: some files choose all in the first track.
        contents: is added to.
    """
    own: dict[int, int] = {}
    struck: dict[tuple[int, int], deque[tuple[int, int, int]]] = defaultdict(deque)
    pressed: dict[int, int] = {}
    before = contents.count
    tick = 0

    def release(channel: int, pitch: int) -> None:
        # A key that was struck twice is let go twice: first come, first served.
        start, velocity, program = struck[channel, pitch].popleft()
        contents.strikes.append(NoteEvent((number, channel), program, start, tick, pitch, velocity))

    for event in track:
        tick += event.time
        kind = event.type
        if kind == "note_on" and event.velocity:
            program = own.get(event.channel, programs.get(event.channel, 0))
            struck[event.channel, event.note].append((tick, event.velocity, program))
            contents.count += 1
            if contents.count > MOST_NOTES:
                raise UserError("music.too_many_notes", most=MOST_NOTES)
        elif kind in ("note_on", "note_off"):
            if struck[event.channel, event.note]:
                release(event.channel, event.note)
        elif kind == "control_change" and event.control == _SUSTAIN:
            if event.value >= 64:
                pressed.setdefault(event.channel, tick)
            elif event.channel in pressed:
                contents.pedals[number, event.channel].append((pressed.pop(event.channel), tick))
        elif kind == "program_change":
            own[event.channel] = event.program
            programs.setdefault(event.channel, event.program)
        elif kind == "time_signature":
            contents.time_signatures.append((tick, event.numerator, event.denominator))
        elif kind == "set_tempo":
            contents.tempos.append((tick, event.tempo))
        elif kind == "key_signature":
            contents.keys.append((tick, event.key))
        elif kind == "track_name":
            contents.names.setdefault(number, event.name.encode("latin-1").decode("utf-8", errors="replace"))
    for (channel, pitch), waiting in struck.items():
        for _ in range(len(waiting)):
            release(channel, pitch)
    for channel, start in pressed.items():
        contents.pedals[number, channel].append((start, tick))
    if number == 0 and contents.count == before:
        contents.first_end = tick
