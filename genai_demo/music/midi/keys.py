"""Keys in MIDI files: their key signature events, whose mode is seldom meant, and how files written here state it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import mido

from genai_demo.music.theory.key_signatures import MOST_SHARPS, StatedKey
from genai_demo.music.theory.piece import Key, Piece

MAJORS = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")
MINORS = ("Abm", "Ebm", "Bbm", "Fm", "Cm", "Gm", "Dm", "Am", "Em", "Bm", "F#m", "C#m", "G#m", "D#m", "A#m")
"""names of key signature events by their sharps, from 7 flats to 7 sharps"""
_MODES_KEY = b"genai-demo-modes "
MAKER = 0x7D
"""stands before sequencer-specific data that belong to no maker's product: the number for non-commercial use"""


def key_events(piece: Piece) -> list[tuple[int, mido.MetaMessage]]:
    """Return the key signatures of a piece with their ticks; none where its key is not known."""
    if piece.key is None:
        return []
    keys = [(0, piece.key), *piece.key_changes]
    return [(tick, mido.MetaMessage("key_signature", key=_name(key))) for tick, key in keys]


def modes_event(piece: Piece) -> mido.MetaMessage:
    """Return an event that no program shows, and by which a file that was written here is known and read as it is.

    It names the keys, whose modes are meant: other programs state major whatever the music is in.
    """
    names = " ".join(event.key for _, event in key_events(piece))
    return mido.MetaMessage("sequencer_specific", data=(MAKER, *_MODES_KEY, *names.encode()))


def modes_in(data: bytes) -> tuple[str, ...] | None:
    """Return the names of keys that a sequencer-specific event of `modes_event` has; None for any other event."""
    _, found, names = data.partition(bytes([MAKER]) + _MODES_KEY)
    return tuple(names.decode("ascii", errors="replace").split()) if found else None


def stated_keys(keys: Iterable[tuple[int, str]], modes: Sequence[str] | None = None) -> list[StatedKey]:
    """Return what key signature events state.

    Args:
        keys: tick and name, such as "F#m", in the order of time.
        modes: names of keys whose mode is meant, see `modes_event`; they count if they are those of `keys`, one by one.
    """
    keys = list(dict.fromkeys(keys))
    meant = modes is not None and [name for _, name in keys] == list(modes)
    return [_stated(tick, name, meant) for tick, name in keys]


def _name(key: Key) -> str:
    return (MINORS if key.mode == "minor" else MAJORS)[key.sharps + MOST_SHARPS]


def _stated(tick: int, name: str, meant: bool) -> StatedKey:
    if name in MINORS:
        return StatedKey(tick, MINORS.index(name) - MOST_SHARPS, "minor")
    return StatedKey(tick, MAJORS.index(name) - MOST_SHARPS, "major" if meant else None)
