"""The harmony of each beat, and the notes that rub against it; imports no torch."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

import numpy as np

from genai_demo.music.theory.piece import LEFT, RIGHT, STEP, TICKS, Bar, Note, Piece

_CHORDS = (
    *((0, 4, 7), (0, 3, 7), (0, 3, 6), (0, 4, 8)),
    *((0, 4, 7, 10), (0, 4, 7, 11), (0, 3, 7, 10), (0, 3, 6, 10), (0, 3, 6, 9)),
)
"""pitch classes above the root of the chords that are told apart: triads and sevenths"""
_TEMPLATES = np.array(
    [[float((pitch - root) % 12 in chord) for pitch in range(12)] for chord in _CHORDS for root in range(12)]
)
_ROOTS = np.array([root for _ in _CHORDS for root in range(12)])
_BASS = 0.5
"""by how much a chord is preferred whose root is the lowest note"""
_WHOLE_TONE = 2
"""semitones of the widest step"""


def beat_length(bar: Bar) -> int:
    """Return the ticks of a beat of a bar: of three units where its metre is compound, else of one."""
    unit = TICKS * 4 // bar.unit
    return 3 * unit if bar.unit >= 8 and bar.beats % 3 == 0 else unit


def beat_starts(piece: Piece) -> list[int]:
    """Return the ticks at which the beats of a piece start."""
    return [tick for bar in piece.bars for tick in range(bar.start, bar.end, beat_length(bar))]


def harmonies(piece: Piece) -> np.ndarray:
    """Return the pitch classes of the harmony of each beat, bool (beats, 12); all of them where nothing sounds.

    It is the triad or seventh that fits best what sounds in the beat: the sixteenths of notes that belong to it, less
    those of notes that do not, less the pitch classes of it that are missing (Pardo and Birmingham 2002, "Algorithms
    for chordal analysis", section 4). Of chords that fit alike, the one on the bass wins.
    """
    starts = [*beat_starts(piece), piece.end]
    beats = len(starts) - 1
    weight, lowest = np.zeros((beats, 12)), np.full(beats, 128)
    for note in piece.notes:
        first = bisect_right(starts, note.start) - 1
        for beat in range(first, min(beats, bisect_left(starts, note.end))):
            heard = min(note.end, starts[beat + 1]) - max(note.start, starts[beat])
            weight[beat, note.pitch % 12] += heard / STEP
            lowest[beat] = min(lowest[beat], note.pitch)
    inside = weight @ _TEMPLATES.T  # (beats, chords)
    missing = (weight == 0).astype(float) @ _TEMPLATES.T
    on_bass = lowest[:, None] % 12 == _ROOTS
    best = (2 * inside - missing + _BASS * on_bass).argmax(1)
    found = _TEMPLATES[best] > 0
    found[weight.sum(1) == 0] = True
    return found


def clashing(piece: Piece) -> list[Note]:
    """Return the notes outside the harmony of their beat that are not led on.

    A note is led on if its hand strikes a key a step away after it, until a beat after its end, or if it belongs to
    the harmony of the next beat.
    """
    found = []
    starts, chords = beat_starts(piece), harmonies(piece)
    by_hand = {hand: sorted(note for note in piece.notes if note.hand == hand) for hand in (RIGHT, LEFT)}
    onsets = {hand: [note.start for note in notes] for hand, notes in by_hand.items()}
    for note in piece.notes:
        beat = bisect_right(starts, note.start) - 1
        if chords[beat, note.pitch % 12] or (beat + 1 < len(chords) and chords[beat + 1, note.pitch % 12]):
            continue
        until = note.end + beat_length(piece.bars[piece.bar_at(note.start)])
        first, last = bisect_right(onsets[note.hand], note.start), bisect_right(onsets[note.hand], until)
        if not any(0 < abs(other.pitch - note.pitch) <= _WHOLE_TONE for other in by_hand[note.hand][first:last]):
            found.append(note)
    return found


def clashes(piece: Piece) -> float | None:
    """Return the share of notes that `clashing` names; None where there are no notes."""
    return len(clashing(piece)) / len(piece.notes) if piece.notes else None
