"""What can be counted in a few bars of music, for generated and real ones alike; imports no torch.

The figures depend on how long music is, and on its metre: compare stretches of as many bars of the same metre.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from genai_demo.music.theory.harmony import clashes
from genai_demo.music.theory.piece import TICKS, Note, Piece
from genai_demo.music.theory.playing import crossings, leaps, odd_bars, wide_spans
from genai_demo.music.theory.structure import returning, self_similarity

QUALIFIED = 4 * TICKS * 3 // 48
"""ticks of the shortest qualified note: three steps of 48 per bar of 4/4 (Dong et al. 2018, "MuseGAN", section 6.1)"""
LENGTHS = tuple(
    TICKS * twenty_fourths // 24 for twenty_fourths in (3, 4, 6, 8, 9, 12, 16, 18, 24, 36, 48, 72, 96, 144, 192)
)
"""ticks of the note lengths that are told apart, from a thirty-second to two whole notes"""
_MAJOR = (0, 2, 4, 5, 7, 9, 11)


def excerpt(piece: Piece, first: int, count: int) -> Piece:
    """Return some bars as a piece of their own: what was struck before is left out, what rings on is cut at the end.

    Args:
        piece: whole.
        first: bar to start with, from 0.
        count: bars, at least 1; fewer where the piece ends before.
    """
    bars = piece.bars[first : first + count]
    start, end = bars[0].start, bars[-1].end
    notes = tuple(
        replace(note, start=note.start - start, length=min(note.end, end) - note.start)
        for note in piece.notes
        if start <= note.start < end
    )
    key = piece.key_at(start)
    return Piece(notes, tuple(replace(bar, start=bar.start - start) for bar in bars), key, piece.tempo)


def qualified(piece: Piece) -> float | None:
    """Return the share of notes that are at least `QUALIFIED` ticks long (Dong et al. 2018, "QN")."""
    return _mean([note.length >= QUALIFIED for note in piece.notes])


def polyphony(piece: Piece) -> float | None:
    """Return how many keys are held in the mean, while any is."""
    changes = sorted([(note.start, 1) for note in piece.notes] + [(note.end, -1) for note in piece.notes])
    held = sounding = before = 0
    for tick, change in changes:
        sounding += (tick - before) * (held > 0)
        held, before = held + change, tick
    return sum(note.length for note in piece.notes) / sounding if sounding else None


def pitch_classes(piece: Piece) -> float | None:
    """Return how many pitch classes are struck in a bar, in the mean of bars that are not empty (ibid., "UPC")."""
    return _mean([len({note.pitch % 12 for note in notes}) for notes in _by_bar(piece) if notes])


def note_density(piece: Piece) -> float:
    """Return the notes per quarter note."""
    return len(piece.notes) * TICKS / piece.end


def empty_bars(piece: Piece) -> float:
    """Return the share of bars in which nothing is struck (ibid., "EB")."""
    return sum(not notes for notes in _by_bar(piece)) / len(piece.bars)


def in_key(piece: Piece) -> float | None:
    """Return the share of notes within the major scale, whichever it is, that holds most of them.

    Minor keys share the scale of their relative major (Mogren 2016, "C-RNN-GAN", section 5.1, "scale consistency").
    """
    classes = _classes(piece.notes, lambda note: 1.0)
    held = [classes[[(tonic + step) % 12 for step in _MAJOR]].sum() for tonic in range(12)]
    return float(max(held) / classes.sum()) if piece.notes else None


FIGURES: dict[str, Callable[[Piece], float | None]] = {
    "qualified": qualified,
    "polyphony": polyphony,
    "pitch_classes": pitch_classes,
    "note_density": note_density,
    "empty_bars": empty_bars,
    "in_key": in_key,
    "clashes": clashes,
    "wide_spans": wide_spans,
    "leaps": leaps,
    "crossings": crossings,
    "rhythm_8": lambda piece: self_similarity(piece, 8)[0],
    "rhythm_16": lambda piece: self_similarity(piece, 16)[0],
    "harmony_8": lambda piece: self_similarity(piece, 8)[1],
    "harmony_16": lambda piece: self_similarity(piece, 16)[1],
    "returning": returning,
    "odd_bars": odd_bars,
}
"""figures of single pieces by name"""


def mean_figure(name: str, pieces: Sequence[Piece]) -> float | None:
    """Return the mean of one of `FIGURES` over all pieces of which it can be said; None where it cannot of any."""
    found = [value for piece in pieces if (value := FIGURES[name](piece)) is not None]
    return _mean(found)


def length_shares(pieces: Sequence[Piece]) -> np.ndarray:
    """Return the share (len(LENGTHS),) of notes whose length is nearest to each of `LENGTHS`, in the logarithm."""
    lengths = np.array([note.length for piece in pieces for note in piece.notes], float)
    bounds = np.sqrt(np.array(LENGTHS[1:], float) * np.array(LENGTHS[:-1], float))
    counts = np.bincount(np.searchsorted(bounds, lengths), minlength=len(LENGTHS))
    return counts / max(1, counts.sum())


def total_variation(first: np.ndarray, second: np.ndarray) -> float:
    """Return the total variation distance of two distributions (N,): 0 if they are equal, 1 if nothing is in common."""
    return float(np.abs(first - second).sum() / 2)


def _by_bar(piece: Piece) -> list[list[Note]]:
    bars: list[list[Note]] = [[] for _ in piece.bars]
    for note in piece.notes:
        bars[piece.bar_at(note.start)].append(note)
    return bars


def _classes(notes: Sequence[Note], weight: Callable[[Note], float]) -> np.ndarray:
    """Return the weight (12,) of each pitch class."""
    classes = np.zeros(12)
    for note in notes:
        classes[note.pitch % 12] += weight(note)
    return classes


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
