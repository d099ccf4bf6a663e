"""Bars lie without gaps, whatever metres a file states."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.music.midi.bars import LONGEST_BAR, UNITS, believed, lay_bars, time_signature_of, without_overhang
from genai_demo.music.theory.piece import Bar, Note, Piece
from tests.helpers.music import pieces

METRES = st.tuples(st.integers(0, 4000), st.integers(1, 12), st.sampled_from(UNITS))


@given(st.lists(METRES, max_size=8), st.integers(0, 8000))
def test_without_gaps_to_the_end(metres: list[tuple[int, int, int]], end: int) -> None:
    bars = lay_bars(sorted(metres, key=lambda metre: metre[0]), end)
    assert Piece((), bars).faults() == []
    assert bars[-1].end >= end > bars[-1].start or end == 0
    assert all(bar.unit in UNITS and bar.beats >= 1 for bar in bars)


@given(pieces())
def test_metres_of_bars_lay_the_same_bars(piece: Piece) -> None:
    assert lay_bars([(bar.start, bar.beats, bar.unit) for bar in piece.bars], piece.end) == piece.bars


def test_a_metre_that_changes_off_any_grid_waits_for_the_bar_line() -> None:
    assert lay_bars([(0, 2, 4), (101, 3, 4)], 1000) == (Bar(0, 2, 4), Bar(960, 3, 4))


@pytest.mark.parametrize("beside", [-30, -1, 0, 1, 30])
def test_a_metre_beside_a_bar_line_is_meant_for_it(beside: int) -> None:
    assert lay_bars([(0, 4, 4), (1920 + beside, 2, 4)], 2880) == (Bar(0, 4, 4), Bar(1920, 2, 4))
    assert lay_bars([(max(beside, 0), 2, 4)], 960) == (Bar(0, 2, 4),)


def test_what_sounds_on_makes_no_bar() -> None:
    bars = lay_bars([], 1920 + 100)
    assert without_overhang(bars, 1440, 1920 + 100) == bars[:1]
    assert without_overhang(bars, 1920, 1920 + 100) == bars, "a note begins there"
    assert without_overhang(bars, 1440, 1920 + 240) == bars, "a note is tied over"
    assert without_overhang(bars[:1], 0, 100) == bars[:1], "one bar is left"


def test_many_bars_of_one_beat_are_not_believed() -> None:
    def last(start: int) -> list[Note]:
        return [Note(start, 60, 480)]

    assert believed([(0, 1, 4)], last(7 * 480 - 1)) == ([(0, 1, 4)], 0)
    assert believed([(0, 1, 4)], last(7 * 480)) == ([(0, 4, 4)], 8)
    assert believed([(0, 3, 4), (1440, 1, 8), (1440 + 9 * 240, 3, 4)], last(9999)) == (
        [(0, 3, 4), (1440, 4, 8), (1440 + 9 * 240, 3, 4)],
        9,
    )
    assert believed([], last(100)) == ([], 0)


@pytest.mark.parametrize(
    ("stated", "metre"),
    [
        ((4, 4), (4, 4)),
        ((4, 1), (8, 2)),
        ((6, 32), (3, 16)),
        ((8, 64), (2, 16)),
        ((1, 32), None),
        ((0, 4), None),
        ((0, 1), None),
        ((0, 64), None),
        ((255, 4), None),
        ((5, 3), None),
    ],
)
def test_metres_that_can_be_written(stated: tuple[int, int], metre: tuple[int, int] | None) -> None:
    assert time_signature_of(*stated) == metre
    if metre:
        assert Bar(0, *metre).length <= LONGEST_BAR
