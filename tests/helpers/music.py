"""Pieces of music and MIDI files: any that are whole, and made to be broken."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

import mido
import numpy as np
from hypothesis import strategies as st

from genai_demo.music.midi.bars import UNITS
from genai_demo.music.theory.piece import LEFT, MODES, PITCHES, STEP, TICKS, Bar, Key, Note, Piece, resolve_overlaps
from genai_demo.music.tokens.columns import NONE, Columns

KEYS = st.builds(Key.of_signature, st.integers(-7, 7), st.sampled_from(MODES))


def bars_of(metres: Sequence[tuple[int, int]]) -> tuple[Bar, ...]:
    """Return one bar of each metre (beats, unit)."""
    bars: list[Bar] = []
    for beats, unit in metres:
        bars.append(Bar(bars[-1].end if bars else 0, beats, unit))
    return tuple(bars)


def scale(bars: int = 2, key: Key | None = None, tempo: float = 96.0) -> Piece:
    """Return a piece in 4/4: quarter notes up the white keys over whole notes."""
    white = (60, 62, 64, 65, 67, 69, 71, 72)
    notes = [Note(place * TICKS, white[place % 8], TICKS) for place in range(4 * bars)]
    notes += [Note(bar * 4 * TICKS, 48, 4 * TICKS, 1) for bar in range(bars)]
    return Piece(resolve_overlaps(notes), bars_of([(4, 4)] * bars), key, tempo)


@st.composite
def pieces(draw: st.DrawFn, grid: int = 1, most_bars: int = 6, most_changes: int = 0) -> Piece:
    """Draw any whole piece with at least one note.

    Args:
        draw: of hypothesis.
        grid: ticks that every start and length is a multiple of.
        most_bars: bars of the longest.
        most_changes: of the key.
    """
    metres = st.sampled_from(UNITS).flatmap(lambda unit: st.tuples(st.integers(1, 2 * unit), st.just(unit)))
    bars = bars_of(draw(st.lists(metres, min_size=1, max_size=most_bars)))
    note = st.builds(
        Note,
        start=st.integers(0, (bars[-1].end - 1) // grid).map(lambda place: place * grid),
        pitch=st.integers(*PITCHES) | st.integers(59, 61),
        length=st.integers(1, 8 * TICKS // grid).map(lambda place: place * grid),
        hand=st.integers(0, 1),
        velocity=st.integers(1, 127),
    )
    notes = resolve_overlaps(draw(st.lists(note, min_size=1, max_size=30)))
    times = sorted(draw(st.sets(st.integers(0, bars[-1].end), max_size=8)))
    pedal = tuple(zip(times[::2], times[1::2], strict=False))
    if len(pedal) > 1 and draw(st.booleans()):
        pedal = (*pedal, (pedal[-1][1], pedal[-1][1] + 1))  # let go and pressed at one moment
    key = draw(st.none() | KEYS)
    changes: list[tuple[int, Key]] = []
    if key is not None and most_changes and len(bars) > 1:
        lines = draw(st.sets(st.sampled_from([bar.start for bar in bars[1:]]), max_size=most_changes))
        for line in sorted(lines):
            before = changes[-1][1] if changes else key
            changes.append((line, draw(KEYS.filter(lambda other, before=before: other != before))))
    return Piece(notes, bars, key, draw(st.floats(5, 900)), pedal, tuple(changes))


def events(*messages: tuple[str, dict]) -> list[mido.Message]:
    """Return messages of a MIDI track from their kinds and fields, `time` among them."""
    meta = ("track_name", "set_tempo", "time_signature", "key_signature", "end_of_track", "text")
    return [(mido.MetaMessage if kind in meta else mido.Message)(kind, **fields) for kind, fields in messages]


def note(pitch: int, length: int, wait: int = 0, channel: int = 0) -> list[mido.Message]:
    """Return the two events of a note, which is struck after `wait`."""
    return events(
        ("note_on", {"note": pitch, "velocity": 64, "channel": channel, "time": wait}),
        ("note_off", {"note": pitch, "channel": channel, "time": length}),
    )


def midi_file(*tracks: list[mido.Message], kind: int = 1, division: int = TICKS) -> bytes:
    """Return a MIDI file of some tracks."""
    file = mido.MidiFile(type=kind, ticks_per_beat=division)
    file.tracks = [mido.MidiTrack(track) for track in tracks]
    stream = io.BytesIO()
    file.save(file=stream)
    return stream.getvalue()


def notes_of(columns: Columns, first: int = 0) -> list[Note]:
    """Return the notes of columns whose first step is the step `first` of a piece."""
    notes = []
    for hand, step, slot in np.argwhere(columns.keys != NONE).tolist():
        length = int(columns.lengths[hand, step, slot])
        notes.append(Note((first + step) * STEP, PITCHES[0] + int(columns.keys[hand, step, slot]), length * STEP, hand))
    return sorted(notes)


_MAJOR = np.array([0, 2, 4, 5, 7, 9, 11])


def tune(seed: int, bars: int = 20, metre: tuple[int, int] = (4, 4)) -> Piece:
    """Return a made-up piece: a melody that walks along a scale and comes back after four bars, over its chords."""
    random = np.random.default_rng(seed)
    key = Key(int(random.integers(12)), "major")
    line = bars_of([metre] * bars)
    phrase = [np.cumsum(random.integers(-2, 3, 4 * metre[0])) + 7 for _ in range(4)]
    notes = []
    for number, bar in enumerate(line):
        for place in range(metre[0]):
            at = bar.start + place * bar.length // metre[0]
            step = int(phrase[number % 4][place])
            pitch = 60 + key.tonic + int(_MAJOR[step % 7]) + 12 * (step // 7) - 12
            notes.append(Note(at, pitch, bar.length // metre[0]))
        root = int(_MAJOR[(0, 3, 4, 0)[number % 4]])
        notes += [Note(bar.start, 36 + key.tonic + root + step, bar.length, LEFT) for step in (0, 7, 12)]
    return Piece(resolve_overlaps(notes), line, key, 100.0)


def noise(seed: int, like: Piece) -> Piece:
    """Return as many notes as a piece has, anywhere."""
    random = np.random.default_rng(seed)
    notes = [
        Note(
            int(random.integers(like.end // 120)) * 120, int(random.integers(30, 90)), int(random.integers(1, 40)) * 30
        )
        for _ in like.notes
    ]
    return replace(like, notes=resolve_overlaps(notes))
