"""Bars that end between sixteenths, as a cadenza or a trill leaves them, in files that others wrote.

They are counted in 32nds or finer, or another metre is stated before they are whole, and the music follows it. No bar
here ends between sixteenths. So that all that follows does not lie beside the beats, such a bar is rounded to whole
sixteenths at its end, an upbeat that is too short at its beginning.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate, zip_longest

from genai_demo.music.midi.bars import LONGEST_BAR, UNITS, time_signature_of
from genai_demo.music.midi.events import MidiContents
from genai_demo.music.theory.piece import TICKS

_FINE = (32, 64, 128)
"""denominators; MuseScore 3 states 65/4 where it means 65/64"""
_BESIDE = 12
"""share of a sixteenth, one in so many, by which what is stated may lie beside what is meant"""
_MOST_BARS = 64
"""of one such metre in a row: more are no cadenza"""


def rounded_bars(contents: MidiContents, quarter: Fraction) -> int:
    """Round bars of such metres, all that follows coming as much later or earlier, and return how many there were.

    Args:
        contents: is changed.
        quarter: ticks of the file for a quarter note.
    """
    metres: list[tuple[int, int, int]] = []
    step = quarter / 4
    places: list[int] = []
    added: list[int] = []
    ticks = [tick for tick, _, _ in contents.time_signatures]
    starts = sorted(strike.start for strike in contents.strikes)
    for (tick, beats, unit), until, over in zip_longest(contents.time_signatures, ticks[1:], ticks[2:]):
        metres.append((tick, beats, unit))
        if until is None:
            break
        written = time_signature_of(beats, unit)
        if written:
            bar = 4 * quarter * written[0] / written[1]
            length = (until - tick) % bar
            bars, begins = 1, until - length
            following = starts[bisect_left(starts, until) : len(starts) if over is None else bisect_left(starts, over)]
            if not _ends_there(until, length, step, following):
                continue
        else:
            length = bar = _length(beats, unit, until - tick, quarter)
            bars, begins = int((until - tick) / length) if length else 0, Fraction(tick)
        sixteenths = int(length / step + Fraction(1, 2))
        if begins == tick:
            sixteenths = max(sixteenths, 1)
        more = sixteenths * step - length
        if not 0 < bars <= _MOST_BARS or more.denominator > 1 or begins.denominator > 1:
            continue
        if begins > tick and 0 < sixteenths * step < bar:
            metres.append((int(begins), *_reduced(sixteenths)))
        elif begins == tick and (not written or sixteenths * step != bar):
            metres[-1] = (tick, *_reduced(sixteenths))
        upbeat = not begins and bars == 1 and more > 0
        places += [0] if upbeat else [int(begins + length * number) for number in range(1, bars + 1)]
        added += [int(more)] * bars
    if not any(added):
        contents.time_signatures = metres
        return 0
    sums = [0, *accumulate(added)]

    def begun(tick: int) -> int:
        return tick + sums[bisect_right(places, tick)]

    def ended(tick: int) -> int:
        # What ends with a bar does not grow with it.
        return min(begun(tick), tick + sums[bisect_left(places, tick)])

    def stated(tick: int) -> int:
        return begun(tick) if tick else 0

    contents.strikes = [
        strike._replace(start=begun(strike.start), end=max(begun(strike.start), ended(strike.end)))
        for strike in contents.strikes
    ]
    for part, spans in contents.pedals.items():
        contents.pedals[part] = [(begun(start), ended(end)) for start, end in spans]
    contents.time_signatures = [(stated(tick), beats, unit) for tick, beats, unit in metres]
    contents.tempos = [(stated(tick), pace) for tick, pace in contents.tempos]
    contents.keys = [(stated(tick), name) for tick, name in contents.keys]
    if contents.first_end is not None:
        contents.first_end = ended(contents.first_end)
    return sum(map(bool, added))


def _ends_there(until: int, length: Fraction, step: Fraction, starts: Sequence[int]) -> bool:
    """Return whether a bar ends between sixteenths, and the music goes on from there.

    A metre may be stated a little beside the bar line that it is meant for: then the music goes on from that.

    Args:
        until: tick at which the next metre is stated.
        length: ticks of the bar until then.
        step: ticks of a sixteenth.
        starts: of the notes in the next metre.
    """
    beside = length % step
    if min(beside, step - beside) <= step / _BESIDE:
        return False

    def on_grid(line: Fraction) -> int:
        return sum((start - line) % step == 0 or (start - line) % (step * 4 / 3) == 0 for start in starts)

    here, before, behind = (on_grid(until + ticks) for ticks in (Fraction(0), -beside, step - beside))
    return 2 * here >= len(starts) and here > max(before, behind)


def _length(beats: int, unit: int, span: int, quarter: Fraction) -> Fraction:
    """Return how long the bars of a metre are that holds for some ticks: as it says if they are whole, else all one.

    0 where nothing can be made of it.
    """
    for denominator in (unit, *_FINE):
        length = 4 * quarter * beats / denominator
        if length and span >= length and span % length == 0 and length <= LONGEST_BAR * quarter / TICKS:
            return length
    return Fraction(span) if 0 < span <= LONGEST_BAR * quarter / TICKS else Fraction(0)


def _reduced(sixteenths: int) -> tuple[int, int]:
    """Return a metre of so many sixteenths with the largest unit up to a quarter."""
    unit = UNITS[-1]
    while sixteenths % 2 == 0 and unit > 4:
        sixteenths, unit = sixteenths // 2, unit // 2
    return sixteenths, unit
