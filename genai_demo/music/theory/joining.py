"""New notes among given ones, none of which is touched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from genai_demo.music.theory.dynamics import with_dynamics
from genai_demo.music.theory.piece import Note, resolve_overlaps

_LATE = 20
"""ticks, less than any grid knows, by which a note may come late because its key is still held"""


def among_given(new: Iterable[Note], given: Sequence[Note]) -> tuple[Note, ...]:
    """Return given notes and new ones, in the order of a piece; the new ones are as loud as what is around them.

    A new note is let go where its key is struck among the given ones, and left out where it is held there.

    Args:
        new: in any order.
        given: without faults, in their order.
    """
    by_pitch: dict[int, list[Note]] = defaultdict(list)
    for note in given:
        by_pitch[note.pitch].append(note)
    fitting = []
    for note in resolve_overlaps(new):
        others = by_pitch[note.pitch]
        start = max([note.start, *(other.end for other in others if other.start < note.start)])
        end = min([note.end, *(other.start for other in others if other.start >= note.start)])
        if start < end and start - note.start < _LATE:
            fitting.append(replace(note, start=start, length=end - start))
    return tuple(sorted([*given, *with_dynamics(fitting, given)]))
