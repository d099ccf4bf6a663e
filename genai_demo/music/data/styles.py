"""Which style a piece is of, by its composer, title or source."""

from __future__ import annotations

import re

from genai_demo.music.data.labels import Label
from genai_demo.music.theory.texture import ANY

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
