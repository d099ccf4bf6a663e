"""What the names of tracks mean, in the languages that files come in."""

from __future__ import annotations

import re

from genai_demo.engine.files import without_accents
from genai_demo.music.theory.piece import LEFT, RIGHT

HAND_NAMES = {RIGHT: "Right Hand", LEFT: "Left Hand"}
"""names of the tracks of a file that is written here"""
# English, German, Dutch, Scandinavian, French, Spanish, Portuguese, Italian, Polish, Czech, Russian; without accents.
_HANDS = {
    RIGHT: {
        "right",
        "righthand",
        "rh",
        "upper",
        "treble",
        "rechts",
        "rechte",
        "rechter",
        "rechten",
        "rechtehand",
        "rechterhand",
        "hoger",
        "hojre",
        "høyre",
        "højre",
        "prava",
        "droite",
        "droit",
        "derecha",
        "derecho",
        "direita",
        "destra",
        "destro",
        "prawa",
        "правая",
    },
    LEFT: {
        "left",
        "lefthand",
        "lh",
        "lower",
        "bass",
        "links",
        "linke",
        "linker",
        "linken",
        "linkehand",
        "linkerhand",
        "vanster",
        "venstre",
        "leva",
        "gauche",
        "izquierda",
        "izquierdo",
        "esquerda",
        "sinistra",
        "sinistro",
        "lewa",
        "левая",
    },
}
_SHORT = {RIGHT: {"md", "r", "up"}, LEFT: {"mg", "mi", "me", "ms", "l", "down"}}
"""of main droite, mano sinistra and the like: they mean a hand where no other word stands beside but a piano"""
_DRUMS = {
    "drum",
    "drums",
    "drumkit",
    "drumset",
    "percussion",
    "perc",
    "percussions",
    "schlagzeug",
    "schlagwerk",
    "perkussion",
    "batterie",
    "batteria",
    "bateria",
    "percusion",
    "percussao",
    "percussione",
    "percussioni",
}
_PIANOS = {"piano", "pianoforte", "klavier", "fluegel", "flugel", "keyboard", "keys"}
_SYLLABLES = {RIGHT: ("右", "오른"), LEFT: ("左", "왼")}
"""of Chinese, Japanese and Korean names, which are not parted"""
_ABBREVIATION = re.compile(r"\b([^\W\d_])\. ?([^\W\d_])\b\.?")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[^\W\d_]+")


def _words(name: str) -> set[str]:
    """Return the words of a name in small letters, parted at all that is no letter and where a capital begins one."""
    parted = _CAMEL.sub(" ", _ABBREVIATION.sub(r"\1\2", without_accents(name).replace("_", " ")))
    return {word.lower() for word in _WORD.findall(parted)}


def hand_named(name: str) -> int | None:
    """Return the hand that the name of a track means, None where it means none or both."""
    words = _words(name)
    short = words - _PIANOS
    meant = {
        hand
        for hand in (RIGHT, LEFT)
        if words & _HANDS[hand] or any(part in name for part in _SYLLABLES[hand]) or (short and short <= _SHORT[hand])
    }
    return meant.pop() if len(meant) == 1 else None


def names_drums(name: str) -> bool:
    """Return whether a track is called a drum kit."""
    return bool(_words(name) & _DRUMS) or "鼓" in name or "打击" in name or "打擊" in name


def names_piano(name: str) -> bool:
    """Return whether a track is called a piano, or a hand."""
    return bool(_words(name) & _PIANOS) or "钢琴" in name or "鋼琴" in name or hand_named(name) is not None
