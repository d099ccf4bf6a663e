"""What can be asked of music besides key, metre and tempo, and how it is read off music that there is.

Imports no torch.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from genai_demo.music.theory.piece import TICKS, Bar, Note

ANY = "any"
"""what is left open, or not known"""
DENSITIES = ("sparse", "medium", "dense")
REGISTERS = ("low", "middle", "high")
STYLES = ("baroque", "classical", "romantic", "dance", "impressionist", "ragtime", "song")
"""by era and kind: "dance" is that of the 19th century's salon and ballroom, "song" the piano part of a song"""
DENSITY_BOUNDS = (3.9, 6.0)
"""notes per quarter note from which music is medium and dense: terciles of all stretches of four bars in the training
split of the scores and accompaniments"""
REGISTER_BOUNDS = (60.75, 65.25)
"""mean pitch from which music is of the middle and the high register: terciles of the same stretches"""


def density_of(notes: Sequence[Note], bars: Sequence[Bar]) -> str:
    """Return which of `DENSITIES` some bars of music have, by their notes per quarter note.

    Args:
        notes: those that start in the bars; none is sparse.
        bars: at least one.
    """
    quarters = sum(bar.length for bar in bars) / TICKS
    return DENSITIES[bisect_right(DENSITY_BOUNDS, len(notes) / quarters)]


def register_of(notes: Sequence[Note]) -> str:
    """Return which of `REGISTERS` some notes lie in, by their mean pitch; `ANY` where there are none."""
    if not notes:
        return ANY
    return REGISTERS[bisect_right(REGISTER_BOUNDS, sum(note.pitch for note in notes) / len(notes))]
