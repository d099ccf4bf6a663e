"""What the composer may write where some notes stand already, or where a genre says when the hands strike.

Where notes stand, others may be written in a region, and all that stay have to come. Tokens come in the order of time,
hand and pitch, so that the next note that stays is always the last one that may come next: whatever lies before it may
be written if it lies in the region, and nothing may jump over it. Likewise nothing jumps over where a genre has a hand
strike. Imports no torch.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np

from genai_demo.music.sampling.regions import Region
from genai_demo.music.theory.genre_patterns import ANYTHING, BarPattern, closing
from genai_demo.music.theory.genres import triad
from genai_demo.music.theory.piece import LEFT, PITCHES, RIGHT, STEP, TICKS, Bar, Key, Note
from genai_demo.music.tokens import events

_HAND, _PITCH, _DURATION, _POSITION = (events.FIRST[kind] for kind in ("HAND", "PITCH", "DURATION", "POSITION"))
_KEY_INDICES = np.arange(events.COUNTS["PITCH"])
_BASS = (29, 52)
"""lowest and highest key of a genre's bass: two of each pitch class"""
_HIGHEST_LEFT, _LOWEST_RIGHT = 67, 55
_SPAN = 15
"""semitones that a hand spans"""


class InpaintingConstraint:
    """Lets through what may stand next in a sequence that grows token by token.

    Args:
        kept: notes that stay, on the composer's grid, all of which start in bars still to be written.
        region: where notes may be added.
        bar: the one that is being written.
    """

    def __init__(self, kept: Sequence[Note], region: Region, bar: Bar) -> None:
        self._waiting = sorted(kept, key=lambda note: (note.start, note.hand, note.pitch))
        self._strikes: dict[int, list[int]] = {}
        for note in self._waiting:
            self._strikes.setdefault(note.pitch - PITCHES[0], []).append(note.start)
        self._next = 0
        self._region, self._bar = region, bar
        self._kind, self._at, self._hand, self._pitch = "BAR", bar.start, RIGHT, -1
        self._begun = False
        """whether a note was written at the position that was reached"""

    def next_bar(self, bar: Bar) -> None:
        """Go on in another bar."""
        self._bar = bar
        self._kind, self._at, self._hand, self._pitch, self._begun = "BAR", bar.start, RIGHT, -1, False

    def push(self, token: int) -> None:
        """Take one of the tokens of a note as the next one."""
        self._kind = events.NAMES[token].partition("_")[0]
        if self._kind == "POSITION":
            self._at = self._bar.start + events.POSITIONS[token - _POSITION]
            self._begun = False
        elif self._kind == "HAND":
            self._hand, self._pitch = events.HANDS[token - _HAND], -1
        elif self._kind == "PITCH":
            self._pitch = token - _PITCH
        elif self._kind == "DURATION":
            self._begun = True
            self._next += self._is_next(self._pitch)

    def allowed(self, grammar: np.ndarray, held: np.ndarray) -> np.ndarray:
        """Return which of the tokens that the grammar allows may come next, bool (events.SIZE,).

        Args:
            grammar: bool (events.SIZE,), see `events.Grammar.allowed`.
            held: (keys,) tick until which each key is held.
        """
        mask = np.zeros_like(grammar)
        if self._kind == "PITCH":
            mask[_DURATION : _DURATION + events.COUNTS["DURATION"]] = self._lengths()
        elif self._kind == "HAND":
            mask[_PITCH : _PITCH + len(_KEY_INDICES)] = self._keys(self._at, self._hand, held)
        elif self._kind == "POSITION":
            for place, hand in enumerate(events.HANDS):
                mask[_HAND + place] = self._may_strike(self._at, hand, held)
        else:
            self._between(mask, held)
        return mask & grammar

    def _next_kept(self) -> Note | None:
        return self._waiting[self._next] if self._next < len(self._waiting) else None

    def _between(self, mask: np.ndarray, held: np.ndarray) -> None:
        """Allow what may follow a bar line or a whole note."""
        waiting = self._next_kept()
        due = waiting.start if waiting and waiting.start < self._bar.end else self._bar.end
        if self._begun:
            same = self._keys(self._at, self._hand, held)
            mask[_PITCH : _PITCH + len(_KEY_INDICES)] = same & (self._pitch < _KEY_INDICES)
            mask[_HAND + events.HANDS.index(LEFT)] = self._hand == RIGHT and self._may_strike(self._at, LEFT, held)
        if not (self._begun and due == self._at):
            for place, ticks in enumerate(events.POSITIONS):
                at = self._bar.start + ticks
                if (at > self._at or not self._begun) and at <= due and at < self._bar.end:
                    mask[_POSITION + place] = any(self._may_strike(at, hand, held) for hand in events.HANDS)
            if due == self._bar.end:
                mask[[events.BAR, events.END]] = True
                mask[events.FIRST["METRE"] : events.FIRST["METRE"] + events.COUNTS["METRE"]] = True

    def _may_strike(self, at: int, hand: int, held: np.ndarray) -> bool:
        return bool(self._keys(at, hand, held).any())

    def _keys(self, at: int, hand: int, held: np.ndarray) -> np.ndarray:
        """Return for each key whether a hand may strike it at a tick, bool (keys,)."""
        waiting = self._next_kept()
        if waiting and (waiting.start, waiting.hand) < (at, hand):
            return np.zeros(len(_KEY_INDICES), bool)
        step = min(at // STEP, self._region.hidden.shape[1] - 1)
        free = np.zeros(len(_KEY_INDICES), bool)
        if self._region.hidden[hand, step]:
            lowest, highest = self._region.lowest[hand, step], self._region.highest[hand, step]
            free = (lowest <= _KEY_INDICES) & (highest >= _KEY_INDICES) & (held <= at)
            for key, strikes in self._strikes.items():
                # A key that stays at this very moment is struck once.
                free[key] &= at not in strikes
        if waiting and (waiting.start, waiting.hand) == (at, hand):
            key = waiting.pitch - PITCHES[0]
            free &= key > _KEY_INDICES
            free[key] = True
        return free

    def _is_next(self, key: int) -> bool:
        waiting = self._next_kept()
        return waiting is not None and (waiting.start, waiting.hand, waiting.pitch - PITCHES[0]) == (
            self._at, self._hand, key,
        )  # fmt: skip

    def _lengths(self) -> np.ndarray:
        """Return for each of `events.DURATIONS` whether the note may be as long, bool."""
        durations = np.array(events.DURATIONS)
        if self._is_next(self._pitch):
            return durations == self._waiting[self._next].length
        strikes = self._strikes.get(self._pitch, [])
        place = bisect_right(strikes, self._at)
        # A key that is struck again must have been let go.
        return durations <= (strikes[place] - self._at if place < len(strikes) else durations[-1])


class GenreConstraint:
    """Lets through what a genre's pattern has room for, and in the last bar what belongs to the chord on the tonic.

    Args:
        cycle: patterns of some bars that come again and again.
        bars: of the piece.
        key: what the piece is to end in; None where that is open.
    """

    def __init__(self, cycle: Sequence[BarPattern], bars: int, key: Key | None) -> None:
        self._cycle, self._bars, self._key = cycle, bars, key

    def next_bar(self, place: int, bar: Bar) -> None:
        """Go on in another bar.

        Args:
            place: which one of the piece, from 0.
            bar: itself.
        """
        self._bar, self._last = bar, place == self._bars - 1
        pattern = self._cycle[place % len(self._cycle)]
        if self._last:
            pattern = closing(pattern, bar)
        self._patterns = {RIGHT: pattern.right, LEFT: pattern.left}
        self._kind, self._at, self._hand, self._pitch = "BAR", -1, RIGHT, -1
        self._struck = self._first = 0
        """keys that the hand has struck at the position that was reached, and the lowest of them"""
        self._bass = PITCHES[0]
        self._times = {RIGHT: 0, LEFT: 0}

    def push(self, token: int) -> None:
        """Take one of the tokens of a note as the next one."""
        self._kind = events.NAMES[token].partition("_")[0]
        if self._kind == "POSITION":
            self._at, self._hand, self._struck = events.POSITIONS[token - _POSITION], -1, 0
        elif self._kind == "HAND":
            self._hand, self._struck = events.HANDS[token - _HAND], 0
            self._times[self._hand] += 1
        elif self._kind == "PITCH":
            self._pitch = token - _PITCH + PITCHES[0]
            self._first = self._first if self._struck else self._pitch
            self._struck += 1
            strike = self._patterns[self._hand].at(self._at)
            if self._hand == LEFT and strike and strike.low:
                self._bass = self._pitch

    def allowed(self, grammar: np.ndarray, held: np.ndarray) -> np.ndarray:
        """Return which of the tokens that the grammar allows may come next, bool (events.SIZE,).

        Args:
            grammar: bool (events.SIZE,), see `events.Grammar.allowed`.
            held: (keys,) tick until which each key is held.
        """
        mask = np.zeros_like(grammar)
        if self._kind == "PITCH":
            durations = np.array(events.DURATIONS)
            long_enough = durations >= (TICKS if self._last else 0)
            mask[_DURATION : _DURATION + len(durations)] = long_enough & (durations <= self._longest())
        elif self._kind == "HAND":
            mask[_PITCH : _PITCH + len(_KEY_INDICES)] = self._keys(self._at, self._hand, held)
        elif self._kind == "POSITION":
            right = self._may(self._at, RIGHT, held)
            mask[_HAND + events.HANDS.index(RIGHT)] = right
            must = right and self._at in self._patterns[RIGHT].must
            mask[_HAND + events.HANDS.index(LEFT)] = not must and self._may(self._at, LEFT, held)
        else:
            self._between(mask, held)
        return mask & grammar

    def _between(self, mask: np.ndarray, held: np.ndarray) -> None:
        """Allow what may follow a bar line or a whole note."""
        waiting = [tick for pattern in self._patterns.values() for tick in pattern.must if tick > self._at]
        if self._struck:
            strike = self._patterns[self._hand].at(self._at) or ANYTHING
            if self._struck < strike.most:
                mask[_PITCH : _PITCH + len(_KEY_INDICES)] = self._keys(self._at, self._hand, held)
            if self._struck < strike.least:
                return
            if self._hand == RIGHT and self._may(self._at, LEFT, held):
                mask[_HAND + events.HANDS.index(LEFT)] = True
                if self._at in self._patterns[LEFT].must:
                    return
        for place, tick in enumerate(events.POSITIONS):
            if self._at < tick < self._bar.length and tick <= min(waiting, default=self._bar.length):
                mask[_POSITION + place] = any(self._may(tick, hand, held) for hand in events.HANDS)
        if not waiting:
            mask[[events.BAR, events.END]] = True

    def _may(self, tick: int, hand: int, held: np.ndarray) -> bool:
        """Return whether a hand may strike at a tick of the bar."""
        pattern = self._patterns[hand]
        if pattern.at(tick) is None or (tick not in pattern.must and self._times[hand] >= pattern.most):
            return False
        return bool(self._keys(tick, hand, held, first=True).any())

    def _keys(self, tick: int, hand: int, held: np.ndarray, first: bool = False) -> np.ndarray:
        """Return for each key whether a hand may strike it at a tick of the bar, bool (keys,).

        Args:
            tick: from the bar line.
            hand: one of `HANDS`.
            held: (keys,) tick until which each key is held.
            first: whether nothing else was struck by it at that tick.
        """
        strike = self._patterns[hand].at(tick)
        assert strike is not None
        keys = _KEY_INDICES + PITCHES[0]
        free = held <= self._bar.start + tick
        if self._last and self._key:
            wanted = {self._key.tonic} if hand == LEFT and strike.low else triad(self._key)
            free &= np.isin(keys % 12, sorted(wanted))
        if hand == RIGHT:
            free &= keys >= _LOWEST_RIGHT
        elif strike.low:
            free &= (_BASS[0] <= keys) & (keys <= _BASS[1])
        else:
            free &= (self._bass + strike.above <= keys) & (keys <= _HIGHEST_LEFT)
        if not first and self._struck:
            return free & (self._pitch < keys) & (keys <= self._first + _SPAN)
        if strike.least > 1:
            # The lowest key of a chord leaves room for another one.
            above = [bool(free[key + 1 : key + _SPAN + 1].any()) for key in _KEY_INDICES]
            free &= np.array(above)
        return free

    def _longest(self) -> int:
        """Return how many ticks a note of the hand may last: the left one lets go for what it has to strike next."""
        if self._hand == RIGHT:
            return events.DURATIONS[-1]
        later = [tick for tick in self._patterns[LEFT].must if tick > self._at]
        return min(later, default=self._bar.length) - self._at
