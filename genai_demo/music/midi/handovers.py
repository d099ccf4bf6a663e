"""Keys that pass from the left hand to the right one at one moment, in files that are written here.

Players send what happens at one moment track by track, and the right hand's track comes first, so that notation
programs print it above: the left hand's release would end the note that the right hand has just struck. So the left
hand lets go a little before, at a tick that nothing else in the file has, by which `restored` knows it.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from genai_demo.music.midi.events import NoteEvent
from genai_demo.music.theory.piece import LEFT, RIGHT, TICKS, Note, Piece

FINER = 2
"""ticks of the file for one of a piece, where there is such a key"""
_BLOCK = 0.0025
"""seconds within which FluidSynth may send all events of one track before those of the next: it looks every 64 samples,
to the millisecond"""


@dataclass(frozen=True)
class Releases:
    """When keys are let go in the file of a piece."""

    handed_over: frozenset[Note]
    early: int
    """ticks of the file"""

    @property
    def scale(self) -> int:
        """Ticks of the file for one of the piece."""
        return FINER if self.handed_over else 1

    def of(self, note: Note) -> int:
        """Return the tick of the file at which the key of a note is let go."""
        early = min(self.early, note.length * FINER - 1) if note in self.handed_over else 0
        return note.end * self.scale - early


def releases(piece: Piece) -> Releases:
    """Return when the keys of a piece are let go: those that are handed over before the end of a player's block."""
    struck = {(note.pitch, note.start) for note in piece.notes if note.hand == RIGHT}
    passed = frozenset(note for note in piece.notes if note.hand == LEFT and (note.pitch, note.end) in struck)
    blocks = math.ceil(_BLOCK * piece.tempo / 60 * TICKS * FINER)
    return Releases(passed, blocks + (blocks + 1) % FINER)


def restored(strikes: Sequence[NoteEvent]) -> list[NoteEvent]:
    """Return the notes of a file whose ticks are `FINER`, those that were let go for `Releases` as long as meant."""
    struck: dict[int, list[int]] = defaultdict(list)
    for strike in strikes:
        struck[strike.pitch].append(strike.start)
    for starts in struck.values():
        starts.sort()
    found = []
    for strike in strikes:
        starts = struck[strike.pitch]
        after = bisect_left(starts, strike.end)
        if strike.end % FINER and after < len(starts):
            strike = strike._replace(end=starts[after])
        found.append(strike)
    return found
