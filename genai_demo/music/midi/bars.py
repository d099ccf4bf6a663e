"""Bar lines: from the metres of a file to bars without gaps."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import pairwise

from genai_demo.music.midi.beats import beats_in_a_bar
from genai_demo.music.theory.piece import TICKS, Bar, Note

UNITS = (2, 4, 8, 16)
"""denominators that a bar may have"""
LONGEST_BAR = 8 * TICKS * 4
"""ticks of the longest bar that is believed"""
_SNAP = TICKS // 16
"""ticks by which a metre may be stated beside the bar line that it is meant for"""
_OVERHANG = TICKS // 2
"""ticks by which what sounds on over a bar line makes no bar of its own"""
_ONE_BEAT_BARS = 8
"""bars of a single beat in a row that no music has"""


def time_signature_of(beats: int, unit: int) -> tuple[int, int] | None:
    """Return a metre as a bar can have it, 4/1 as 8/2 and 6/32 as 3/16; None where there is no such metre.

    Args:
        beats, unit: numerator and denominator as a file states them, `unit` a power of 2.
    """
    while unit < UNITS[0] and beats:
        beats, unit = beats * 2, unit * 2
    while unit > UNITS[-1] and beats % 2 == 0 and beats:
        beats, unit = beats // 2, unit // 2
    if unit not in UNITS or not 0 < Bar(0, beats, unit).length <= LONGEST_BAR:
        return None
    return beats, unit


def lay_bars(time_signatures: Iterable[tuple[int, int, int]], end: int) -> tuple[Bar, ...]:
    """Return bars from 0 that reach at least to `end`; the last one is whole.

    A metre that changes within a bar cuts that bar short, if what is left of it can be written as a bar, as with an
    upbeat; otherwise it holds from the next bar line. A metre stated a few ticks beside a bar line is meant for it.

    Args:
        time_signatures: (tick, beats, unit) in the order of time, from `time_signature_of`; 4/4 before the first.
        end: ticks.
    """
    waiting = deque(time_signatures)
    beats, unit = 4, 4
    bars: list[Bar] = []
    start = 0
    while start < end or not bars:
        while waiting and waiting[0][0] <= start + _SNAP:
            _, beats, unit = waiting.popleft()
        bar = Bar(start, beats, unit)
        if waiting and waiting[0][0] < min(bar.end - _SNAP, end):
            bar = _cut(bar, waiting[0][0] - start) or bar
        bars.append(bar)
        start = bar.end
    return tuple(bars)


def without_overhang(bars: tuple[Bar, ...], last: int, end: int) -> tuple[Bar, ...]:
    """Return bars without the last one where nothing begins in it and what sounds reaches but a little into it.

    Args:
        bars: of the piece.
        last: tick at which its last note begins.
        end: tick at which all of them have ended.
    """
    return bars[:-1] if last < bars[-1].start and end - bars[-1].start < _OVERHANG else bars


def believed(
    time_signatures: Sequence[tuple[int, int, int]], notes: Sequence[Note]
) -> tuple[list[tuple[int, int, int]], int]:
    """Return metres as `beats_in_a_bar` hears them where a file states many bars of one beat, and how many those are.

    Args:
        time_signatures: (tick, beats, unit) in the order of time.
        notes: of the piece, at least one.
    """
    found: list[tuple[int, int, int]] = []
    doubted = 0
    for (tick, beats, unit), (until, _, _) in pairwise([*time_signatures, (notes[-1].start + 1, 0, 0)]):
        beat = Bar(0, beats, unit).length
        count = -(-(until - tick) // beat)
        if beats == 1 and count >= _ONE_BEAT_BARS:
            doubted += count
            beats = beats_in_a_bar(notes, tick, tick + count * beat, beat)
        found.append((tick, beats, unit))
    return found, doubted


def _cut(bar: Bar, length: int) -> Bar | None:
    """Return what is left of `bar` after `length` ticks, in its own unit if that goes, else in a finer one."""
    for unit in (unit for unit in UNITS if unit >= bar.unit):
        beats, rest = divmod(length, TICKS * 4 // unit)
        if not rest:
            return Bar(bar.start, beats, unit)
    return None
