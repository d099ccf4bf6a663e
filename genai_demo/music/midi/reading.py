"""Standard MIDI files, from wherever they come: from their bytes to a piece for two hands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from genai_demo.catalogue import message
from genai_demo.errors import UserError
from genai_demo.music.midi.bars import believed, lay_bars, time_signature_of, without_overhang
from genai_demo.music.midi.events import (
    TEMPOS,
    MidiContents,
    NoteEvent,
    Part,
    parse,
    read_events,
    ticks_per_tick,
)
from genai_demo.music.midi.fine_metres import rounded_bars
from genai_demo.music.midi.handovers import FINER, restored
from genai_demo.music.midi.hands import hands_of_two, melody_first, split_hands, within_reach
from genai_demo.music.midi.keys import stated_keys
from genai_demo.music.midi.names import HAND_NAMES, hand_named
from genai_demo.music.midi.parts import drum_parts, joined_channels
from genai_demo.music.midi.stream import Stream
from genai_demo.music.midi.timing import in_time, uneven_notes
from genai_demo.music.theory.key_signatures import hear_keys
from genai_demo.music.theory.piece import LEFT, PITCHES, RIGHT, TICKS, Bar, Note, Piece, resolve_overlaps

MOST_MINUTES = 60
MOST_QUARTERS = 40_000
_FAULTS = ("music.unwrapped", "music.left_out_chunks", "music.missing_tracks", "music.cut_off", "music.repaired")
"""what may be out of order in a file that is read all the same"""
_PIANOS = range(8)
"""General MIDI's programs that are pianos, the harpsichord and the clavinet among them"""
_SILENT_BARS = 8
"""bars of silence at the end that somebody may mean"""
_DEFAULT_TEMPO = 500_000
"""microseconds per quarter note where a file names none"""


@dataclass(frozen=True)
class Remark:
    """Something that a file holds and its piece does not, or that had to be guessed."""

    key: str
    """of a sentence in the catalogue with the field `count`"""
    count: int

    def in_language(self, language: str) -> str:
        """Return the sentence in `language` (one of `LANGUAGES`)."""
        return message(self.key, language, count=self.count)


@dataclass(frozen=True)
class Reading:
    """What a MIDI file was read as."""

    piece: Piece
    remarks: tuple[Remark, ...] = ()
    """what was left out or guessed; none for a file that was written here"""
    key_sources: tuple[str, ...] = ()
    """how each of the piece's keys is known, see `HeardKeys.sources`"""


def read_midi(data: bytes | Path) -> Reading:
    """Read a standard MIDI file of format 0, 1 or 2 that may come from anywhere.

    - Piano notes are taken (General MIDI's programs 1 to 8); where there are none, those of all instruments but
      drums, which are known by channel, name and manner.
    - Time becomes 480 ticks per quarter note, rounded to the nearest.
    - Key signatures hold from the nearest bar line on; `hear_keys` says when their mode, or they, are heard instead.
    - Of several tempi the piece gets the one under which it lasts as long.
    - Bars follow the time signatures, 4/4 where there are none; the last one is whole, and none is added for what
      sounds a little beyond it, nor for a long silence at the end. Many bars of a single beat are not believed, and
      none ends between sixteenths, see `rounded_bars`.
    - A key that is struck while it is held is let go before; where both hands strike one, the right one does; notes
      without length are left out.
    - Hands come from the names of the tracks, else from two tracks or channels that one hand can reach each, else from
      `split_hands`.
    - What was played without regard to the file's beats gets those that are heard, and what is off all beats alike is
      put on them: see `in_time`.
    - Of format 2, whose tracks are pieces of their own, the first one with notes is taken.

    Args:
        data: the content of a MIDI file, or its path. What it is called does not matter.

    Raises:
        UserError: no MIDI file, a damaged one, one without notes for a piano, or one that is too large or too long.
    """
    stream = parse(data)
    scale, film = ticks_per_tick(stream.division)
    contents, remarks = _one_piece(stream)
    if contents.modes is None:
        remarks += _remarks(("music.rounded_bars", rounded_bars(contents, TICKS / scale)))
    elif scale == Fraction(1, FINER):
        contents.strikes = restored(contents.strikes)
    strikes, found = _for_piano(contents)
    remarks += found
    end = _scaled(max(strike.end for strike in strikes), scale)
    if end > MOST_QUARTERS * TICKS:
        raise UserError("music.too_long", most=MOST_MINUTES)
    notes, found = _notes(strikes, contents.names, scale)
    remarks += found
    bars, found = _bars(contents, scale, notes, end)
    remarks += found
    tempo, found = (120.0, []) if film else _tempo(contents.tempos, scale, bars[-1].end)
    stated = stated_keys([(_scaled(tick, scale), name) for tick, name in contents.keys], contents.modes)
    keys = hear_keys(stated, notes, bars)
    remarks += _remarks(("music.key_doubted", keys.contradicting))
    piece = Piece(notes, bars, keys.key, tempo, _pedal(contents, strikes, scale), keys.changes)
    if piece.seconds > MOST_MINUTES * 60:
        raise UserError("music.too_long", most=MOST_MINUTES)
    remarks += found
    if contents.modes is not None:
        return Reading(piece, tuple(remarks), keys.sources)
    piece, done = in_time(piece, [(0, _DEFAULT_TEMPO), *([] if film else _believed_tempos(contents.tempos, scale))])
    remarks += _remarks(*done, ("music.uneven_notes", uneven_notes(piece.notes)))
    return Reading(piece, tuple(remarks), keys.sources)


def _remarks(*counts: tuple[str, int]) -> list[Remark]:
    return [Remark(key, count) for key, count in counts if count]


