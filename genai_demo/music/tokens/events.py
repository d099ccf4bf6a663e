"""Pieces as sequences of tokens, and which token may follow which; imports no torch.

A piece is its key, its tempo, then bar by bar: the metre where it changes, the bar line, and for each position at which
something is struck the position, a hand and its notes from low to high, each a pitch and a duration, then those of the
other hand; at last an end::

    KEY_0_major TEMPO_100 METRE_4/4 BAR POSITION_0 HAND_right PITCH_60 DURATION_480 PITCH_64 DURATION_480 HAND_left ...

(Huang and Yang 2020, "Pop Music Transformer", section 3, with positions of different lengths, hands and keys.)

Positions and durations lie on the eighths and the twelfths of a quarter note: thirty-seconds and triplets of
sixteenths. See `quantize_to_tokens` for what is off it. Velocities and the pedal are not told.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from math import log

import numpy as np

from genai_demo.music.midi.bars import UNITS
from genai_demo.music.theory.piece import ALL_KEYS, LEFT, PITCHES, RIGHT, TICKS, Bar, Key, Note, Piece, resolve_overlaps

MOST_QUARTERS = 12
"""length of the longest bar"""
OFFSETS = tuple(sorted({*range(0, TICKS, TICKS // 8), *range(0, TICKS, TICKS // 12)}))
"""ticks of the places within a quarter note"""
POSITIONS = tuple(quarter * TICKS + offset for quarter in range(MOST_QUARTERS) for offset in OFFSETS)
"""ticks from the bar line"""
DURATIONS = (
    TICKS // 24,  # the shortest way from one position to the next
    *(place for place in POSITIONS if 0 < place < 4 * TICKS),
    *range(4 * TICKS, MOST_QUARTERS * TICKS + 1, TICKS // 4),
)
"""ticks: as fine as the positions up to a whole note, of sixteenths up to three"""
TEMPOS = (40, 48, 56, 66, 76, 84, 92, 100, 108, 116, 126, 138, 152, 168, 184, 208)
"""quarter notes per minute"""
TOKEN_TIME_SIGNATURES = tuple((beats, unit) for unit in UNITS for beats in range(1, MOST_QUARTERS * unit // 4 + 1))
KEYS_OR_NONE = (None, *ALL_KEYS)
HANDS = (RIGHT, LEFT)

_GROUPS = {
    "PAD": [""],
    "END": [""],
    "BAR": [""],
    "HAND": ["right", "left"],
    "KEY": ["unknown" if key is None else f"{key.tonic}_{key.mode}" for key in KEYS_OR_NONE],
    "TEMPO": [str(tempo) for tempo in TEMPOS],
    "METRE": [f"{beats}/{unit}" for beats, unit in TOKEN_TIME_SIGNATURES],
    "POSITION": [str(tick) for tick in POSITIONS],
    "PITCH": [str(pitch) for pitch in range(PITCHES[0], PITCHES[1] + 1)],
    "DURATION": [str(ticks) for ticks in DURATIONS],
}
NAMES = tuple(f"{group}_{name}".removesuffix("_") for group, names in _GROUPS.items() for name in names)
"""what each token is called; its id is its place"""
SIZE = len(NAMES)
"""number of tokens"""
IDS = {name: token for token, name in enumerate(NAMES)}
PAD, END, BAR = IDS["PAD"], IDS["END"], IDS["BAR"]
FIRST = {group: next(token for token, name in enumerate(NAMES) if name.partition("_")[0] == group) for group in _GROUPS}
"""first token of each kind; the others follow in the order of `HANDS`, `KEYS_OR_NONE`, `TEMPOS` and so on"""
COUNTS = {group: len(names) for group, names in _GROUPS.items()}
"""how many tokens of each kind there are"""
_POSITION_OF = {ticks: FIRST["POSITION"] + place for place, ticks in enumerate(POSITIONS)}
_DURATION_OF = {ticks: FIRST["DURATION"] + place for place, ticks in enumerate(DURATIONS)}
_KINDS = tuple(name.partition("_")[0] for name in NAMES)


def quantize_to_tokens(piece: Piece) -> Piece:
    """Return the piece that is told by the tokens of `piece`; itself where it lies on their grid.

    Notes start at the nearest position and last for the duration that brings their end nearest, three whole notes at
    most. Keys that would be struck while held are let go before. Bars longer than three whole notes are parted. The
    tempo is the nearest of `TEMPOS`, velocities are all the same, there is no pedal, and the key does not change.
    """
    bars = tuple(part for bar in piece.bars for part in _parted(bar))
    key = piece.key and piece.key.sounding
    parted = replace(piece, bars=bars, key=key, tempo=float(_tempo(piece.tempo)), pedal=(), key_changes=())
    notes = []
    for note in piece.notes:
        number = parted.bar_at(note.start)
        bar = bars[number]
        position = _nearest(POSITIONS, note.start - bar.start)
        if position >= bar.length and number + 1 < len(bars):
            bar, position = bars[number + 1], 0
        elif position >= bar.length:
            position = POSITIONS[bisect_left(POSITIONS, bar.length) - 1]
        start = bar.start + position
        notes.append(Note(start, note.pitch, _nearest(DURATIONS, note.end - start), note.hand))
    # Where a note is let go before it was meant to be, a shorter duration has to do.
    shortened = (
        replace(note, length=DURATIONS[bisect_right(DURATIONS, note.length) - 1]) for note in resolve_overlaps(notes)
    )
    return replace(parted, notes=tuple(shortened))


def _parted(bar: Bar) -> Iterator[Bar]:
    most = MOST_QUARTERS * bar.unit // 4
    for first in range(0, bar.beats, most):
        yield Bar(bar.start + first * TICKS * 4 // bar.unit, min(most, bar.beats - first), bar.unit)


def _nearest(places: Sequence[int], value: int) -> int:
    """Return the one of some ascending places that is nearest to `value`, the later one of two."""
    above = bisect_left(places, value)
    return min(places[max(0, above - 1) : above + 1], key=lambda place: (abs(place - value), -place))


def _tempo(tempo: float) -> int:
    return min(TEMPOS, key=lambda known: abs(log(known / tempo)))


def encode(piece: Piece) -> list[int]:
    """Return the tokens of a piece without faults, see `quantize_to_tokens` for what they cannot tell."""
    piece = quantize_to_tokens(piece)
    tokens = [FIRST["KEY"] + KEYS_OR_NONE.index(piece.key), FIRST["TEMPO"] + TEMPOS.index(int(piece.tempo))]
    waiting = deque(sorted(piece.notes, key=lambda note: (note.start, note.hand, note.pitch)))
    time_signature: tuple[int, int] | None = None
    for bar in piece.bars:
        if (bar.beats, bar.unit) != time_signature:
            time_signature = bar.beats, bar.unit
            tokens.append(FIRST["METRE"] + TOKEN_TIME_SIGNATURES.index(time_signature))
        tokens.append(BAR)
        before: tuple[int, int] | None = None
        while waiting and waiting[0].start < bar.end:
            note = waiting.popleft()
            if before is None or before[0] != note.start:
                tokens.append(_POSITION_OF[note.start - bar.start])
            if before != (note.start, note.hand):
                tokens.append(FIRST["HAND"] + note.hand)
            before = note.start, note.hand
            tokens += [FIRST["PITCH"] + note.pitch - PITCHES[0], _DURATION_OF[note.length]]
    return [*tokens, END]


def decode(tokens: Iterable[int]) -> Piece:
    """Return the piece that some tokens tell; of an unfinished sequence, what is complete of it.

    Raises:
        ValueError: a token that may not stand where it does, or no bar.
    """
    grammar = Grammar()
    for token in tokens:
        grammar.push(token)
    return grammar.piece()


class Grammar:
    """Which tokens may follow those that were pushed: whatever it allows is a piece without faults."""

    def __init__(self) -> None:
        self._last = ""
        """kind of the last token"""
        self._key: Key | None = None
        self._tempo = 0
        self._metre = TOKEN_TIME_SIGNATURES[0]
        self._bars: list[Bar] = []
        self._position = self._hand = self._pitch = 0
        """what the next note is to have: ticks from the bar line, a hand, an offset from the lowest pitch"""
        self._notes: list[Note] = []
        self._held = np.zeros(PITCHES[1] - PITCHES[0] + 1, np.int64)
        """tick until which each key is held"""

    @property
    def bar(self) -> Bar:
        """The last bar that has begun."""
        return self._bars[-1]

    @property
    def held(self) -> np.ndarray:
        """Tick until which each key is held, (keys,)."""
        return self._held

    def allowed(self) -> np.ndarray:
        """Return for each token whether it may come next, bool (SIZE,)."""
        mask = np.zeros(SIZE, bool)
        last = self._last
        if last in _NEXT:
            mask[_span(_NEXT[last])] = True
        elif last == "HAND":
            mask[_span("PITCH")] = self._free()
        else:  # BAR or DURATION: there is nothing unfinished
            mask[END] = mask[BAR] = True
            mask[_span("METRE")] = True
            mask[FIRST["METRE"] + TOKEN_TIME_SIGNATURES.index(self._metre)] = False
            bar = self._bars[-1]
            positions = np.array(POSITIONS)
            later = (positions < bar.length) & (bar.start + positions >= self._held.min())
            mask[_span("POSITION")] = later & (positions > (self._position if last == "DURATION" else -1))
            if last == "DURATION":
                free = self._free()
                mask[FIRST["HAND"] + LEFT] = self._hand == RIGHT and free.any()
                mask[_span("PITCH")] = free & (np.arange(len(free)) > self._pitch)
        return mask

    def _free(self) -> np.ndarray:
        """Return for each key whether it may be struck now."""
        return self._held <= self._bars[-1].start + self._position

    def push(self, token: int) -> None:
        """Take `token` as the next one.

        Raises:
            ValueError: it may not follow.
        """
        if not 0 <= token < SIZE or not self.allowed()[token]:
            name = NAMES[token] if 0 <= token < SIZE else token
            raise ValueError(f"{name} may not follow {self._last or 'nothing'}")
        kind = _KINDS[token]
        place = token - FIRST[kind]
        match kind:
            case "KEY":
                self._key = KEYS_OR_NONE[place]
            case "TEMPO":
                self._tempo = TEMPOS[place]
            case "METRE":
                self._metre = TOKEN_TIME_SIGNATURES[place]
            case "BAR":
                self._bars.append(Bar(self._bars[-1].end if self._bars else 0, *self._metre))
            case "POSITION":
                self._position = POSITIONS[place]
            case "HAND":
                self._hand = HANDS[place]
            case "PITCH":
                self._pitch = place
            case "DURATION":
                note = Note(
                    self._bars[-1].start + self._position, PITCHES[0] + self._pitch, DURATIONS[place], self._hand
                )
                self._notes.append(note)
                self._held[self._pitch] = note.end
        self._last = kind

    def piece(self) -> Piece:
        """Return what was told so far.

        Raises:
            ValueError: not even a bar.
        """
        if not self._bars:
            raise ValueError("there is no bar")
        return Piece(tuple(sorted(self._notes)), tuple(self._bars), self._key, float(self._tempo))


_NEXT = {
    "": "KEY",
    "KEY": "TEMPO",
    "TEMPO": "METRE",
    "METRE": "BAR",
    "POSITION": "HAND",
    "PITCH": "DURATION",
    "END": "PAD",
    "PAD": "PAD",
}
"""kind of token that follows where only one kind can"""


def _span(kind: str) -> slice:
    """Return where the tokens of a kind are."""
    return slice(FIRST[kind], FIRST[kind] + len(_GROUPS[kind]))
