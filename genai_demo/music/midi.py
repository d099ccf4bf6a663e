"""Standard MIDI files: from the bytes of any of them to a piece for two hands, and back without loss."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import mido

from genai_demo.catalogue import message
from genai_demo.engine.receipt import MIDI_KEY, Receipt
from genai_demo.errors import UserError
from genai_demo.music.bars import lay_bars, metre_of
from genai_demo.music.hands import hand_named, hands_of_two, split_hands
from genai_demo.music.midi_events import DRUMS, Heard, Part, Strike, listen, parse, ticks_per_tick
from genai_demo.music.piece import LEFT, PITCHES, RIGHT, TICKS, Key, Note, Piece, untangled

if TYPE_CHECKING:
    from pretty_midi import PrettyMIDI

MOST_MINUTES = 60
MOST_QUARTERS = 40_000
TEMPOS = (4, 1000)
"""quarter notes per minute that are believed"""
HAND_NAMES = {RIGHT: "Right Hand", LEFT: "Left Hand"}
"""names of the tracks of a file that is written here"""
_PIANOS = range(8)
"""General MIDI's programs that are pianos, the harpsichord and the clavinet among them"""
_DEFAULT_TEMPO = 500_000
"""microseconds per quarter note where a file names none"""
_MAJORS = ("Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#")
_MINORS = ("Bbm", "Fm", "Cm", "Gm", "Dm", "Am", "Em", "Bm", "F#m", "C#m", "G#m", "D#m")
"""keys by their sharps, from 5 flats to 6 sharps"""


@dataclass(frozen=True)
class Remark:
    """Something that a file holds and its piece does not, or that had to be guessed."""

    key: str
    """of a sentence in the catalogue with the field `count`"""
    count: int

    def in_language(self, language: str) -> str:
        """Return the sentence in `language` ("en" or "zh")."""
        return message(self.key, language, count=self.count)


@dataclass(frozen=True)
class Reading:
    """What a MIDI file was read as."""

    piece: Piece
    remarks: tuple[Remark, ...] = ()
    """what was left out or guessed; none for a file that was written here"""


def read_midi(data: bytes | Path) -> Reading:
    """Read a standard MIDI file of format 0, 1 or 2 that may come from anywhere.

    - Piano notes are taken (General MIDI's programs 1 to 8); where there are none, those of all instruments but drums.
    - Time becomes 480 ticks per quarter note, rounded to the nearest.
    - Of several tempi the piece gets the one under which it lasts as long.
    - Bars follow the time signatures, 4/4 where there are none; the last one is whole.
    - A key that is struck while it is held is let go before; notes without length are left out.
    - Hands come from the names of the tracks, else from two tracks or channels, else from `split_hands`.
    - Of format 2, whose tracks are pieces of their own, the first one with notes is taken.

    Args:
        data: the content of a MIDI file, or its path. What it is called does not matter.

    Raises:
        UserError: no MIDI file, a damaged one, one without notes for a piano, or one that is too large or too long.
    """
    file = parse(data)
    scale, film = ticks_per_tick(file)
    heard, remarks = _one_piece(file)
    strikes, found = _for_piano(heard.strikes)
    remarks += found
    end = _scaled(max(strike.end for strike in strikes), scale)
    if end > MOST_QUARTERS * TICKS:
        raise UserError("music.too_long", most=MOST_MINUTES)
    notes, found = _notes(strikes, heard.names, scale)
    remarks += found
    metres = [
        (_scaled(tick, scale), metre) for tick, *stated in heard.metres if (metre := metre_of(stated[0], stated[1]))
    ]
    remarks += _remarks(("music.left_out_metres", len(heard.metres) - len(metres)))
    bars = lay_bars([(tick, *metre) for tick, metre in metres], end)
    if heard.first_end is not None:
        # A track that holds nothing but the bars ends with the last of them, even if a note rings on.
        stated = _scaled(heard.first_end, scale)
        if notes[-1].start < stated <= MOST_QUARTERS * TICKS:
            whole = lay_bars([(tick, *metre) for tick, metre in metres], stated)
            bars = whole if whole[-1].end == stated else bars
    tempo, found = (120.0, []) if film else _tempo(heard.tempos, scale, bars[-1].end)
    piece = Piece(notes, bars, _key(heard.keys), tempo, _pedal(heard, strikes, scale))
    if piece.seconds > MOST_MINUTES * 60:
        raise UserError("music.too_long", most=MOST_MINUTES)
    return Reading(piece, (*remarks, *found))


def _remarks(*counts: tuple[str, int]) -> list[Remark]:
    return [Remark(key, count) for key, count in counts if count]


def _scaled(tick: int, scale: Fraction) -> int:
    """Return `tick * scale`, rounded half up."""
    return (2 * tick * scale.numerator + scale.denominator) // (2 * scale.denominator)


def _one_piece(file: mido.MidiFile) -> tuple[Heard, list[Remark]]:
    """Return what sounds together: all tracks, or of format 2 the first one with notes."""
    if file.type != 2:
        return listen(file.tracks), []
    pieces = [heard for heard in (listen([track]) for track in file.tracks) if heard.strikes]
    if not pieces:
        raise UserError("music.no_notes")
    return pieces[0], _remarks(("music.left_out_pieces", len(pieces) - 1))


