"""Names of notes: which letter and accidental a key of the piano is written with in a given key of music.

Names are places on the line of fifths (Temperley, The Cognition of Basic Musical Structures, 2001, chapter 5):
... B flat -2, F -1, C 0, G 1, ... F sharp 6, C sharp 7 ... Twelve places further lies the next name for the same
sound, so that spelling a note means choosing among a few places.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from genai_demo.music.theory.piece import TICKS, Key, Note

_LETTERS = "FCGDAEB"
"""from place -1 on"""
_CLASSES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
"""pitch class of each letter without accidental"""

# Places a note may take besides those of the scale, counted from the tonic's. In major: sharp 4, 1, 5, 2, 6 and
# flat 7, 3, 6, 2, the usual first. In minor, the raised sixth and seventh belong to the scale.
_SCALES = {"major": range(-1, 6), "minor": (-4, -3, -2, -1, 0, 1, 2, 3, 5)}
_CHROMATIC = {"major": (6, 7, -2, -3, -4, 8, -5, 9, 10), "minor": (6, 4, -5, 7)}

_RESOLUTION = 4.0
"""places by which a step of a semitone to the next note outweighs the harmony"""
_DOUBLE = 2.0
"""places that a double accidental costs"""


@dataclass(frozen=True)
class Name:
    """The written name of a note, such as E flat 4."""

    letter: str
    """one of "ABCDEFG\""""
    alter: int
    """sharps, -2 to 2; flats count below 0"""
    octave: int
    """4 holds middle C; B sharp and C flat count to the octave of their letter"""

    @property
    def pitch(self) -> int:
        """MIDI number."""
        return 12 * (self.octave + 1) + _CLASSES[self.letter] + self.alter

    @property
    def line(self) -> int:
        """Number of white keys from C 0 to the letter: the height at which the note is drawn."""
        return 7 * self.octave + "CDEFGAB".index(self.letter)


def tonic_place(key: Key) -> int:
    """Return the place of a key's tonic on the line of fifths."""
    return key.sharps + (3 if key.mode == "minor" else 0)


def name_at(place: int, pitch: int) -> Name:
    """Return the name that a note has at a place on the line of fifths.

    Args:
        place: -15 (F double flat) to 19 (B double sharp), of the note's pitch class.
        pitch: MIDI number.
    """
    alter, letter = (place + 1) // 7, _LETTERS[(place + 1) % 7]
    octave, rest = divmod(pitch - alter - _CLASSES[letter], 12)
    assert rest == 0
    return Name(letter, alter, octave - 1)


def signature(key: Key) -> dict[str, int]:
    """Return the sharps of each letter in a key's signature; flats count below 0."""
    places = range(key.sharps - 1, key.sharps + 6)
    return {_LETTERS[(place + 1) % 7]: (place + 1) // 7 for place in places}


def spell(notes: Sequence[Note], key: Key) -> list[Name]:
    """Return the names of notes, in their order.

    Notes of the scale are named by it, in minor the raised sixth and seventh too. Any other note takes the name that
    lies nearest on the line of fifths to what sounds with it; a semitone's step to the next note of the same hand
    outweighs that: upwards it is written as a raised, downwards as a lowered note.

    Args:
        notes: in the order of their start, of both hands.
        key: the piece's key.
    """
    tonic = tonic_place(key)
    scale = {7 * (tonic + step) % 12: tonic + step for step in _SCALES[key.mode]}
    chromatic: dict[int, list[int]] = defaultdict(list)
    for step in _CHROMATIC[key.mode]:
        chromatic[7 * (tonic + step) % 12].append(tonic + step)
    starts = {hand: [note.start for note in notes if note.hand == hand] for hand in {note.hand for note in notes}}
    hands = {hand: [note for note in notes if note.hand == hand] for hand in starts}

    def following(note: Note) -> set[int]:
        """Return the pitches of the hand's next onset, if it comes within a quarter of the note's end."""
        later = bisect_right(starts[note.hand], note.start)
        group = (
            hands[note.hand][later : bisect_right(starts[note.hand], starts[note.hand][later])]
            if (later < len(starts[note.hand]))
            else []
        )
        return {other.pitch for other in group if other.start <= note.end + TICKS}

    all_starts = [note.start for note in notes]

    def harmony(note: Note) -> list[int]:
        """Return the places of the scale's notes that start or end within the note, or a quarter around its start."""
        first = bisect_left(all_starts, note.start - TICKS)
        last = bisect_right(all_starts, max(note.start, note.end - 1))
        near = [other for other in notes[first:last] if other.end > note.start and other is not note]
        return [scale[other.pitch % 12] for other in near if other.pitch % 12 in scale]

    def place(note: Note) -> int:
        if note.pitch % 12 in scale:
            return scale[note.pitch % 12]
        after, around = following(note), harmony(note)

        def cost(candidate: int) -> float:
            distance = sum(abs(candidate - other) for other in around) / len(around) if around else 0.0
            # One semitone up to the letter above lies 5 fifths back, one down to the letter below 5 fifths on.
            up = note.pitch + 1 in after and scale.get((note.pitch + 1) % 12) == candidate - 5
            down = note.pitch - 1 in after and scale.get((note.pitch - 1) % 12) == candidate + 5
            doubled = not -8 <= candidate <= 12
            return distance - _RESOLUTION * (up or down) + _DOUBLE * doubled

        return min(chromatic[note.pitch % 12], key=cost)

    return [name_at(place(note), note.pitch) for note in notes]
