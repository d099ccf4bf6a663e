"""The bytes of a MIDI file as chunks and events, as far as they are whole: other players read such files, so do we.

Written without a library: those that there are give a whole track up, or the whole file, for one byte that is wrong.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from genai_demo.errors import UserError

META = 0xFF
"""status of an event that no instrument hears: a name, a tempo, a metre, a key"""
END_OF_TRACK = 0x2F
_HEAD, _TRACK, _CLIP = b"MThd", b"MTrk", b"SMF2CLIP"
_AHEAD = 4096
"""bytes within which a MIDI file begins that stands in another file"""
_CHUNK = re.compile(rb"[ -~]{4}")
"""what the name of a chunk looks like"""
_LENGTHS = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}
"""data bytes that follow a status of a channel"""
_SYSTEM = {0xF1: 1, 0xF2: 2, 0xF3: 1}
"""data bytes of messages that stand in no file, none for the others"""
_SYSEX = (0xF0, 0xF7)
_NOTES = (0x80, 0x90)
_LONGEST_NUMBER = 4
"""bytes"""


class Event(NamedTuple):
    """One event of a track."""

    tick: int
    status: int
    """of a channel, 0x80 to 0xEF, or `META`"""
    data: bytes
    """data bytes of a channel's event; for `META` its kind, then what it says"""


@dataclass
class Stream:
    """A MIDI file's events."""

    form: int
    """0, 1 or 2"""
    division: int
    """of its header: ticks of a quarter note, or frames of film"""
    tracks: list[list[Event]] = field(default_factory=list)
    broken: set[int] = field(default_factory=set)
    """tracks of which no more than the beginning could be read"""
    faults: Counter[str] = field(default_factory=Counter)
    """what was found to be out of order, by the keys of sentences with a count"""


def read_stream(content: bytes) -> Stream:
    """Return the events of a MIDI file, which other bytes may surround.

    - Chunks that are no tracks are skipped, and so are bytes between chunks.
    - A track goes on to its end-of-track event or to the next track where its length is wrong.
    - A value that is too large becomes the largest one; a note that no instrument has is passed over.
    - Where nothing can be made of what comes next, the track breaks off.

    Args:
        content: all bytes.

    Raises:
        UserError: no MIDI file, or one without any track.
    """
    if content.startswith(_CLIP):
        raise UserError("music.midi_clip")
    at = content.find(_HEAD, 0, _AHEAD)
    if at < 0 or content.startswith(b"PK\3\4"):
        raise UserError("music.nested_zip" if content.startswith(b"PK\3\4") else "music.not_midi")
    if len(content) < at + 14:
        raise UserError("music.damaged_midi")
    length, form, promised, division = (
        int.from_bytes(content[at + start : at + end]) for start, end in ((4, 8), (8, 10), (10, 12), (12, 14))
    )
    if form not in (0, 1, 2):
        raise UserError("music.damaged_midi")
    stream = Stream(form, division)
    stream.faults["music.unwrapped"] = at
    _read_chunks(content, at + 8 + max(length, 6), stream)
    if not stream.tracks:
        _read_chunks(content, at + 14, stream)
    if not stream.tracks:
        raise UserError("music.damaged_midi")
    stream.faults["music.missing_tracks"] = max(
        promised - len(stream.tracks) - stream.faults["music.left_out_chunks"], 0
    )
    return stream


def _read_chunks(content: bytes, at: int, stream: Stream) -> None:
    while 0 <= at <= len(content) - 8:
        name, length = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8])
        if name == _TRACK:
            at = _read_track(content, at + 8, length, stream)
        elif _CHUNK.fullmatch(name) and at + 8 + length <= len(content):
            stream.faults["music.left_out_chunks"] += 1
            at += 8 + length
        else:
            at = content.find(_TRACK, at)


def _read_track(content: bytes, start: int, length: int, stream: Stream) -> int:
    """Add one track to `stream` and return where the next chunk is.

    Args:
        content: all bytes.
        start: of the events.
        length: bytes of the track, as the file says.
        stream: is added to.
    """
    end = start + length
    found = _Events(content, start, min(end, len(content)))
    following = content[end : end + 4]
    if not found.ended and (end > len(content) or (following and not _CHUNK.fullmatch(following))):
        # The length is wrong, or the file is cut off.
        another = content.find(_TRACK, start)
        end = len(content) if another < 0 else another
        found = _Events(content, start, end)
        stream.faults["music.repaired"] += found.ended or another >= 0
        found.broken |= not found.ended and another < 0
    elif end > len(content):
        stream.faults["music.repaired"] += 1
        end = found.at
    elif found.ended and found.at < end:
        stream.faults["music.repaired"] += 1
    if found.broken:
        stream.broken.add(len(stream.tracks))
        stream.faults["music.cut_off"] += 1
    stream.faults["music.repaired"] += found.faults
    stream.tracks.append(found.events)
    return end


class _Events:
    """The events from one place to another."""

    def __init__(self, content: bytes, start: int, end: int) -> None:
        self._content, self._end = content, end
        self.at = start
        """place of the next byte"""
        self.events: list[Event] = []
        self.ended = False
        """whether an event said so"""
        self.broken = False
        """whether the bytes are spent, or make no sense, in the midst of an event"""
        self.faults = 0
        """events that were passed over or put right"""
        try:
            self._read()
        except (IndexError, ValueError):
            self.broken = True

    def _byte(self) -> int:
        if self.at >= self._end:
            raise IndexError("no more bytes")
        self.at += 1
        return self._content[self.at - 1]

    def _bytes(self, count: int) -> bytes:
        if self.at + count > self._end:
            raise IndexError("no more bytes")
        self.at += count
        return self._content[self.at - count : self.at]

    def _number(self) -> int:
        """Return a number of seven bits a byte, the last of which is below 128."""
        value = 0
        for _ in range(_LONGEST_NUMBER):
            byte = self._byte()
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                return value
        raise ValueError("a number without an end")

    def _read(self) -> None:
        tick, running = 0, 0
        while self.at < self._end and not self.ended:
            tick += self._number()
            status = self._content[self.at] if self.at < self._end else self._byte()
            if status >= 0x80:
                self.at += 1
            else:
                status = running
            if status == META:
                kind = self._bytes(1)
                self.events.append(Event(tick, META, kind + self._bytes(self._number())))
                self.ended = kind[0] == END_OF_TRACK
            elif status in _SYSEX:
                self._bytes(self._number())
            elif status > 0xF0:
                self._bytes(_SYSTEM.get(status, 0))
                self.faults += 1
            else:
                running = status
                self._channel(tick, status)

    def _channel(self, tick: int, status: int) -> None:
        """Read the data bytes of a channel's event."""
        if status < 0x80:
            raise ValueError("data without a status")
        data = self._bytes(_LENGTHS[status & 0xF0])
        if max(data) > 127:
            self.faults += 1
            if status & 0xF0 in _NOTES and data[0] > 127:
                return
            data = bytes(min(value, 127) for value in data)
        self.events.append(Event(tick, status, data))
