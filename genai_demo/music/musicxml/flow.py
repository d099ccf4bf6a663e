"""In which order the bars of a score are played: repeats, endings, da capo, dal segno, fine and coda."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, takewhile

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
    Where no way is found that comes to every bar, each is played once.

    Args:
        flows: of all bars, in the order in which they are written.
    """
    order: list[int] = []
    lasts = _last_endings(flows)
    place = first = 0
    turn = 1
    around: tuple[int, int] | None = None
    """first bar and turn of the repeat in one of whose endings another one began"""
    jumped = False
    while place < len(flows) and len(order) < MOST_PASSES * len(flows):
        flow, last = flows[place], lasts[place]
        here = around[1] if around else turn
        behind_endings = place > 0 and not flow.endings and bool(flows[place - 1].endings)
        passed = bool(flow.endings) and here not in flow.endings
        if place != first and flow.begins_repeat and flow.endings and not passed and not _closes(flows, place):
            around = around or (first, turn)
            first, turn = place, 1
        elif place != first and (
            (flow.begins_repeat and (not passed or order[-1:] == [place - 1])) or (behind_endings and not around)
        ):
            first, turn, around = place, 1, None
            here = 1
        if flow.endings and (last if jumped else here) not in flow.endings:
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
            if turn < min(flow.repeats if around else max(flow.repeats, last), MOST_PASSES):
                turn += 1
                place = first
                continue
            first, turn = around if around and flow.endings else (place + 1, 1)
            around = None
        if not jumped and (flow.da_capo or flow.dal_segno):
            signs = [number for number, other in enumerate(flows) if other.segno and number <= place]
            jumped = True
            place = signs[-1] if flow.dal_segno and signs else 0
            continue
        place += 1
    if not jumped and len({*order}) < len(flows):
        return [*range(len(flows))]
    return order


def _closes(flows: Sequence[Flow], place: int) -> bool:
    """Return whether the next repeat that ends after a bar of an ending is the one whose ending it is."""
    same = list(takewhile(lambda flow: flow.endings == flows[place].endings, flows[place:]))
    ends = next((number for number, flow in enumerate(same) if flow.repeats), None)
    further = flows[place + len(same)].endings if place + len(same) < len(flows) else None
    return ends == len(same) - 1 and bool(further)


def _last_endings(flows: Sequence[Flow]) -> list[int]:
    """Return for every bar the highest number of the endings that it stands among, 0 for none."""
    found: list[int] = []
    for among, bars in groupby(flows, key=lambda flow: bool(flow.endings)):
        endings = [flow.endings for flow in bars]
        found += [max(number for some in endings for number in some) if among else 0] * len(endings)
    return found
