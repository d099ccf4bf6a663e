"""Pieces as standard MIDI files."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

import mido

from genai_demo.catalogue import message
from genai_demo.engine.generation.receipts import Receipt, origin
from genai_demo.marks.origin import entries
from genai_demo.music.midi.handovers import Releases, releases
from genai_demo.music.midi.keys import MAKER, key_events, modes_event
from genai_demo.music.midi.names import HAND_NAMES
from genai_demo.music.theory.piece import LEFT, TICKS, Piece

_CHANNEL = 0


def to_midi(piece: Piece, title: str = "", copyright_notice: str = "", data: Sequence[str] = ()) -> bytes:
    """Return a piece as a MIDI file of format 1: a track of its bars, and one of each hand.

    What `read_midi` makes of it is the same piece, but for its tempo, rounded to whole microseconds per quarter note.
    Where a key passes from the left hand to the right one, the file's ticks are finer than those of a piece: see
    `handovers`.

    Both hands play on one channel, and their tracks name the key: notation programs take two tracks for two staves of
    one piano only then, and pass over keys that stand in a track without notes.

    Args:
        piece: without faults; its tempo within `TEMPOS`.
        title: name of the first track, which players show.
        copyright_notice: a sentence that notation programs print below the score, not under its notes as lyrics.
        data: texts for programs only, kept where no player or notation program shows them.
    """
    let_go = releases(piece)
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS * let_go.scale, charset="utf-8")
    bars = _bar_events(piece, title, copyright_notice, data)
    file.tracks = [
        _track((tick * let_go.scale, event) for tick, event in bars),
        *(_hand_track(piece, hand, let_go) for hand in HAND_NAMES),
    ]
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


def _bar_events(
    piece: Piece, title: str, copyright_notice: str, data: Sequence[str]
) -> list[tuple[int, mido.MetaMessage]]:
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
    return [*timed, (piece.end, mido.MetaMessage("end_of_track"))]


def _hand_track(piece: Piece, hand: int, let_go: Releases) -> mido.MidiTrack:
    """Return the track of one hand; the pedal, which both share, stands in that of the lowest hand that plays."""
    timed: list[tuple[int, int, mido.Message]] = []  # what happens at one moment, in this order
    scale = let_go.scale
    for note in piece.notes:
        if note.hand == hand:
            timed.append((let_go.of(note), 0, mido.Message("note_off", channel=_CHANNEL, note=note.pitch, velocity=0)))
            strike = mido.Message("note_on", channel=_CHANNEL, note=note.pitch, velocity=note.velocity)
            timed.append((note.start * scale, 3, strike))
    if hand == max((note.hand for note in piece.notes), default=LEFT):
        for start, end in piece.pedal:
            timed.append((end * scale, 1, mido.Message("control_change", channel=_CHANNEL, control=64, value=0)))
            timed.append((start * scale, 2, mido.Message("control_change", channel=_CHANNEL, control=64, value=127)))
    timed += [(tick * scale, -1, event) for tick, event in key_events(piece)]
    name = mido.MetaMessage("track_name", name=HAND_NAMES[hand])
    head = [name, mido.Message("program_change", channel=_CHANNEL)]
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
