"""Pieces as standard MIDI files."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence

import mido

from genai_demo.catalogue import message
from genai_demo.engine.generation.receipts import Receipt, origin
from genai_demo.marks.origin import entries
from genai_demo.music.midi.keys import MAKER, key_events, modes_event
from genai_demo.music.midi.names import HAND_NAMES
from genai_demo.music.theory.piece import LEFT, TICKS, Note, Piece

_CHANNEL = 0


def to_midi(piece: Piece, title: str = "", copyright_notice: str = "", data: Sequence[str] = ()) -> bytes:
    """Return a piece as a MIDI file of format 1: a track of its bars, and one of each hand.

    What `read_midi` makes of it is the same piece, but for its tempo, rounded to whole microseconds per quarter note,
    and keys that pass from hand to hand (`_release`).

    Both hands play on one channel, and their tracks name the key: notation programs take two tracks for two staves of
    one piano only then, and pass over keys that stand in a track without notes.

    Args:
        piece: without faults; its tempo within `TEMPOS`.
        title: name of the first track, which players show.
        copyright_notice: a sentence that notation programs print below the score, not under its notes as lyrics.
        data: texts for programs only, kept where no player or notation program shows them.
    """
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS, charset="utf-8")
    file.tracks = [_bar_track(piece, title, copyright_notice, data), *(_hand_track(piece, hand) for hand in HAND_NAMES)]
    stream = io.BytesIO()
    file.save(file=stream)
    return stream.getvalue()


def marked_midi(piece: Piece, receipt: Receipt | None, title: str = "") -> bytes:
    """Return a MIDI file that says in its first track that a machine made it, and how to make it again.

    Args:
        piece: as in `to_midi`.
        receipt: None for what cannot be made again from a receipt alone.
        title: name of the first track, which players show; the mark itself if empty.
    """
    mark = message("music.machine_made")
    told = entries(origin(mark, receipt), b"" if receipt else to_midi(piece))
    return to_midi(piece, title or mark, mark, [f"{key} {value}" for key, value in told.items()])


def _bar_track(piece: Piece, title: str, copyright_notice: str, data: Sequence[str]) -> mido.MidiTrack:
    events = [mido.MetaMessage("track_name", name=title)]
    if copyright_notice:
        events.append(mido.MetaMessage("copyright", text=copyright_notice))
    events += [mido.MetaMessage("sequencer_specific", data=(MAKER, *text.encode())) for text in data]
    events.append(modes_event(piece))
    events.append(mido.MetaMessage("set_tempo", tempo=round(60e6 / piece.tempo)))
    timed = [(0, event) for event in events] + key_events(piece)
    before = None
    for bar in piece.bars:
        if (bar.beats, bar.unit) != before:
            before = bar.beats, bar.unit
            timed.append((bar.start, mido.MetaMessage("time_signature", numerator=bar.beats, denominator=bar.unit)))
    timed.sort(key=lambda event: event[0])
    return _track([*timed, (piece.end, mido.MetaMessage("end_of_track"))])


def _hand_track(piece: Piece, hand: int) -> mido.MidiTrack:
    """Return the track of one hand; the pedal, which both share, stands in that of the lowest hand that plays."""
    timed: list[tuple[int, int, mido.Message]] = []  # what happens at one moment, in this order
    strikes = {(note.pitch, note.start): note.hand for note in piece.notes}
    for note in piece.notes:
        if note.hand == hand:
            release = _release(note, strikes)
            timed.append((release, 0, mido.Message("note_off", channel=_CHANNEL, note=note.pitch, velocity=0)))
            strike = mido.Message("note_on", channel=_CHANNEL, note=note.pitch, velocity=note.velocity)
            timed.append((note.start, 3, strike))
    if hand == max((note.hand for note in piece.notes), default=LEFT):
        for start, end in piece.pedal:
            timed.append((end, 1, mido.Message("control_change", channel=_CHANNEL, control=64, value=0)))
            timed.append((start, 2, mido.Message("control_change", channel=_CHANNEL, control=64, value=127)))
    timed += [(tick, -1, event) for tick, event in key_events(piece)]
    name = mido.MetaMessage("track_name", name=HAND_NAMES[hand])
    head = [name, mido.Message("program_change", channel=_CHANNEL)]
    ordered = sorted(timed, key=lambda event: event[:2])
    return _track([*((0, event) for event in head), *((tick, event) for tick, _, event in ordered)])


def _release(note: Note, strikes: Mapping[tuple[int, int], int]) -> int:
    """Return the tick at which a key is let go in the file.

    Where the other hand strikes the same key at the very moment this one lets it go, that is one tick early: players
    merge the tracks, and might end the new note with the old one.

    Args:
        note: its note.
        strikes: the hand that strikes, by pitch and start.
    """
    passes_on = strikes.get((note.pitch, note.end), note.hand) != note.hand
    return note.end - (passes_on and note.length > 1)


def _track(timed: Iterable[tuple[int, mido.Message]]) -> mido.MidiTrack:
    """Return a track of events in the order of time, each with its tick."""
    track = mido.MidiTrack()
    before = 0
    for tick, event in timed:
        track.append(event.copy(time=tick - before))
        before = tick
    return track
