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
_DOUBLE = 5.0
"""places that a double accidental costs"""
_SINGLE = range(-8, 13)
"""places without one"""


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


def spell(
    notes: Sequence[Note], key: Key, changes: Sequence[tuple[int, Key]] = (), bars: Sequence[int] = ()
) -> list[Name]:
    """Return the names of notes, in their order.

    Notes of the scale are named by it, in minor the raised sixth and seventh too. Any other note takes the name that
    lies nearest on the line of fifths to what sounds with it; a semitone's step to the next note of the same hand
    outweighs that: upwards it is written as a raised, downwards as a lowered note. What has one sound has one name
    within a bar, and in what sounds together: the one that all of it together costs least. Two neighbouring keys that
    a hand strikes together get two letters, since one line of a staff cannot show F and F sharp at once.

    Args:
        notes: in the order of their start, of both hands.
        key: the piece's key.
        changes: from which ticks on other keys hold, in the order of time.
        bars: ticks of the bar lines; without them every note has a bar of its own.
    """
    scales = [_Scale(key), *(_Scale(changed) for _, changed in changes)]
    ticks = [tick for tick, _ in changes]
    own = [scales[bisect_right(ticks, note.start)] for note in notes]
    surroundings = _Surroundings(notes)
    known = [scale.places.get(note.pitch % 12) for note, scale in zip(notes, own, strict=True)]
    places = [0] * len(notes)
    groups = _groups(notes, bars)
    for group in groups:
        costs: dict[int, float] = defaultdict(float)
        for number in group:
            if known[number] is None:
                for place, cost in surroundings.costs(number, own[number]).items():
                    costs[place] += cost
        # What belongs to the scale at one of its places is written so throughout.
        told = [given for number in group if (given := known[number]) is not None]
        chosen = told[0] if told else min(costs, key=costs.__getitem__)
        for number in group:
            own_place = known[number]
            places[number] = chosen if own_place is None else own_place
    _part(notes, groups, places, own)
    return [name_at(place, note.pitch) for place, note in zip(places, notes, strict=True)]


def _groups(notes: Sequence[Note], bars: Sequence[int]) -> list[list[int]]:
    """Return the places of notes that are to have one name: of a pitch class, in one bar or sounding together."""
    parent = list(range(len(notes)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = number = parent[parent[number]]
        return number

    in_bar: dict[tuple[int, int], int] = {}
    held: dict[int, list[int]] = defaultdict(list)
    for number, note in enumerate(notes):
        pitch_class = note.pitch % 12
        held[pitch_class] = [other for other in held[pitch_class] if notes[other].end > note.start]
        bar = (bisect_right(bars, note.start), pitch_class)
        for other in (*held[pitch_class], *([in_bar.setdefault(bar, number)] if bars else [])):
            parent[root(number)] = root(other)
        held[pitch_class].append(number)
    groups: dict[int, list[int]] = defaultdict(list)
    for number in range(len(notes)):
        groups[root(number)].append(number)
    return list(groups.values())


def _part(notes: Sequence[Note], groups: Sequence[Sequence[int]], places: list[int], own: Sequence[_Scale]) -> None:
    """Give two letters to neighbouring keys that a hand strikes together, where that is possible in single accidentals.

    Args:
        notes: see `spell`.
        groups: from `_groups`.
        places: of the notes, some of which are changed.
        own: the scale that holds at each note.
    """
    struck = {(note.start, note.hand, note.pitch): number for number, note in enumerate(notes)}
    neighbours: dict[int, list[int]] = defaultdict(list)
    for (start, hand, pitch), number in struck.items():
        if (above := struck.get((start, hand, pitch + 1))) is not None:
            neighbours[number].append(above)
            neighbours[above].append(number)
    group_of = {number: group for group in groups for number in group}

    def on_one_line(group: Sequence[int], by: int) -> int:
        # One letter of two alters lies seven fifths off.
        return sum(abs(places[number] + by - places[other]) == 7 for number in group for other in neighbours[number])

    for low, nearby in sorted(neighbours.items()):
        for high in nearby:
            if high < low or abs(places[high] - places[low]) != 7:
                continue
            ways: list[tuple[bool, int, int, int]] = []
            for number, by in ((low, 12), (high, -12)):
                place, scale, group = places[number] + by, own[number], group_of[number]
                if place in _SINGLE and on_one_line(group, by) < on_one_line(group, 0):
                    ways.append((places[number] in scale.signed, abs(place - scale.signed[3]), number, by))
            if ways:
                *_, number, by = min(ways)
                for same in group_of[number]:
                    places[same] += by


class _Scale:
    """The names that a key has.

    Args:
        key: see `spell`.
    """

    def __init__(self, key: Key) -> None:
        tonic = tonic_place(key)
        self.signed = range(key.sharps - 1, key.sharps + 6)
        """places that the signature names"""
        self.places = {7 * (tonic + step) % 12: tonic + step for step in _SCALES[key.mode]}
        """place of each pitch class of the scale"""
        self.chromatic: dict[int, list[int]] = defaultdict(list)
        """places that each other pitch class may take, the usual ones first"""
        for step in _CHROMATIC[key.mode]:
            self.chromatic[7 * (tonic + step) % 12].append(tonic + step)


class _Surroundings:
    """What sounds with notes and after them.

    Args:
        notes: see `spell`.
    """

    def __init__(self, notes: Sequence[Note]) -> None:
        self._notes = notes
        self._starts = [note.start for note in notes]
        self._hands = {hand: [note for note in notes if note.hand == hand] for hand in {note.hand for note in notes}}
        self._hand_starts = {hand: [note.start for note in own] for hand, own in self._hands.items()}

    def costs(self, number: int, scale: _Scale) -> dict[int, float]:
        """Return what each place costs that a note outside the scale may take."""
        note = self._notes[number]
        after, around = self._following(note), self._harmony(note, scale)

        def cost(candidate: int) -> float:
            distance = sum(abs(candidate - other) for other in around) / len(around) if around else 0.0
            # One semitone up to the letter above lies 5 fifths back, one down to the letter below 5 fifths on.
            up = note.pitch + 1 in after and scale.places.get((note.pitch + 1) % 12) == candidate - 5
            down = note.pitch - 1 in after and scale.places.get((note.pitch - 1) % 12) == candidate + 5
            return distance - _RESOLUTION * (up or down) + _DOUBLE * (candidate not in _SINGLE)

        return {candidate: cost(candidate) for candidate in scale.chromatic[note.pitch % 12]}

    def _following(self, note: Note) -> set[int]:
        """Return the pitches of the hand's next onset, if it comes within a quarter of the note's end."""
        starts, hand = self._hand_starts[note.hand], self._hands[note.hand]
        later = bisect_right(starts, note.start)
        group = hand[later : bisect_right(starts, starts[later])] if later < len(starts) else []
        return {other.pitch for other in group if other.start <= note.end + TICKS}

    def _harmony(self, note: Note, scale: _Scale) -> list[int]:
        """Return the places of the scale's notes that start or end within the note, or a quarter around its start."""
        first = bisect_left(self._starts, note.start - TICKS)
        last = bisect_right(self._starts, max(note.start, note.end - 1))
        near = [other for other in self._notes[first:last] if other.end > note.start and other is not note]
        return [scale.places[other.pitch % 12] for other in near if other.pitch % 12 in scale.places]
