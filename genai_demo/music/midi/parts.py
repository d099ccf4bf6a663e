"""Which notes of a file are for a piano: by channel and instrument, by the names of tracks, by how parts behave."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

from genai_demo.music.midi.events import DRUMS, NoteEvent, Part
from genai_demo.music.midi.names import names_drums, names_piano

_FEWEST_CHANNELS = 3
"""channels from which on a track may give each of its notes a channel of its own"""
_CHANGES = 0.9
"""share of its notes that come on another channel than the one before"""
_OVERLAPS = 0.02
"""share of its notes that may sound with another on their channel"""
_BASS_DRUMS, _SNARES, _HATS = {35, 36}, {37, 38, 39, 40}, {42, 44, 46}
"""General MIDI's keys of what beats the time"""
_BEATS = 0.8
"""share of these keys in a drum kit's part"""
_FEWEST_STROKES = 16


def joined_channels(strikes: Sequence[NoteEvent]) -> list[NoteEvent]:
    """Return notes with one channel for all of a track that gives each of its notes one (MIDI polyphonic expression).

    Such a track uses the drums' channel as any other. No two of its notes sound together on one channel, and they
    hardly ever follow each other on one.
    """
    tracks: dict[int, list[NoteEvent]] = defaultdict(list)
    for strike in strikes:
        tracks[strike.part[0]].append(strike)
    spread = {track for track, notes in tracks.items() if _a_channel_a_note(notes)}
    return [strike._replace(part=(strike.part[0], 0)) if strike.part[0] in spread else strike for strike in strikes]


def _a_channel_a_note(notes: Sequence[NoteEvent]) -> bool:
    channels: dict[int, list[NoteEvent]] = defaultdict(list)
    ordered = sorted(notes, key=lambda note: note.start)
    for note in ordered:
        channels[note.part[1]].append(note)
    if len(channels) < _FEWEST_CHANNELS or len({note.program for note in notes}) > 1:
        return False
    changes = sum(one.part[1] != other.part[1] for one, other in pairwise(ordered))
    overlaps = sum(one.end > other.start for own in channels.values() for one, other in pairwise(own))
    return changes >= _CHANGES * (len(notes) - 1) and overlaps <= _OVERLAPS * len(notes)


def drum_parts(strikes: Sequence[NoteEvent], names: dict[int, str]) -> set[Part]:
    """Return the parts that are drums: on their channel, by name, or because they beat the time on a drum kit's keys.

    A name or a manner alone makes no drums of the only part, nor does the channel of what is called a piano.

    Args:
        strikes: all notes.
        names: of tracks.
    """
    keys: dict[Part, Counter[int]] = defaultdict(Counter)
    for strike in strikes:
        keys[strike.part][strike.pitch] += 1
    sure = {part for part in keys if part[1] == DRUMS and not names_piano(names.get(part[0], ""))}
    supposed = {
        part
        for part, counts in keys.items()
        if part not in sure and (names_drums(names.get(part[0], "")) or _beats_the_time(counts))
    }
    return sure | supposed if keys.keys() - sure - supposed else sure


def _beats_the_time(counts: Counter[int]) -> bool:
    kit = [sum(counts[key] for key in keys) for keys in (_BASS_DRUMS, _SNARES, _HATS)]
    return all(kit) and sum(kit) >= max(_BEATS * counts.total(), _FEWEST_STROKES)
