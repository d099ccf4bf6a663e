"""How a bar divides, and which note values write a stretch of it: ties, dots and triplets that show the beats.

The rules are those of engraving handbooks (Gould, Behind Bars, 2011, "Grouping of note values"): a value may hide a
division of the bar only where it starts or ends on one, a syncopation is written as one note, rests hide no beat.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise

from genai_demo.music.theory.piece import TICKS, Bar

_WHOLE = 4 * TICKS
KINDS = {
    2 * _WHOLE: "breve",
    _WHOLE: "whole",
    _WHOLE // 2: "half",
    _WHOLE // 4: "quarter",
    _WHOLE // 8: "eighth",
    _WHOLE // 16: "16th",
    _WHOLE // 32: "32nd",
    _WHOLE // 64: "64th",
}
"""names of note values by their ticks"""
CELL = TICKS // 2
"""ticks, from the bar line on, within which notes share one grid"""
GRIDS = (TICKS // 8, TICKS // 6, TICKS // 16, TICKS // 12)
"""ticks of the grids that can be written: 32nds, triplet 16ths, 64ths, triplet 32nds"""
_SHORTEST = _WHOLE // 64
_TRIPLETS = (TICKS * 2, TICKS, TICKS // 2, TICKS // 4)
"""ticks that three notes may share"""


@dataclass(frozen=True)
class Span:
    """A division of a bar, and how it divides further."""

    start: int
    """ticks from the bar line"""
    end: int
    given: tuple[Span, ...] = ()
    """its divisions; none for halves"""
    beat: bool = False
    """whether it is one beat of three parts, as in 6/8"""

    @property
    def length(self) -> int:
        """Ticks."""
        return self.end - self.start

    @property
    def parts(self) -> tuple[Span, ...]:
        """What it divides into; nothing below a 64th."""
        if self.given or self.length <= 20 or self.length % 2:
            return self.given
        middle = (self.start + self.end) // 2
        return Span(self.start, middle), Span(middle, self.end)


def _joined(start: int, lengths: Iterable[int], beat: bool = False) -> Span:
    borders = list(accumulate(lengths, initial=start))
    return Span(start, borders[-1], tuple(Span(one, other) for one, other in pairwise(borders)), beat)


def division(bar: Bar) -> Span:
    """Return how a bar divides: 4/4 into halves, 6/8 into two beats of three, 5/8 into three and two, and so on."""
    unit = _WHOLE // bar.unit
    if bar.beats in (6, 9, 12):
        beats = tuple(_joined(start, [unit] * 3, beat=True) for start in range(0, bar.length, 3 * unit))
        if len(beats) == 4:
            middle = bar.length // 2
            beats = (Span(0, middle, beats[:2]), Span(middle, bar.length, beats[2:]))
        return Span(0, bar.length, beats)
    if bar.beats == 3:
        return _joined(0, [unit] * 3, beat=bar.unit >= 8)
    if bar.beats & (bar.beats - 1) == 0:
        return Span(0, bar.length)
    # Twos, with threes where there is something left over; five is three and two.
    counts = [3, 2] if bar.beats == 5 else [2] * ((bar.beats - 3 * (bar.beats % 2)) // 2) + [3] * (bar.beats % 2)
    borders = accumulate((count * unit for count in counts), initial=0)
    groups = (_joined(one, [unit] * ((other - one) // unit)) for one, other in pairwise(borders))
    return Span(0, bar.length, tuple(groups))


@dataclass(frozen=True)
class Value:
    """A written note or rest value."""

    start: int
    """ticks from the bar line"""
    end: int
    kind: str
    """one of `KINDS`"""
    dots: int
    triplet: Span | None = None
    """the stretch three notes share, where it belongs to a triplet"""


def _written(length: int) -> tuple[str, int] | None:
    """Return name and dots of the value with `length` ticks; None if there is none."""
    for dots, (over, under) in enumerate(((1, 1), (2, 3), (4, 7))):
        if (length * over) % under == 0 and (kind := KINDS.get(length * over // under)):
            return kind, dots
    return None


def triplets(span: Span, borders: Iterable[int]) -> Iterator[Span]:
    """Yield the stretches of `span` that have to be written as triplets.

    Args:
        span: of a bar.
        borders: ticks from the bar line at which notes or rests of one voice start and end, on `GRIDS` in every
            `CELL`.
    """
    inside = [border - span.start for border in borders if span.start < border < span.end]
    if all(place % _SHORTEST == 0 for place in inside):
        return
    length = span.length
    if length in _TRIPLETS and not span.given:
        whole = length // 2 not in inside and length <= TICKS and all(place * 12 % length == 0 for place in inside)
        if length == _TRIPLETS[-1] or whole or all(place * 3 % length == 0 for place in inside):
            third = length // 3
            yield _joined(span.start, [third] * 3)
            return
    for part in span.parts:
        yield from triplets(part, borders)


def values(span: Span, start: int, end: int, shared: Iterable[Span] = (), rest: bool = False) -> Iterator[Value]:
    """Yield the values that write one note or rest, in their order; a note's are to be tied.

    Args:
        span: the bar's division.
        start: ticks from the bar line.
        end: ticks from the bar line.
        shared: the triplets of the voice in this bar.
        rest: whether it is a rest.
    """
    for triplet in shared:
        if triplet.start < end and start < triplet.end:
            if start < triplet.start:
                yield from values(span, start, triplet.start, shared, rest)
            inner = max(start, triplet.start), min(end, triplet.end)
            if inner == (triplet.start, triplet.end):
                # The voice has borders inside, so that no note or rest can fill all of it.
                raise ValueError(f"triplet {inner} without notes inside")
            yield from _values(triplet, *inner, rest, triplet)
            if triplet.end < end:
                yield from values(span, triplet.end, end, shared, rest)
            return
    yield from _values(span, start, end, rest, None)


def _values(span: Span, start: int, end: int, rest: bool, triplet: Span | None) -> Iterator[Value]:
    parts = span.parts
    for part in parts:
        if part.start <= start and end <= part.end:
            yield from _values(part, start, end, rest, triplet)
            return
    written = _written((end - start) * 3 // 2 if triplet else end - start)
    if written and (not parts or _fits(span, start, end, rest, written[1], span is triplet)):
        yield Value(start, end, *written, triplet)
        return
    assert parts, f"{start} to {end} is on no grid"
    borders = [part.start for part in parts if start < part.start < end]
    # A note that starts off the beat is cut at the next one, any other before what it does not fill.
    cut = borders[-1] if start in {part.start for part in parts} else borders[0]
    yield from _values(span, start, cut, rest, triplet)
    yield from _values(span, cut, end, rest, triplet)


def _fits(span: Span, start: int, end: int, rest: bool, dots: int, shared: bool) -> bool:
    """Return whether one value may reach over the parts of `span`."""
    parts, length = span.parts, end - start
    borders = {span.end} | {part.start for part in parts}
    if rest:
        whole = (start, end) == (span.start, span.end)
        return whole or ((span.beat or shared) and start == span.start and end == parts[-1].start)
    if start in borders and end in borders:
        return dots < 2
    part = parts[0].length
    if {other.length for other in parts} != {part} or parts[0].given:
        return False
    if len(parts) == 2 and start == span.start and length * 4 == part * 7:
        return True
    if (start - span.start) * 2 % part or (end - span.start) * 2 % part:
        return False
    return start in borders or end in borders or length == part
