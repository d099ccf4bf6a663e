"""Music as one line of text, so that a receipt can hold it: readable, and without loss.

The line has the key, the tempo, and bar by bar the key and the metre where they change, a bar line, and what is struck:
its place in ticks from the bar line, the hand, and each pitch with its length in ticks, and its velocity where that is
another one than before; at first it is 72. A pedal is pressed at its place for some ticks; a slur begins with "(" and
ends with ")", each with a number that tells it from others::

    Eb_major 100 4/4 | @0 P:1900 R 67:480:80(1 70:480 L 51:1920:64 @480 R 68:240)1 | ...

Imports no torch.
"""

from __future__ import annotations

import re
from collections import defaultdict

from genai_demo.errors import UserError
from genai_demo.music.midi.bars import LONGEST_BAR, UNITS
from genai_demo.music.midi.events import TEMPOS
from genai_demo.music.theory.piece import PITCHES, RIGHT, VELOCITY, Bar, Key, Note, Piece
from genai_demo.music.tokens import events

MOST_CHARACTERS = 300_000
_NAMES = {
    "major": ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#"),
    "minor": ("Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#", "G#", "D#", "A#"),
}
"""tonics by the sharps of the signature, from 7 flats to 7 sharps"""
_FLATS = 7
_HANDS = "RL"
"""letters of `RIGHT` and `LEFT`"""


def key_id(key: Key | None) -> str:
    """Return the name of a key, such as "Eb_major" or "F#_minor"; "any" for none."""
    return f"{_NAMES[key.mode][key.sharps + _FLATS]}_{key.mode}" if key else "any"


KEY_BY_NAME = {key_id(key): key for key in events.KEYS_OR_NONE}
"""keys by their names, "any" for None"""
_WRITTEN_KEYS = KEY_BY_NAME | {
    key_id(key): key
    for mode in _NAMES
    for key in (Key.of_signature(sharps, mode) for sharps in range(-_FLATS, _FLATS + 1))
}
"""the same with those that are written in an unusual way"""
_KINDS = {
    kind: re.compile(pattern)
    for kind, pattern in {
        "key": "|".join(map(re.escape, _WRITTEN_KEYS)),
        "tempo": r"\d{1,4}(\.\d{1,20})?",
        "metre": r"(\d{1,3})/(\d{1,2})",
        "bar": r"\|",
        "place": r"@(\d{1,7})",
        "pedal": r"P:(\d{1,8})",
        "hand": r"[RL]",
        "note": r"(\d{1,3}):(\d{1,8})(?::(\d{1,3}))?((?:[()]\d{1,4})*)",
    }.items()
}
_AFTER_BAR = ("bar", "metre", "key")
_NEXT = {
    "": ("key",),
    "first key": ("tempo",),
    "tempo": ("metre",),
    "key": ("metre", "bar"),
    "metre": ("bar",),
    "bar": ("place", *_AFTER_BAR),
    "place": ("pedal", "hand"),
    "pedal": ("hand", "place", *_AFTER_BAR),
    "hand": ("note",),
    "note": ("note", "hand", "place", *_AFTER_BAR),
}
"""kinds of words that may follow one of a kind"""
_LAST = ("bar", "pedal", "note")
"""kinds of words with which a line may end"""


