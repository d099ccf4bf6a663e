"""What can be asked of music besides key, metre and tempo, and how it is read off music that there is.

Imports no torch.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from genai_demo.music.data.labels import Label
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

_COMPOSERS = {
    "baroque": "bach fischer froberger handel pachelbel purcell rameau scarlatti telemann",
    "classical": "beethoven benda boieldieu clementi cramer czerny dussek elsner haydn hoffmeister holland kruetzer "
    "kuhlau méhul mozart mueller naumann pleyel vanhal wanhal wański winter yaniewicz",
    "impressionist": "debussy ravel satie scriabin stanchinsky szymanowski",
    "ragtime": "hunter joplin lamb turpin",
    "romantic": "albeniz alkan balakirev bizet borodin brahms burgmuller chopin field godowsky granados grieg liszt "
    "mendelssohn moszkowski mussorgsky paderewski rachmaninoff rimsky schubert schumann sinding stojowski tchaikovsky "
    "zarębski żeleński",
}
_STYLE_OF = {name: style for style, names in _COMPOSERS.items() for name in names.split()}
_SONS = ("cpe", "carl philipp emanuel", "johann christian")
"""first names of the Bachs who are not of the baroque"""
_DANCES = re.compile(
    r"\b(anglaise|cotillon|dans|dansar|écossaise|galop|kontredans|krakowiak|kujawiak|ländler|mazur|mazurka|mazourka|"
    r"mazurek|oberek|polka|polonaise|polonez|quadrille|tango|valse|walc|walzer|waltz)",
    re.IGNORECASE,
)
_SOURCES = {"openscore-lieder": "song", "polish-scores": "romantic", "chopin-first-editions": "romantic"}
"""what most of a source is"""


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


def style_of(label: Label) -> str:
    """Return the one of `STYLES` that a piece's composer, title or source speaks for; `ANY` if none of them does."""
    if _SOURCES.get(label.source) == "song":
        return "song"
    name, _, first = label.composer.lower().partition(",")
    words = re.findall(r"\w+", name)
    style = next((_STYLE_OF[word] for word in words if word in _STYLE_OF), ANY)
    if style == "baroque" and first.strip() in _SONS:
        return "classical"
    if style == ANY and _DANCES.search(label.title):
        return "dance"
    return style if style != ANY else _SOURCES.get(label.source, ANY)