def _scaled(tick: int, scale: Fraction) -> int:
    """Return `tick * scale`, rounded half up."""
    return (2 * tick * scale.numerator + scale.denominator) // (2 * scale.denominator)


def _one_piece(stream: Stream) -> tuple[MidiContents, list[Remark]]:
    """Return what sounds together, all tracks or of format 2 the first one with notes, and what is out of order.

    Raises:
        UserError: there is no note.
    """
    groups = [[number] for number in range(len(stream.tracks))] if stream.form == 2 else [range(len(stream.tracks))]
    found = [read_events(stream, group) for group in groups]
    pieces = [contents for contents in found if contents.count]
    faults = Counter(stream.faults)
    faults["music.repaired"] += sum(contents.faults for contents in found)
    if not pieces:
        raise UserError("music.damaged_midi" if faults.total() else "music.no_notes")
    return pieces[0], _remarks(*((key, faults[key]) for key in _FAULTS), ("music.left_out_pieces", len(pieces) - 1))


def _for_piano(contents: MidiContents) -> tuple[list[NoteEvent], list[Remark]]:
    """Return what a piano is to play, and what it is not.

    Raises:
        UserError: nothing at all.
    """
    strikes = joined_channels(contents.strikes)
    drums = drum_parts(strikes, contents.names)
    pitched = [strike for strike in strikes if strike.part not in drums]
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


def _notes(strikes: list[NoteEvent], names: dict[int, str], scale: Fraction) -> tuple[tuple[Note, ...], list[Remark]]:
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
    open_notes = resolve_overlaps(note for part, hand in hands.items() if hand is None for note in parts[part])
    notes = resolve_overlaps(melody_first([*sure, *split_hands(open_notes)]))
    doubled = sum(map(len, parts.values())) - len(notes)
    return notes, _remarks(("music.left_out_doubled", doubled), ("music.hands_guessed", len(open_notes)))


def _hands(parts: dict[Part, list[Note]], names: dict[int, str]) -> dict[Part, int | None]:
    """Return the hand that each part is for; None where its notes have to be split.

    Names are believed where they tell both hands apart, the name of one hand where one hand can play what bears it.
    """
    named = {track: hand_named(name) for track, name in names.items()}
    if {RIGHT, LEFT} <= set(named.values()) or set(HAND_NAMES.values()) & set(names.values()):
        return {part: named.get(part[0]) for part in parts}
    reached = [part for part, notes in parts.items() if within_reach(notes)]
    if len(parts) == len(reached) == 2:
        first, second = parts
        one, other = hands_of_two(parts[first], parts[second])
        return {first: one, second: other}
    return {part: named.get(part[0]) if part in reached else None for part in parts}


def _bars(
    contents: MidiContents, scale: Fraction, notes: Sequence[Note], end: int
) -> tuple[tuple[Bar, ...], list[Remark]]:
    """Return the bars of a piece whose notes have ended at `end`."""
    last = notes[-1].start
    stated = [
        (_scaled(tick, scale), *signature)
        for tick, beats, unit in contents.time_signatures
        if (signature := time_signature_of(beats, unit))
    ]
    # What was written here has the bars that it is to have.
    signatures, doubted = believed(stated, notes) if contents.modes is None else (stated, 0)
    remarks = _remarks(
        ("music.left_out_metres", len(contents.time_signatures) - len(stated)), ("music.doubted_metres", doubted)
    )
    if contents.first_end is not None:
        # A track that holds nothing but the bars ends with the last of them, even if a note rings on.
        over = _scaled(contents.first_end, scale)
        if last < over <= MOST_QUARTERS * TICKS:
            whole = lay_bars(signatures, over)
            silent = sum(bar.start > last for bar in whole)
            if whole[-1].end == over and (silent <= _SILENT_BARS or contents.modes is not None):
                return whole, remarks
    return without_overhang(lay_bars(signatures, end), last, end), remarks


def _believed_tempos(tempos: Sequence[tuple[int, int]], scale: Fraction) -> list[tuple[int, int]]:
    """Return the tempi that are possible, with their ticks in a piece."""
    return [
        (_scaled(tick, scale), microseconds)
        for tick, microseconds in tempos
        if TEMPOS[0] * microseconds <= 60e6 <= TEMPOS[1] * microseconds
    ]


def _tempo(tempos: Sequence[tuple[int, int]], scale: Fraction, end: int) -> tuple[float, list[Remark]]:
    """Return the tempo under which the time up to `end`, in ticks of a piece, lasts as long as under all `tempos`."""
    believed = _believed_tempos(tempos, scale)
    changes = [(0, _DEFAULT_TEMPO), *((tick, microseconds) for tick, microseconds in believed if tick < end)]
    spans = [(until - tick, microseconds) for (tick, microseconds), (until, _) in pairwise([*changes, (end, 0)])]
    sounding = {microseconds for ticks, microseconds in spans if ticks}
    remarks = _remarks(
        ("music.left_out_tempos", len(tempos) - len(believed)),
        ("music.tempo_averaged", len(sounding) if len(sounding) > 1 else 0),
    )
    return 60e6 * end / sum(ticks * microseconds for ticks, microseconds in spans), remarks


def _pedal(contents: MidiContents, strikes: Iterable[NoteEvent], scale: Fraction) -> tuple[tuple[int, int], ...]:
    """Return the spans for which the pedal of any part that is played is down."""
    parts = {strike.part for strike in strikes}
    spans = {(_scaled(a, scale), _scaled(b, scale)) for part in parts for a, b in contents.pedals.get(part, ())}
    return joined_spans(spans)


def joined_spans(spans: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return spans in the order of time, those that overlap as one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)