def write_piece_string(piece: Piece) -> str:
    """Return the line of a piece without faults; `read_piece_string` makes the same piece of it."""
    tempo = f"{piece.tempo:.0f}" if piece.tempo == round(piece.tempo) else repr(float(piece.tempo))
    words = [key_id(piece.key), tempo]
    changes = dict(piece.key_changes)
    struck: dict[int, dict[int, dict[int, list[Note]]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    pressed: dict[int, dict[int, int]] = defaultdict(dict)
    for note in piece.notes:
        struck[piece.bar_at(note.start)][note.start][note.hand].append(note)
    for start, end in piece.pedal:
        pressed[piece.bar_at(start)][start] = end - start
    slurs = _slurs(piece)
    metre, velocity = None, VELOCITY
    for number, bar in enumerate(piece.bars):
        if bar.start in changes:
            words.append(key_id(changes[bar.start]))
        if (bar.beats, bar.unit) != metre:
            metre = bar.beats, bar.unit
            words.append(f"{bar.beats}/{bar.unit}")
        words.append("|")
        for tick in sorted({*struck[number], *pressed[number]}):
            words.append(f"@{tick - bar.start}")
            if tick in pressed[number]:
                words.append(f"P:{pressed[number][tick]}")
            for hand, notes in sorted(struck[number].get(tick, {}).items()):
                words.append(_HANDS[hand])
                for note in notes:
                    own = f":{note.velocity}" if note.velocity != velocity else ""
                    words.append(f"{note.pitch}:{note.length}{own}{slurs.get(note, '')}")
                    velocity = note.velocity
    return " ".join(words)


def _slurs(piece: Piece) -> dict[Note, str]:
    """Return what is said of slurs at notes; of those whose notes are still there."""
    there = {*piece.notes}
    found: dict[Note, str] = defaultdict(str)
    busy: list[tuple[int, int, int]] = []
    begun: dict[Note, str] = defaultdict(str)

    def place(note: Note) -> tuple[int, int, int]:
        """Return where a note stands in the line."""
        return note.start, note.hand, note.pitch

    for first, last in piece.slurs:
        if {first, last} <= there:
            free = next((number for number, until in enumerate(busy) if until <= place(first)), len(busy))
            busy[free : free + 1] = [place(last)]
            begun[first] += f"({free + 1}"
            found[last] += f"){free + 1}"
    # A number may be taken up again at once: what ends is said first.
    for note, words in begun.items():
        found[note] += words
    return found


def read_piece_string(line: str) -> Piece:
    """Return the piece that a line tells.

    Raises:
        UserError: it is too long, or something in it may not stand where it does.
    """
    if len(line) > MOST_CHARACTERS:
        raise UserError("music.given_too_long", found=len(line), most=MOST_CHARACTERS)
    words = line.split()
    if not words:
        raise UserError("music.no_given")
    reader = _Reader()
    for number, word in enumerate(words):
        if not reader.take(word):
            raise UserError("music.bad_given", number=number + 1, word=word[:20])
    if reader.last not in _LAST or reader.slurred:
        raise UserError("music.bad_given", number=len(words), word=words[-1][:20])
    return reader.piece()


class _Reader:
    """Takes one word after the other, as long as they make a piece."""

    def __init__(self) -> None:
        self.last = ""
        """kind of the last word"""
        self._key: Key | None = None
        self._tempo = 0.0
        self._changes: list[tuple[int, Key]] = []
        self._metre = (4, 4)
        self._bars: list[Bar] = []
        self._notes: list[Note] = []
        self._pedal: list[tuple[int, int]] = []
        self._place = -1
        """ticks from the bar line"""
        self._hand, self._pitch, self._velocity = RIGHT, -1, VELOCITY
        self._slurs: list[tuple[Note, Note]] = []
        self.slurred: dict[str, Note] = {}
        """first notes of the slurs that have not ended, by number"""
        self._held: dict[int, int] = {}
        """tick until which each key is held"""

    def take(self, word: str) -> bool:
        """Return whether a word may stand next; if so, it is taken."""
        for kind in _NEXT[self.last]:
            if found := _KINDS[kind].fullmatch(word):
                self.last = kind if self.last else "first key"
                return self._taken(kind, found)
        return False

    def piece(self) -> Piece:
        """Return the piece that the words so far make."""
        notes, bars = tuple(sorted(self._notes)), tuple(self._bars)
        slurs = tuple(sorted(self._slurs))
        return Piece(notes, bars, self._key, self._tempo, tuple(self._pedal), tuple(self._changes), slurs)

    def _taken(self, kind: str, word: re.Match[str]) -> bool:
        match kind:
            case "key":
                return self._take_key(_WRITTEN_KEYS[word[0]])
            case "tempo":
                self._tempo = float(word[0])
                return TEMPOS[0] <= self._tempo <= TEMPOS[1]
            case "metre":
                self._metre = int(word[1]), int(word[2])
                return self._metre[1] in UNITS and 0 < Bar(0, *self._metre).length <= LONGEST_BAR
            case "bar":
                whole = not self._bars or self._place < self._bars[-1].length
                self._bars.append(Bar(self._bars[-1].end if self._bars else 0, *self._metre))
                self._place = -1
                return whole
            case "place":
                before, self._place = self._place, int(word[1])
                self._hand = -1
                return self._place > before
            case "pedal":
                start = self._bars[-1].start + self._place
                free = not self._pedal or self._pedal[-1][1] <= start
                self._pedal.append((start, start + int(word[1])))
                return free and int(word[1]) > 0
            case "hand":
                before, self._hand, self._pitch = self._hand, _HANDS.index(word[0]), -1
                return self._hand > before and self._place < self._bars[-1].length
        whole = self._take_note(int(word[1]), int(word[2]), int(word[3]) if word[3] else self._velocity)
        return whole and all(self._take_slur(mark[0], mark[1:]) for mark in re.findall(r"[()]\d+", word[4]))

    def _take_key(self, key: Key | None) -> bool:
        if not self._bars:
            self._key = key
            return True
        if key is None or self._key is None:
            return False
        self._changes.append((self._bars[-1].end, key))
        return True

    def _take_slur(self, kind: str, number: str) -> bool:
        note = self._notes[-1]
        if kind == "(":
            return self.slurred.setdefault(number, note) is note
        first = self.slurred.pop(number, note)
        self._slurs.append((first, note))
        return first.start < note.start

    def _take_note(self, pitch: int, length: int, velocity: int) -> bool:
        start = self._bars[-1].start + self._place
        free = pitch > self._pitch and self._held.get(pitch, 0) <= start
        self._pitch, self._velocity = pitch, velocity
        self._held[pitch] = start + length
        self._notes.append(Note(start, pitch, length, self._hand, velocity))
        return free and length > 0 and PITCHES[0] <= pitch <= PITCHES[1] and 0 < velocity < 128
