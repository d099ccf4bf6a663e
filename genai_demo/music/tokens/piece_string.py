"""Music as one line of text, so that a receipt can hold it: readable, and without loss on the grid of the tokens.

The line has the key, the tempo, and bar by bar the metre where it changes, a bar line, and what is struck: its place in
ticks from the bar line, the hand, and each pitch with its length in ticks::

    Eb_major 100 4/4 | @0 R 67:480 70:480 L 51:1920 @480 R 68:240 | ...

Imports no torch.
"""

from __future__ import annotations

import re
from functools import cache

from genai_demo.errors import UserError
from genai_demo.music.theory.piece import Key, Piece
from genai_demo.music.tokens import events

MOST_CHARACTERS = 100_000
_NAMES = {
    "major": ("Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#"),
    "minor": ("Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#", "G#", "D#"),
}
"""tonics by the sharps of the signature, from 5 flats to 6 sharps"""
_NOTE = re.compile(r"(\d{1,3}):(\d{1,4})")


def key_id(key: Key | None) -> str:
    """Return the name of a key, such as "Eb_major" or "F#_minor"; "any" for none."""
    return f"{_NAMES[key.mode][key.sharps + 5]}_{key.mode}" if key else "any"


KEY_BY_NAME = {key_id(key): key for key in events.KEYS_OR_NONE}
"""keys by their names, "any" for None"""


def write_piece_string(piece: Piece) -> str:
    """Return the line of a piece without faults; what it loses is what `events.quantize_to_tokens` says."""
    return " ".join(map(_word, events.encode(piece)[:-1])).replace(": :", ":")


def read_piece_string(line: str) -> Piece:
    """Return the piece that a line tells.

    Raises:
        UserError: it is too long, or something in it may not stand where it does.
    """
    if len(line) > MOST_CHARACTERS:
        raise UserError("music.given_too_long", found=len(line), most=MOST_CHARACTERS)
    grammar = events.Grammar()
    words = line.split()
    if not words:
        raise UserError("music.no_given")
    for number, word in enumerate(words):
        note = _NOTE.fullmatch(word)
        known = _tokens("note" if note else "tempo" if number == 1 else "")
        try:
            for part in (f"{note[1]}:", f":{note[2]}") if note else (word,):
                grammar.push(known.get(part, events.PAD))
        except ValueError as error:
            raise UserError("music.bad_given", number=number + 1, word=word[:20]) from error
    if not grammar.allowed()[events.END]:
        raise UserError("music.bad_given", number=len(words), word=words[-1][:20])
    return grammar.piece()


def _word(token: int) -> str:
    """Return how a token is written."""
    kind, _, name = events.NAMES[token].partition("_")
    match kind:
        case "KEY":
            return key_id(events.KEYS_OR_NONE[token - events.FIRST["KEY"]])
        case "BAR":
            return "|"
        case "HAND":
            return name[0].upper()
        case "POSITION":
            return f"@{name}"
        case "PITCH":
            return f"{name}:"
        case "DURATION":
            return f":{name}"
    return name


@cache
def _tokens(place: str) -> dict[str, int]:
    """Return tokens by how they are written: those of a "note", of the "tempo", or "" for all others."""
    # A tempo alone is a mere number, which must not be taken for anything else.
    places = {"PITCH": "note", "DURATION": "note", "TEMPO": "tempo"}
    kinds = [name.partition("_")[0] for name in events.NAMES]
    return {
        _word(token): token
        for token, kind in enumerate(kinds)
        if kind not in ("PAD", "END") and places.get(kind, "") == place
    }
