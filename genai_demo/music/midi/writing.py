"""Pieces as standard MIDI files, without loss."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

import mido

from genai_demo.catalogue import message
from genai_demo.engine.generation.receipts import Receipt, origin
from genai_demo.marks.origin import entries
from genai_demo.music.midi.keys import key_events, modes_event
from genai_demo.music.midi.names import HAND_NAMES
from genai_demo.music.theory.piece import TICKS, Piece


def to_midi(piece: Piece, title: str = "", texts: Sequence[str] = ()) -> bytes:
    """Return a piece as a MIDI file of format 1: a track of its bars, and one of each hand.

    What `read_midi` makes of it is the same piece, its tempo rounded to whole microseconds per quarter note.

    Args:
        piece: without faults; its tempo within `TEMPOS`.
        title: name of the first track, which players show.
        texts: for the file's metadata.
    """
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS, charset="utf-8")
    file.tracks = [_bar_track(piece, title, texts), *(_hand_track(piece, hand) for hand in HAND_NAMES)]
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
    return to_midi(piece, title or mark, [mark, *(f"{key} {value}" for key, value in told.items())])


def _bar_track(piece: Piece, title: str, texts: Sequence[str]) -> mido.MidiTrack:
    events = [mido.MetaMessage("track_name", name=title)]
    events += [mido.MetaMessage("text", text=text) for text in texts]
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
    """Return the track of one hand on a channel of its own, so that it lets go no key of the other; with the pedal."""
    timed: list[tuple[int, int, mido.Message]] = []  # what happens at one moment, in this order
    for note in piece.notes:
        if note.hand == hand:
            timed.append((note.end, 0, mido.Message("note_off", channel=hand, note=note.pitch, velocity=0)))
            timed.append(
                (note.start, 3, mido.Message("note_on", channel=hand, note=note.pitch, velocity=note.velocity))
            )
    for start, end in piece.pedal:
        timed.append((end, 1, mido.Message("control_change", channel=hand, control=64, value=0)))
        timed.append((start, 2, mido.Message("control_change", channel=hand, control=64, value=127)))
    head = [mido.MetaMessage("track_name", name=HAND_NAMES[hand]), mido.Message("program_change", channel=hand)]
    ordered = sorted(timed, key=lambda event: event[:2])
    return _track([*((0, event) for event in head), *((tick, event) for tick, _, event in ordered)])


def _track(timed: Iterable[tuple[int, mido.Message]]) -> mido.MidiTrack:
    """Return a track of events in the order of time, each with its tick."""
    track = mido.MidiTrack()
    before = 0
    for tick, event in timed:
        track.append(event.copy(time=tick - before))
        before = tick
    return track
