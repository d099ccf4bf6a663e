"""Accidentals: what is printed before which note, by the signature and by what stands in the bar already."""

from __future__ import annotations

from collections.abc import Sequence

from genai_demo.music.notation.spelling import Name, signature
from genai_demo.music.theory.piece import Key

SIGNS = {-2: "flat-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
"""what MusicXML calls the accidental of so many sharps"""


def accidentals_of(bars: Sequence[Sequence[int]], names: Sequence[Name], keys: Sequence[Key]) -> dict[int, str]:
    """Return what has to be printed before the notes of a staff.

    A sign holds for its line until the bar ends. Where another octave of the bar, or the same line in the bar before,
    had one, the reader is reminded.

    Args:
        bars: places of the notes struck in every bar, in their order.
        names: of all notes.
        keys: of every bar's signature.
    """
    found: dict[int, str] = {}
    before: dict[int, int] = {}
    usuals: dict[str, int] = {}
    for bar, key in zip(bars, keys, strict=True):
        if signature(key) != usuals:
            usuals, before = signature(key), {}
        now: dict[int, int] = {}
        letters: dict[str, set[int]] = {}
        for place in bar:
            name = names[place]
            usual = usuals[name.letter]
            valid = now.get(name.line, usual)
            reminded = name.line not in now and (
                before.get(name.line, usual) != name.alter or letters.get(name.letter, set()) - {name.alter}
            )
            if valid != name.alter or reminded:
                found[place] = SIGNS[name.alter]
            now[name.line] = name.alter
            letters.setdefault(name.letter, set()).add(name.alter)
        before = now
    return found
