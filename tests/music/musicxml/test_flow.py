"""Repeats, endings and jumps are played as a musician plays them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genai_demo.music.musicxml.flow import MOST_PASSES, Flow, played_order


def flows(*bars: dict[str, object]) -> list[Flow]:
    return [Flow(**bar) for bar in bars]  # type: ignore[arg-type]


PLAIN: dict[str, object] = {}
BEGIN, REPEAT = {"begins_repeat": True}, {"repeats": 2}
ONE = {"endings": frozenset({1})}
FIRST, SECOND = {**ONE, "repeats": 2}, {"endings": frozenset({2})}


@pytest.mark.parametrize(
    ("bars", "order"),
    [
        ([PLAIN, PLAIN], "01"),
        ([PLAIN, REPEAT, PLAIN], "01012"),
        ([PLAIN, BEGIN, REPEAT, PLAIN], "012123"),
        ([{**BEGIN, **REPEAT}, REPEAT], "0011"),
        ([PLAIN, REPEAT, PLAIN, REPEAT], "01012323"),
        ([PLAIN, {"repeats": 3}, PLAIN], "0101012"),
        ([PLAIN, FIRST, SECOND, PLAIN], "01023"),
        ([PLAIN, FIRST, SECOND, PLAIN, REPEAT], "010234" + "34"),
        ([BEGIN, {"endings": frozenset({1, 2}), "repeats": 2}, {"endings": frozenset({3})}], "010102"),
        ([PLAIN, ONE, FIRST, SECOND], "01203"),
        ([PLAIN, FIRST, PLAIN, REPEAT], "01" + "023" + "23"),
        ([PLAIN, {"fine": True}, PLAIN, {"da_capo": True}], "012301"),
        ([PLAIN, {"segno": True}, {"fine": True}, {"dal_segno": True}], "012312"),
        ([PLAIN, {"to_coda": True}, {"da_capo": True}, {"coda": True}, PLAIN], "0120134"),
        ([{"segno": True}, {"to_coda": True}, {"dal_segno": True}, {"coda": True}], "012013"),
        ([PLAIN, REPEAT, {"fine": True}, {"da_capo": True}], "01012" + "3" + "012"),
        ([PLAIN, FIRST, SECOND, {"da_capo": True}], "01023" + "023"),
        ([{"dal_segno": True}, PLAIN], "0" + "01"),
        # Repeats within endings, as in 45i of the test suite of LilyPond; and one that begins in the second ending.
        ([PLAIN, ONE, {**ONE, **BEGIN, **REPEAT}, FIRST, {**SECOND, **BEGIN, **REPEAT}, SECOND, PLAIN], "0122304456"),
        ([PLAIN, FIRST, {**SECOND, **BEGIN}, PLAIN, REPEAT, PLAIN], "010" + "234" + "234" + "5"),
        ([PLAIN, FIRST, {**SECOND, **BEGIN, **REPEAT}, PLAIN], "010" + "22" + "3"),
        ([PLAIN, {**ONE, **BEGIN}, FIRST, SECOND], "0123"),
        ([PLAIN, FIRST, SECOND, {**BEGIN, **FIRST}, SECOND], "0102" + "34"),
        ([], ""),
    ],
)
def test_order(bars: list[dict[str, object]], order: str) -> None:
    assert played_order(flows(*bars)) == [int(place) for place in order]


FLOWS = st.lists(
    st.builds(
        Flow,
        begins_repeat=st.booleans(),
        repeats=st.sampled_from([0, 0, 2, 3, MOST_PASSES]),
        endings=st.frozensets(st.integers(1, 4), max_size=2),
        segno=st.booleans(),
        coda=st.booleans(),
        to_coda=st.booleans(),
        da_capo=st.booleans(),
        dal_segno=st.booleans(),
        fine=st.booleans(),
    ),
    max_size=12,
)


@given(FLOWS)
def test_every_way_comes_to_an_end(bars: list[Flow]) -> None:
    order = played_order(bars)
    assert len(order) <= MOST_PASSES * len(bars)
    assert set(order) <= set(range(len(bars)))


@given(FLOWS)
def test_no_bar_is_lost_where_nothing_jumps(bars: list[Flow]) -> None:
    for flow in bars:
        flow.da_capo = flow.dal_segno = False
    assert set(played_order(bars)) == set(range(len(bars)))
