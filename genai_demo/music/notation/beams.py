"""Beams: which notes of a voice hang together, by the beats of the metre."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby, pairwise

from genai_demo.music.notation.note_values import Span, Value, division
from genai_demo.music.theory.piece import TICKS, Bar

_FLAGS = {"eighth": 1, "16th": 2, "32nd": 3, "64th": 4}


def beats(bar: Bar) -> list[Span]:
    """Return the stretches of a bar within which notes are beamed: quarters, or beats of three."""
    if bar.beats in (6, 9, 12) or (bar.beats == 3 and bar.unit >= 8):
        third = bar.length if bar.beats == 3 else bar.length * 3 // bar.beats
        return [Span(start, start + third) for start in range(0, bar.length, third)]
    if bar.unit >= 8 and bar.beats & (bar.beats - 1):
        return list(division(bar).parts)
    return [Span(start, min(start + TICKS, bar.length)) for start in range(0, bar.length, TICKS)]


def _windows(bar: Bar) -> int:
    """Return the ticks over which beats of plain eighths are beamed together; 0 for none."""
    if (bar.beats, bar.unit) == (3, 4):
        return bar.length
    return 2 * TICKS if bar.unit <= 4 and bar.beats & (bar.beats - 1) == 0 else 0


def beams(line: Sequence[tuple[Value, bool]], bar: Bar) -> list[list[str]]:
    """Return for every value its beams from the eighth's on: "begin", "continue", "end" or a hook; none for no beam.

    Args:
        line: the values of one voice in one bar, and whether each is a rest.
        bar: what its beats are counted by.
    """
    found: list[list[str]] = [[] for _ in line]
    for group in _groups(line, bar):
        if len(group) > 1:
            chosen = [line[place][0] for place in group]
            for level in range(1, max(_FLAGS[value.kind] for value in chosen) + 1):
                for place, mark in zip(group, _level(chosen, level), strict=True):
                    if mark:
                        found[place].append(mark)
    return found


def _groups(line: Sequence[tuple[Value, bool]], bar: Bar) -> Iterator[list[int]]:
    """Yield the places of values that hang together."""
    spans, window = beats(bar), _windows(bar)

    def beat_of(value: Value) -> int:
        return next(number for number, span in enumerate(spans) if value.start < span.end)

    # Whatever cannot be beamed parts the notes before it from those behind.
    breaks = list(accumulate(rest or value.kind not in _FLAGS for value, rest in line))
    uneven = {
        beat_of(value)
        for value, rest in line
        if not rest and value.kind in _FLAGS and (value.kind != "eighth" or value.dots or value.triplet)
    }

    def group_of(place: int) -> tuple[int, int, int]:
        value, rest = line[place]
        if rest or value.kind not in _FLAGS:
            return (-1, place, 0)
        beat = beat_of(value)
        if window and beat not in uneven:
            return (0, value.start // window, breaks[place])
        return (1, beat, breaks[place])

    for _, places in groupby(range(len(line)), key=group_of):
        group = list(places)
        if not line[group[0]][1] and line[group[0]][0].kind in _FLAGS:
            yield group


def _level(group: Sequence[Value], level: int) -> list[str]:
    """Return the marks of one level of beams."""
    fine = any(_FLAGS[value.kind] > 2 for value in group)

    def parted(one: Value, other: Value) -> bool:
        if level == 1:
            return False
        return one.triplet != other.triplet or (fine and other.start * 2 % TICKS == 0)

    run, runs = 0, []
    for one, other in pairwise([None, *group]):
        assert other is not None
        if one is not None and (parted(one, other) or _FLAGS[one.kind] < level):
            run += 1
        runs.append(run if _FLAGS[other.kind] >= level else -1)
    marks = []
    for place, run in enumerate(runs):
        before = place > 0 and runs[place - 1] == run
        after = place + 1 < len(runs) and runs[place + 1] == run
        if run == -1:
            marks.append("")
        elif before or after:
            marks.append("continue" if before and after else "end" if before else "begin")
        else:
            value = group[place]
            early = (value.start - group[0].start) % (2 * (value.end - value.start)) == 0
            backward = place > 0 and (place + 1 == len(runs) or not early)
            marks.append("backward hook" if backward else "forward hook")
    return marks
