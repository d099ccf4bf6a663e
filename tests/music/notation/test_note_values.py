"""Bars divide as their metre says, and note values show it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.music.notation.note_values import Span, division, triplets, values
from genai_demo.music.theory.piece import TICKS, Bar
from tests.helpers.scores import METRES


def written(metre: str, start: float, end: float, rest: bool = False, others: tuple[float, ...] = ()) -> str:
    """Return the values of a note from `start` to `end`, in quarters, `others` being places where others begin."""
    beats, unit = map(int, metre.split("/"))
    tree = division(Bar(0, beats, unit))
    borders = sorted({round(TICKS * place) for place in (start, end, *others)})
    found = values(tree, round(TICKS * start), round(TICKS * end), list(triplets(tree, borders)), rest)
    return " ".join(value.kind + "." * value.dots + "3" * (value.triplet is not None) for value in found)


@pytest.mark.parametrize(
    ("metre", "start", "end", "expected"),
    [
        ("4/4", 0, 4, "whole"),
        ("4/4", 0, 3, "half."),
        ("4/4", 1, 4, "half."),
        ("4/4", 1, 3, "half"),
        ("4/4", 0.5, 1.5, "quarter"),
        ("4/4", 1.5, 2.5, "eighth eighth"),
        ("4/4", 1, 2.5, "quarter eighth"),
        ("4/4", 0.5, 2, "quarter."),
        ("4/4", 0.5, 4, "quarter. half"),
        ("4/4", 0, 1.75, "quarter.."),
        ("4/4", 0.25, 0.75, "eighth"),
        ("4/4", 0.75, 1.25, "16th 16th"),
        ("3/4", 0, 3, "half."),
        ("3/4", 1, 3, "half"),
        ("3/4", 0.5, 2.5, "eighth quarter."),
        ("3/4", 1, 2.5, "quarter."),
        ("2/2", 0, 4, "whole"),
        ("6/8", 0, 3, "half."),
        ("6/8", 0, 1, "quarter"),
        ("6/8", 0.5, 1.5, "quarter"),
        ("6/8", 1, 2, "eighth eighth"),
        ("6/8", 1, 3, "eighth quarter."),
        ("9/8", 0, 4.5, "half. quarter."),
        ("12/8", 0, 6, "whole."),
        ("3/8", 0, 1.5, "quarter."),
        ("5/4", 0, 5, "half. half"),
        ("5/8", 0, 2.5, "quarter. quarter"),
    ],
)
def test_notes(metre: str, start: float, end: float, expected: str) -> None:
    assert written(metre, start, end) == expected


@pytest.mark.parametrize(
    ("metre", "start", "end", "expected"),
    [
        ("4/4", 0, 3, "half quarter"),
        ("4/4", 1, 4, "quarter half"),
        ("4/4", 1, 3, "quarter quarter"),
        ("3/4", 1, 3, "quarter quarter"),
        ("4/4", 0.25, 1, "16th eighth"),
        ("6/8", 0, 1.5, "quarter."),
        ("6/8", 0, 1, "quarter"),
        ("6/8", 0.5, 1.5, "eighth eighth"),
    ],
)
def test_rests_hide_no_beat(metre: str, start: float, end: float, expected: str) -> None:
    assert written(metre, start, end, rest=True) == expected


@pytest.mark.parametrize(
    ("start", "end", "others", "expected"),
    [
        (0, 1 / 3, (2 / 3, 1), "eighth3"),
        (0, 2 / 3, (1,), "quarter3"),
        (0, 2 / 3, (4 / 3, 2), "quarter3"),
        (2 / 3, 2, (0,), "half3"),
        (0.5, 2 / 3, (5 / 6, 1), "16th3"),
        (0, 0.5, (2 / 3, 5 / 6, 1), "eighth"),
        (2 / 3, 2, (0, 1 / 3), "eighth3 quarter"),
        (0, 1 / 12, (1 / 6,), "32nd3"),
    ],
)
def test_triplets(start: float, end: float, others: tuple[float, ...], expected: str) -> None:
    assert written("4/4", start, end, others=others) == expected


@pytest.mark.parametrize("metre", METRES)
@given(st.data())
def test_values_fill_what_they_write(metre: tuple[int, int], data: st.DataObject) -> None:
    tree = division(Bar(0, *metre))
    step = data.draw(st.sampled_from([30, 120, 160, 80]))
    start = data.draw(st.integers(0, tree.length // step - 1)) * step
    end = data.draw(st.integers(start // step + 1, tree.length // step)) * step
    shared = list(triplets(tree, [start, end]))
    found = list(values(tree, start, end, shared, data.draw(st.booleans())))
    assert (found[0].start, found[-1].end) == (start, end)
    assert all(one.end == other.start for one, other in pairwise(found))


def leaves(span: Span) -> list[Span]:
    return [leaf for part in span.parts for leaf in leaves(part)] or [span]


@pytest.mark.parametrize("metre", [*METRES, (6, 4), (2, 16), (11, 8), (13, 16)])
def test_divisions_fill_the_bar(metre: tuple[int, int]) -> None:
    bar = Bar(0, *metre)
    parts = leaves(division(bar))
    assert (parts[0].start, parts[-1].end) == (0, bar.length)
    assert all(one.end == other.start for one, other in pairwise(parts))
