"""In which order the bars of a score are played: repeats, endings, da capo, dal segno, fine and coda."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

MOST_PASSES = 16
"""times that a repeat is played at most"""


@dataclass
class Flow:
    """What a bar says about the way through the score."""

    begins_repeat: bool = False
    repeats: int = 0
    """times that what ends with it is played in all; 0 where no repeat ends"""
    endings: frozenset[int] = frozenset()
    """passes in which it is played; none for all"""
    segno: bool = False
    coda: bool = False
    to_coda: bool = False
    da_capo: bool = False
    dal_segno: bool = False
    fine: bool = False


def played_order(flows: Sequence[Flow]) -> list[int]:
    """Return the places of the bars in the order in which they are played.

    After a jump back to the beginning or the sign, repeats are not played again, and of several endings the last is.

    Args:
        flows: of all bars, in the order in which they are written.
    """
    order: list[int] = []
    lasts = _last_endings(flows)
    place = first = 0
    turn = 1
    jumped = False
    while place < len(flows) and len(order) < MOST_PASSES * len(flows):
        flow = flows[place]
        behind_endings = place > 0 and not flow.endings and bool(flows[place - 1].endings)
        if place != first and (flow.begins_repeat or behind_endings):
            first, turn = place, 1
        last = lasts[place]
        if flow.endings and (last if jumped else turn) not in flow.endings:
            place += 1
            continue
        order.append(place)
        if jumped and flow.fine:
            break
        if jumped and flow.to_coda:
            coda = next((number for number, other in enumerate(flows) if other.coda and number > place), None)
            if coda is not None:
                place = coda
                continue
        if flow.repeats and not jumped:
            if turn < min(max(flow.repeats, last), MOST_PASSES):
                turn += 1
                place = first
                continue
            first, turn = place + 1, 1
        if not jumped and (flow.da_capo or flow.dal_segno):
            signs = [number for number, other in enumerate(flows) if other.segno and number <= place]
            jumped = True
            place = signs[-1] if flow.dal_segno and signs else 0
            continue
        place += 1
    return order


def _last_endings(flows: Sequence[Flow]) -> list[int]:
    """Return for every bar the highest number of the endings that it stands among, 0 for none."""
    found: list[int] = []
    for among, bars in groupby(flows, key=lambda flow: bool(flow.endings)):
        endings = [flow.endings for flow in bars]
        found += [max(number for some in endings for number in some) if among else 0] * len(endings)
    return found
