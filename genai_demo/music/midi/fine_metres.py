"""Bars whose metre is counted in 32nds or finer, as a cadenza or a trill leaves them, in files that others wrote.

No bar here ends between sixteenths. So that all that follows does not lie beside the beats, such a bar is rounded to
whole sixteenths at its end, an upbeat that is too short at its beginning.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from fractions import Fraction
from itertools import accumulate, pairwise

from genai_demo.music.midi.bars import LONGEST_BAR, UNITS, time_signature_of
from genai_demo.music.midi.events import MidiContents
from genai_demo.music.theory.piece import TICKS

_FINE = (32, 64, 128)
"""denominators; MuseScore 3 states 65/4 where it means 65/64"""
_MOST_BARS = 64
"""of one such metre in a row: more are no cadenza"""


def rounded_bars(contents: MidiContents, quarter: Fraction) -> int:
    """Round bars of such metres, all that follows coming as much later or earlier, and return how many there were.

    Args:
        contents: is changed.
        quarter: ticks of the file for a quarter note.
    """
    metres = list(contents.time_signatures)
    step = quarter / 4
    places: list[int] = []
    added: list[int] = []
    for place, ((tick, beats, unit), (until, _, _)) in enumerate(pairwise(contents.time_signatures)):
        if time_signature_of(beats, unit):
            continue
        length = _length(beats, unit, until - tick, quarter)
        sixteenths = max(int(length / step + Fraction(1, 2)), 1)
        more = sixteenths * step - length
        bars = int((until - tick) / length) if length else 0
        if not 0 < bars <= _MOST_BARS or more.denominator > 1:
            continue
        metres[place] = (tick, *_reduced(sixteenths))
        upbeat = not tick and bars == 1 and more > 0
        places += [0] if upbeat else [tick + int(length * number) for number in range(1, bars + 1)]
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
