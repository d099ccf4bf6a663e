"""What the bytes of a MIDI file say, whoever wrote them: strikes of keys, pedals, metres, tempi, keys, names."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from genai_demo.errors import UserError
from genai_demo.music.midi.keys import MAJORS, MINORS, MOST_SHARPS, modes_in
from genai_demo.music.midi.names import hand_named
from genai_demo.music.midi.stream import META, Event, Stream, read_stream
from genai_demo.music.theory.piece import TICKS

MOST_BYTES = 2**20
MOST_NOTES = 60_000
TEMPOS = (4, 1000)
"""quarter notes per minute that are believed"""
DRUMS = 9
"""the channel of General MIDI that is percussion, from 0"""

_NOTE_OFF, _NOTE_ON, _CONTROL, _PROGRAM = 0x80, 0x90, 0xB0, 0xC0
"""kinds of a channel's events"""
_NAME, _TEMPO, _METRE, _KEY, _OWN = 0x03, 0x51, 0x58, 0x59, 0x7F
"""kinds of other events"""
_FRAMES = {24: Fraction(24), 25: Fraction(25), 29: Fraction(30_000, 1001), 30: Fraction(30)}
"""SMPTE frames per second by what stands in the file"""
_ALL_OFF = (120, 123)
"""controllers that end all sounds, and all notes"""
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
    modes: tuple[str, ...] | None = None
    """names of the keys, whose mode is meant, in a file that was written here, see `keys.modes_event`"""
    names: dict[int, str] = field(default_factory=dict)
    """by track"""
    faults: int = 0
    """events that say nothing possible"""
    first_end: int | None = None
    """where the first track ends, if it holds no notes"""


def parse(data: bytes | Path) -> Stream:
    """Return the events of a MIDI file.

    Args:
        data: the content of a MIDI file, or its path. What it is called does not matter.

    Raises:
        UserError: no MIDI file, a damaged one, or one that is too large; the size is checked before it is parsed.
    """
    return read_stream(_content(data))


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


def ticks_per_tick(division: int) -> tuple[Fraction, bool]:
    """Return how many ticks of a piece one tick of the file is, and whether the file counts in seconds.

    A file that counts in frames of film (SMPTE) knows no quarter notes: half a second is taken for one.

    Args:
        division: the two bytes of the file's header.

    Raises:
        UserError: the file's header says nothing possible.
    """
    if division < 0x8000:
        if not division:
            raise UserError("music.damaged_midi")
        return Fraction(TICKS, division), False
    frames, parts = _FRAMES.get(256 - (division >> 8)), division & 0xFF
    if frames is None or not parts:
        raise UserError("music.damaged_midi")
    return 2 * TICKS / (frames * parts), True


def read_events(stream: Stream, tracks: Iterable[int]) -> MidiContents:
    """Return what some tracks of a file say that sound together.

    Args:
        stream: the file.
        tracks: their places.

    Raises:
        UserError: more notes than any piece has.
    """
    contents = MidiContents()
    programs: dict[int, int] = {}
    for number in tracks:
        _Track(number, programs, contents).read(stream.tracks[number], number in stream.broken)
    contents.time_signatures.sort(key=lambda time_signature: time_signature[0])
    contents.tempos.sort(key=lambda tempo: tempo[0])
    contents.keys.sort(key=lambda key: key[0])
    return contents


class _Track:
    """Adds what one track says to the contents of a file."""

    def __init__(self, number: int, programs: dict[int, int], contents: MidiContents) -> None:
        """Take the place of the track, and the instruments that earlier tracks chose.

        Args:
            number: of the track.
            programs: by channel; some files choose all of them in the first track.
            contents: is added to.
        """
        self._number, self._programs, self._contents = number, programs, contents
        self._own: dict[int, int] = {}
        self._struck: dict[tuple[int, int], deque[tuple[int, int, int]]] = defaultdict(deque)
        self._pressed: dict[int, int] = {}

    def read(self, events: Sequence[Event], broken: bool) -> None:
        """Read all events; keys still held at the end are let go there, or are left out where the track broke off."""
        before, tick = self._contents.count, 0
        for event in events:
            tick = event.tick
            if event.status == META:
                self._meta(tick, event.data[0], event.data[1:])
            else:
                self._channel(tick, event.status & 0xF0, event.status & 0xF, event.data)
        for (channel, pitch), waiting in self._struck.items():
            for _ in range(0 if broken else len(waiting)):
                self._release(tick, channel, pitch)
        for channel, start in self._pressed.items():
            self._contents.pedals[self._number, channel].append((start, tick))
        if self._number == 0 and self._contents.count == before:
            self._contents.first_end = tick

    def _release(self, tick: int, channel: int, pitch: int) -> None:
        # A key that was struck twice is let go twice: first come, first served.
        start, velocity, program = self._struck[channel, pitch].popleft()
        self._contents.strikes.append(NoteEvent((self._number, channel), program, start, tick, pitch, velocity))

    def _channel(self, tick: int, kind: int, channel: int, data: bytes) -> None:
        if kind == _NOTE_ON and data[1]:
            program = self._own.get(channel, self._programs.get(channel, 0))
            self._struck[channel, data[0]].append((tick, data[1], program))
            self._contents.count += 1
            if self._contents.count > MOST_NOTES:
                raise UserError("music.too_many_notes", most=MOST_NOTES)
        elif kind in (_NOTE_ON, _NOTE_OFF):
            if self._struck[channel, data[0]]:
                self._release(tick, channel, data[0])
        elif kind == _CONTROL and data[0] in _ALL_OFF:
            for (of, pitch), waiting in self._struck.items():
                for _ in range(len(waiting) if of == channel else 0):
                    self._release(tick, of, pitch)
        elif kind == _CONTROL and data[0] == _SUSTAIN:
            if data[1] >= 64:
                self._pressed.setdefault(channel, tick)
            elif channel in self._pressed:
                self._contents.pedals[self._number, channel].append((self._pressed.pop(channel), tick))
        elif kind == _PROGRAM:
            self._own[channel] = data[0]
            self._programs.setdefault(channel, data[0])

    def _meta(self, tick: int, kind: int, data: bytes) -> None:
        contents = self._contents
        if kind == _NAME:
            contents.names.setdefault(self._number, _decoded(data))
        elif kind == _TEMPO and len(data) >= 3:
            contents.tempos.append((tick, int.from_bytes(data[:3])))
        elif kind == _METRE and len(data) >= 2:
            contents.time_signatures.append((tick, data[0], 2 ** data[1]))
        elif kind == _KEY and len(data) >= 2:
            sharps = data[0] - 256 * (data[0] >= 128)
            contents.faults += data[1] > 1 or abs(sharps) > MOST_SHARPS
            if abs(sharps) <= MOST_SHARPS:
                # A mode that there is not says no more than the signature does.
                contents.keys.append((tick, (MINORS if data[1] == 1 else MAJORS)[sharps + MOST_SHARPS]))
        elif kind == _OWN:
            contents.modes = modes_in(data) if contents.modes is None else contents.modes
        elif kind in (_TEMPO, _METRE, _KEY):
            contents.faults += 1


def _decoded(name: bytes) -> str:
    """Return a name, in UTF-8 as today, or as older Chinese, Japanese, Korean or western programs wrote it.

    Nothing says which: what names a hand is believed, else the first that fits.
    """
    found = []
    for encoding in ("utf-8", "gb18030", "shift_jis", "euc_kr", "latin-1"):
        try:
            found.append(name.decode(encoding))
        except UnicodeDecodeError:
            continue
        if encoding == "utf-8":
            break
    return next((text for text in found if hand_named(text) is not None), found[0])
