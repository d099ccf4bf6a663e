"""Piano pieces that are composed by rules: phrases of four bars over common progressions. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from genai_demo.engine.data.sample import item_random
from genai_demo.engine.data.sources import Member
from genai_demo.engine.data.tables import Row
from genai_demo.music.data.labels import Label
from genai_demo.music.midi.writing import to_midi
from genai_demo.music.theory.piece import ALL_KEYS, LEFT, RIGHT, TICKS, Bar, Key, Note, Piece, resolve_overlaps

COUNT = 300
"""pieces if no number is given"""
_EIGHTH = TICKS // 2
_SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
_OPEN = ((0, 5, 3, 4), (0, 3, 1, 4), (0, 0, 3, 4), (0, 2, 3, 4), (5, 3, 0, 4))
"""degrees of the chords of a phrase that asks: it stops on the dominant"""
_CLOSED = ((0, 3, 4, 0), (3, 1, 4, 0), (5, 3, 4, 0), (0, 5, 4, 0))
"""those of one that answers: it comes home"""
_FORMS = ("asba", "absa", "aaba", "abas")
"""phrases of a piece: "a" asks, "s" is the same as "a" an octave higher, "b" is another one; the last always answers"""


@dataclass(frozen=True)
class _Genre:
    """A manner of moving."""

    name: str
    beats: int
    unit: int
    tempos: tuple[int, int]
    """quarter notes per minute"""
    rhythms: tuple[tuple[int, ...], ...]
    """lengths of the notes of a bar of melody, in eighths"""
    left: tuple[tuple[int, tuple[int, ...], int], ...]
    """what the left hand strikes in a bar: where, which tones of the chord (0 is its root, 7 an octave above), and how
    long, in eighths"""


_GENRES = (
    _Genre(
        "Waltz",
        3,
        4,
        (120, 168),
        ((4, 2), (2, 2, 2), (3, 1, 2), (2, 4)),
        ((0, (0,), 2), (2, (4, 7), 2), (4, (4, 7), 2)),
    ),
    _Genre("Minuet", 3, 4, (100, 130), ((2, 1, 1, 1, 1), (2, 2, 2), (1, 1, 2, 2)), ((0, (0,), 4), (4, (4,), 2))),
    _Genre(
        "Sonatina",
        4,
        4,
        (96, 132),
        ((2, 2, 2, 2), (3, 1, 2, 2), (2, 1, 1, 4), (1, 1, 1, 1, 2, 2)),
        tuple((place, (tone,), 1) for place, tone in enumerate((0, 4, 2, 4, 0, 4, 2, 4))),
    ),
    _Genre(
        "March",
        4,
        4,
        (104, 124),
        ((3, 1, 3, 1), (2, 2, 4), (3, 1, 4)),
        tuple((2 * beat, (0,) if beat % 2 == 0 else (2, 4), 1) for beat in range(4)),
    ),
    _Genre(
        "Lullaby",
        6,
        8,
        (56, 76),
        ((2, 1, 2, 1), (3, 2, 1), (1, 1, 1, 3)),
        tuple((place, (tone,), 1) for place, tone in enumerate((0, 4, 7, 9, 7, 4))),
    ),
    _Genre("Chorale", 4, 4, (66, 84), ((2, 2, 2, 2), (4, 4), (4, 2, 2)), ((0, (0, 4), 4), (4, (0, 4), 4))),
)


def sample_members(count: int) -> list[Member[Label]]:
    """Return pieces as MIDI files with their labels; each is composed when it is read."""
    members = []
    for number in range(count):
        title, key, tempo = _plan(item_random(number))[:3]
        label = Label(title=title, source="sample", key=key, tempo=float(tempo))
        members.append(Member(f"{number:05d}.mid", partial(_midi, number), Row(label, "", True)))
    return members


def compose(number: int) -> Piece:
    """Return the piece of a number, from 0: sixteen bars in four phrases, without faults."""
    random = item_random(number)
    _, key, tempo, genre = _plan(random)
    form = _FORMS[int(random.integers(len(_FORMS)))]
    phrases = {name: _Phrase.draw(random, genre) for name in "ab"}
    length = Bar(0, genre.beats, genre.unit).length
    bars = tuple(Bar(place * length, genre.beats, genre.unit) for place in range(4 * len(form)))
    notes: list[Note] = []
    for place, name in enumerate(form):
        phrase = phrases["a" if name == "s" else name]
        last = place == len(form) - 1
        chords = _one_of(random, _CLOSED if last or place == 1 else _OPEN) if name == "b" or last else phrase.chords
        phrase = replace(phrase, chords=chords)
        notes += _played(phrase, genre, key, bars[4 * place : 4 * place + 4], octave=name == "s", last=last)
    return Piece(resolve_overlaps(notes), bars, key, float(tempo))


def _midi(number: int) -> bytes:
    return to_midi(compose(number))


def _plan(random: np.random.Generator) -> tuple[str, Key, int, _Genre]:
    """Return title, key, tempo and genre of a piece."""
    genre = _GENRES[int(random.integers(len(_GENRES)))]
    key = ALL_KEYS[int(random.integers(len(ALL_KEYS)))]
    names = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
    return f"{genre.name} in {names[key.tonic]} {key.mode}", key, int(random.integers(*genre.tempos)), genre


@dataclass(frozen=True)
class _Phrase:
    """Four bars of melody as the steps of a scale, and the chords below them."""

    chords: tuple[int, ...]
    rhythm: tuple[tuple[int, ...], ...]
    """of each bar"""
    moves: tuple[tuple[int, ...], ...]
    """steps from note to note in each bar"""

    @classmethod
    def draw(cls, random: np.random.Generator, genre: _Genre) -> _Phrase:
        """Return a phrase whose first bar comes again in the second, and is varied in the third."""
        first, other = (_one_of(random, genre.rhythms) for _ in range(2))
        rhythm = (first, first, other, (sum(first),))

        def moves(notes: int) -> tuple[int, ...]:
            way = 1 if random.random() < 0.5 else -1
            return tuple(way * int(random.choice([1, 1, 1, -1, 2, 0])) for _ in range(notes - 1))

        motif = moves(len(first))
        return cls(_one_of(random, _OPEN), rhythm, (motif, motif, moves(len(other)), ()))


def _played(phrase: _Phrase, genre: _Genre, key: Key, bars: tuple[Bar, ...], octave: bool, last: bool) -> list[Note]:
    """Return the notes of both hands in four bars."""
    notes: list[Note] = []
    step = 7
    for place, (bar, root) in enumerate(zip(bars, phrase.chords, strict=True)):
        loud = 58 + 6 * place if place < 3 else 60
        # Each bar begins on a tone of its chord, the nearest one to the last note; the end is the tonic.
        tones = [7 * turn + root + tone for turn in range(3) for tone in (0, 2, 4)]
        step = 7 if last and place == 3 else min(tones, key=lambda tone: (abs(tone - step) + abs(tone - 9) / 3, tone))
        at = bar.start
        for number, eighths in enumerate(phrase.rhythm[place]):
            if number:
                step = min(12, max(3, step + phrase.moves[place][number - 1]))
            length = eighths * _EIGHTH
            pitch = _pitch(key, step, root, 60) + 12 * octave
            notes.append(Note(at, pitch, length, RIGHT, loud + (8 if number == 0 else 0)))
            at += length
        closing = last and place == 3
        for where, tones_struck, eighths in ((0, (0, 4, 7), bar.length // _EIGHTH),) if closing else genre.left:
            for tone in tones_struck:
                # Roots stay within an octave, so that the hand does not jump.
                below = root - 7 if root > 3 else root
                pitch = _pitch(key, below + tone, root, 48)
                notes.append(Note(bar.start + where * _EIGHTH, pitch, eighths * _EIGHTH, LEFT, loud - 12))
    return notes


def _pitch(key: Key, step: int, root: int, near: int) -> int:
    """Return the MIDI number of a step of a key's scale, step 0 being the tonic at or just above `near` - 5."""
    tonic = near - 5 + (key.tonic - (near - 5)) % 12
    semitones = _SCALES[key.mode][step % 7] + 12 * (step // 7)
    # A minor key's dominant has a leading note.
    return tonic + semitones + (key.mode == "minor" and root == 4 and step % 7 == 6)


def _one_of(random: np.random.Generator, choices: tuple[tuple[int, ...], ...]) -> tuple[int, ...]:
    return choices[int(random.integers(len(choices)))]