def _for_piano(strikes: list[Strike]) -> tuple[list[Strike], list[Remark]]:
    """Return what a piano is to play, and what it is not.

    Raises:
        UserError: nothing at all.
    """
    pitched = [strike for strike in strikes if strike.part[1] != DRUMS]
    if not pitched:
        raise UserError("music.only_drums" if strikes else "music.no_notes")
    chosen = [strike for strike in pitched if strike.program in _PIANOS]
    remarks = _remarks(
        ("music.left_out_drums", len(strikes) - len(pitched)),
        ("music.left_out_instruments", len(pitched) - len(chosen) if chosen else 0),
        ("music.no_piano", 0 if chosen else len(pitched)),
    )
    chosen = chosen or pitched
    reached = [strike for strike in chosen if PITCHES[0] <= strike.pitch <= PITCHES[1]]
    lasting = [strike for strike in reached if strike.end > strike.start]
    if not lasting:
        raise UserError("music.no_notes")
    remarks += _remarks(
        ("music.left_out_range", len(chosen) - len(reached)),
        ("music.left_out_silent", len(reached) - len(lasting)),
    )
    return lasting, remarks


def _notes(strikes: list[Strike], names: dict[int, str], scale: Fraction) -> tuple[tuple[Note, ...], list[Remark]]:
    """Return the notes of a piece, each with its hand."""
    parts: dict[Part, list[Note]] = {}
    for strike in strikes:
        start, end = _scaled(strike.start, scale), _scaled(strike.end, scale)
        note = Note(start, strike.pitch, max(1, end - start), RIGHT, strike.velocity)
        parts.setdefault(strike.part, []).append(note)
    hands = _hands(parts, names)
    sure = [
        Note(note.start, note.pitch, note.length, hand, note.velocity)
        for part, hand in hands.items()
        if hand is not None
        for note in parts[part]
    ]
    open_notes = untangled(note for part, hand in hands.items() if hand is None for note in parts[part])
    notes = untangled([*sure, *split_hands(open_notes)])
    doubled = sum(map(len, parts.values())) - len(notes)
    return notes, _remarks(("music.left_out_doubled", doubled), ("music.hands_guessed", len(open_notes)))


def _hands(parts: dict[Part, list[Note]], names: dict[int, str]) -> dict[Part, int | None]:
    """Return the hand that each part is for; None where its notes have to be split."""
    named = {track: hand_named(name) for track, name in names.items()}
    if {RIGHT, LEFT} <= set(named.values()) or set(HAND_NAMES.values()) & set(names.values()):
        return {part: named.get(part[0]) for part in parts}
    if len(parts) == 2:
        first, second = parts
        one, other = hands_of_two(parts[first], parts[second])
        return {first: one, second: other}
    return dict.fromkeys(parts)


def _tempo(tempos: Sequence[tuple[int, int]], scale: Fraction, end: int) -> tuple[float, list[Remark]]:
    """Return the tempo under which the time up to `end`, in ticks of a piece, lasts as long as under all `tempos`."""
    believed = [
        (_scaled(tick, scale), microseconds)
        for tick, microseconds in tempos
        if TEMPOS[0] * microseconds <= 60e6 <= TEMPOS[1] * microseconds
    ]
    changes = [(0, _DEFAULT_TEMPO), *((tick, microseconds) for tick, microseconds in believed if tick < end)]
    spans = [(until - tick, microseconds) for (tick, microseconds), (until, _) in pairwise([*changes, (end, 0)])]
    sounding = {microseconds for ticks, microseconds in spans if ticks}
    remarks = _remarks(
        ("music.left_out_tempos", len(tempos) - len(believed)),
        ("music.tempo_averaged", len(sounding) if len(sounding) > 1 else 0),
    )
    return 60e6 * end / sum(ticks * microseconds for ticks, microseconds in spans), remarks


def _key(keys: Sequence[tuple[int, str]]) -> Key | None:
    """Return the first key that a file states."""
    if not keys:
        return None
    name = keys[0][1]
    minor = name.endswith("m")
    tonic = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}[name[0]]
    tonic += {"#": 1, "b": -1}.get(name[1:2], 0)
    return Key(tonic % 12, "minor" if minor else "major")


def _pedal(heard: Heard, strikes: Iterable[Strike], scale: Fraction) -> tuple[tuple[int, int], ...]:
    """Return the spans for which the pedal of any part that is played is down."""
    parts = {strike.part for strike in strikes}
    spans = {(_scaled(a, scale), _scaled(b, scale)) for part in parts for a, b in heard.pedals.get(part, ())}
    joined: list[tuple[int, int]] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


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
    return to_midi(piece, title or mark, [mark, *([f"{MIDI_KEY} {receipt.to_json()}"] if receipt else [])])


def _bar_track(piece: Piece, title: str, texts: Sequence[str]) -> mido.MidiTrack:
    events = [mido.MetaMessage("track_name", name=title)]
    events += [mido.MetaMessage("text", text=text) for text in texts]
    if piece.key:
        names = _MINORS if piece.key.mode == "minor" else _MAJORS
        events.append(mido.MetaMessage("key_signature", key=names[piece.key.sharps + 5]))
    events.append(mido.MetaMessage("set_tempo", tempo=round(60e6 / piece.tempo)))
    timed = [(0, event) for event in events]
    before = None
    for bar in piece.bars:
        if (bar.beats, bar.unit) != before:
            before = bar.beats, bar.unit
            timed.append((bar.start, mido.MetaMessage("time_signature", numerator=bar.beats, denominator=bar.unit)))
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


def to_pretty_midi(piece: Piece) -> PrettyMIDI:
    """Return a piece as `pretty_midi` has it: one instrument for each hand, times in seconds."""
    from pretty_midi import PrettyMIDI

    return PrettyMIDI(io.BytesIO(to_midi(piece)))


def from_pretty_midi(midi: PrettyMIDI) -> Reading:
    """Return what is read from `midi`; of `to_pretty_midi`, the same piece without the empty bars at its end.

    Raises:
        UserError: as `read_midi`.
    """
    stream = io.BytesIO()
    midi.write(stream)
    return read_midi(stream.getvalue())
