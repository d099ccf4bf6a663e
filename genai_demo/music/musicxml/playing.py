"""The measures of a part as they are played: ties, grace notes, loudness and pedal, at ticks of the piece."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from genai_demo.errors import UserError
from genai_demo.music.midi.events import MOST_NOTES
from genai_demo.music.musicxml.written import Part, Sign, WrittenNote
from genai_demo.music.notation.played import typed
from genai_demo.music.theory.piece import RIGHT, TICKS, Note

_GRACE, _GRACES = 0.05, 0.075
"""seconds that a grace note is struck before what it adorns, and that the first of several is"""
_SHARE = 6
"""of the note that it adorns, a grace note is as long as this part at most"""
_HAIRPIN = 16
"""velocity by which a crescendo that leads to no mark grows: a step"""


def signs(part: Part, order: Sequence[int], starts: Sequence[int], kind: str) -> list[Sign]:
    """Return the signs of a kind in the order in which they are played, at ticks of the piece."""
    return [
        Sign(start + sign.tick, sign.value)
        for place, start in zip(order, starts, strict=True)
        if place < len(part.measures)
        for sign in getattr(part.measures[place], kind)
    ]


@dataclass
class Played:
    """A part as it is played."""

    notes: list[tuple[Note, int]] = field(default_factory=list)
    """notes, each with its staff"""
    pedal: list[tuple[int, int]] = field(default_factory=list)
    slurs: list[tuple[tuple[int, int], tuple[int, int]]] = field(default_factory=list)
    """start and pitch of the first and the last note of each"""


class Player:
    """Plays the measures of a part."""

    def __init__(self, part: Part, order: Sequence[int], starts: Sequence[int], tempo: float) -> None:
        self._part, self._order, self._starts = part, order, starts
        self._second = tempo / 60 * TICKS
        self._loudness = _Loudness(*(signs(part, order, starts, kind) for kind in ("levels", "wedges", "accents")))
        self._found: list[tuple[Note, int]] = []
        self._tied: dict[tuple[int, int], list[int]] = {}
        self._slurs = _Slurs()

    def play(self, end: int) -> Played:
        """Return what is played until tick `end`."""
        for place, start in zip(self._order, self._starts, strict=True):
            if place < len(self._part.measures):
                for written in self._part.measures[place].notes:
                    self._strike(written, start + written.start)
                self._slurs.join()
        notes = [(note, staff) for note, staff in self._found if note.length > 0 and note.start < end]
        ends = [tuple(self._found[place][0] for place in slur) for slur in self._slurs.found]
        slurs = [((a.start, a.pitch), (b.start, b.pitch)) for a, b in ends if a.start < b.start]
        return Played(notes, self._pedal(end), slurs)

    def _strike(self, written: WrittenNote, start: int) -> None:
        length = written.length
        if written.graces:
            length = self._adorn(written, start, length)
            start = start + written.length - length
        if not written.length:
            return
        # Many files mark the beginning of a tie alone.
        waiting = self._tied.get((written.pitch, start), [])
        if waiting:
            place = waiting.pop()
            note, staff = self._found[place]
            self._found[place] = (replace(note, length=start + length - note.start), staff)
        else:
            place = len(self._found)
            velocity = written.velocity or self._loudness.at(start)
            self._found.append((Note(start, written.pitch, length, RIGHT, velocity), written.staff))
            if len(self._found) > MOST_NOTES:
                raise UserError("music.too_many_notes", most=MOST_NOTES)
        self._slurs.note(written.slurs, written.voice, start, place)
        if written.tied:
            self._tied.setdefault((written.pitch, start + length), []).append(place)

    def _adorn(self, written: WrittenNote, start: int, length: int) -> int:
        """Strike the grace notes of a note, and return how long it is: shorter only at the beginning of a piece.

        Each of them is held until the note itself. None stands where a score may write a plain note, so that all
        are printed as grace notes again: see `notation.played`.
        """
        count = len(written.graces)
        taken = round(self._second * (_GRACE if count == 1 else _GRACES))
        taken = max(min(taken, length // _SHARE) if length else taken, count + 1)
        first = max(start - taken, 1)
        until = max(start, first + taken)
        for turn, chord in enumerate(written.graces):
            tick = first + turn * taken // count
            tick += typed(tick)
            for grace in chord:
                note = Note(tick, grace.pitch, until - tick, RIGHT, grace.velocity or self._loudness.at(tick))
                self._slurs.note(grace.slurs, written.voice, tick, len(self._found))
                self._found.append((note, written.staff))
        return max(length - (until - start), min(length, 1))

    def _pedal(self, end: int) -> list[tuple[int, int]]:
        spans: list[tuple[int, int]] = []
        pressed: int | None = None
        for tick, down in sorted(signs(self._part, self._order, self._starts, "pedal"), key=lambda sign: sign.tick):
            if down:
                pressed = tick if pressed is None else pressed
            elif pressed is not None:
                spans.append((pressed, tick))
                pressed = None
        return [*spans, (pressed, end)] if pressed is not None else spans


class _Slurs:
    """Joins the ends of slurs, which their numbers tell apart, and where programs number carelessly the voices."""

    def __init__(self) -> None:
        self.found: list[tuple[int, int]] = []
        """places of the first and the last note of each"""
        self._marks: list[tuple[int, bool, str, str, int]] = []
        self._open: dict[str, dict[str, int]] = {}

    def note(self, marks: Iterable[tuple[str, str]], voice: str, tick: int, place: int) -> None:
        """Take what slurs begin and end at a note."""
        self._marks += [(tick, kind == "start", number, voice, place) for kind, number in marks]

    def join(self) -> None:
        """Join what has been taken, in the order of time: voices stand one after the other in a measure."""
        for _, begins, number, voice, place in sorted(self._marks, key=lambda mark: mark[:2]):
            waiting = self._open.setdefault(number, {})
            if begins:
                waiting[voice] = place
            elif waiting:
                self.found.append((waiting.pop(voice if voice in waiting else next(iter(waiting))), place))
        self._marks = []


class _Loudness:
    """How loud each moment of a part is, by its dynamics and hairpins."""

    def __init__(self, levels: Sequence[Sign], wedges: Sequence[Sign], accents: Sequence[Sign]) -> None:
        self._levels = sorted(levels, key=lambda sign: sign.tick)
        self._accents = {sign.tick: int(sign.value) for sign in accents}
        self._slopes: list[tuple[int, int, float, float]] = []
        opened: Sign | None = None
        for sign in wedges:
            if sign.value and opened is None:
                opened = sign
            elif not sign.value and opened is not None:
                self._slope(opened, sign.tick)
                opened = None
        self._levels.sort(key=lambda sign: sign.tick)
        self._ticks = [sign.tick for sign in self._levels]
        self._firsts = [first for first, *_ in self._slopes]

    def _slope(self, opened: Sign, end: int) -> None:
        """Add a hairpin: to the mark at its end, or by `_HAIRPIN`."""
        ticks = [sign.tick for sign in self._levels]
        start = self._standing(opened.tick, ticks)
        behind = bisect_right(ticks, opened.tick)
        if behind < len(ticks) and ticks[behind] <= end + TICKS:
            goal = self._levels[behind].value
        else:
            goal = min(max(start + _HAIRPIN * opened.value, 1), 127)
            self._levels.insert(behind, Sign(max(end, opened.tick + 1), goal))
        if end > opened.tick:
            self._slopes.append((opened.tick, end, start, goal))

    def _standing(self, tick: int, ticks: Sequence[int]) -> float:
        place = bisect_right(ticks, tick)
        return self._levels[place - 1].value if place else float(Note.velocity)

    def at(self, tick: int) -> int:
        """Return the velocity of what is struck at a tick."""
        if tick in self._accents:
            return self._accents[tick]
        place = bisect_right(self._firsts, tick) - 1
        if place >= 0 and tick < self._slopes[place][1]:
            first, end, start, goal = self._slopes[place]
            return round(start + (goal - start) * (tick - first) / (end - first))
        return round(self._standing(tick, self._ticks))
