"""What a MIDI file or score was read as, and what a folder or archive of them holds."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any

from genai_demo.catalogue import message
from genai_demo.engine.data.items import Items, reasons
from genai_demo.engine.data.sources import holds
from genai_demo.music.data.labels import Label
from genai_demo.music.data.reading import Music, read_music
from genai_demo.music.midi.reading import Reading
from genai_demo.music.musicxml.parsing import is_score
from genai_demo.music.reading import MUSIC_FILES, read_piece
from genai_demo.music.theory.key_estimation import estimate_key
from genai_demo.music.theory.piece import LEFT, RIGHT, Key, Piece
from genai_demo.music.tokens.piece_string import key_id
from genai_demo.music.tokens.roll import to_roll
from genai_demo.music.tokens.roll_pictures import sheet_png

LOOKED_AT = 60
"""files of a large archive that are read for a look at it"""
SHOWN_BARS = 8
"""of its first piece"""


def inspect(path: Path, language: str) -> dict[str, Any] | None:
    """Return what a piece is read as, or what there is to learn from in many; None for what is no music.

    Raises:
        UserError: see `read_piece` and `read_music`.
    """
    if path.is_file() and path.suffix.lower() in MUSIC_FILES:
        return piece_told(read_piece(path), "musicxml" if is_score(path.read_bytes()) else "midi", language)
    if not (path.is_dir() or path.suffix.lower() == ".zip") or not holds(path, MUSIC_FILES):
        return None
    return _items(*_read(path)).inspected("pieces", language)


def glance(path: Path, language: str) -> dict[str, Any] | None:
    """Return what `inspect` does, of a large archive by some of its files: a run reads all, and nobody waits for that.

    Beside it stands the roll of the first piece's first bars.

    Raises:
        UserError: as there.
    """
    if path.suffix.lower() != ".zip" or not holds(path, MUSIC_FILES):
        return inspect(path, language)
    count = _count(path)
    music, held_out = _read(path, LOOKED_AT if count > LOOKED_AT else None)
    found = _items(music, held_out).inspected("pieces", language)
    some = message("music.some_looked_at", language, files=f"{count:,}", some=LOOKED_AT)
    remarks = [*([some] if count > LOOKED_AT else []), *found["remarks"]]
    example = {"png": sheet_png([to_roll(music.pieces[0])[None]], SHOWN_BARS)} if music.pieces else {}
    return {**found, "remarks": remarks, "example": example}


def _read(path: Path, most: int | None = None) -> tuple[Music, Music]:
    music, held_out = (read_music(str(path), split, most=most) for split in ("train", "validation"))
    return music, held_out


def _items(music: Music, held_out: Music) -> Items:
    labelled = sum(label != Label() for label in music.labels)
    return Items("music", len(music), len(held_out), labelled, reasons(music.left_out, held_out.left_out))


def _count(path: Path) -> int:
    """Return how many files of music a ZIP archive lists; 0 where it cannot be read, for `inspect` to say why."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [PurePosixPath(name) for name in archive.namelist()]
        plain = [name for name in names if not any(part.startswith((".", "__MACOSX")) for part in name.parts)]
        return sum(name.suffix.lower() in MUSIC_FILES for name in plain)
    except (OSError, zipfile.BadZipFile):
        return 0


def piece_told(reading: Reading, kind: str, language: str) -> dict[str, Any]:
    """Return what there is to tell of a piece.

    Args:
        reading: of its file.
        kind: "midi" or "musicxml".
        language: of the remarks.
    """
    piece = reading.piece
    metres = [(number, f"{bar.beats}/{bar.unit}") for number, bar in enumerate(piece.bars, 1)]
    changes = metres[:1] + [after for before, after in pairwise(metres) if after[1] != before[1]]
    hands = {"right": RIGHT, "left": LEFT}
    found = {
        "kind": kind,
        "bars": len(piece.bars),
        "metres": [{"bar": bar, "metre": metre} for bar, metre in changes],
        "keys": _keys(piece, reading.key_sources),
        "tempo": round(piece.tempo, 2),
        "notes": {name: sum(note.hand == hand for note in piece.notes) for name, hand in hands.items()},
        "remarks": [remark.in_language(language) for remark in reading.remarks],
    }
    return found | {"told": _told(found, language)}


def _told(found: Mapping[str, Any], language: str) -> list[str]:
    """Return the same in words."""
    metres = ", ".join(f"{one['metre']} ({one['bar']})" for one in found["metres"])
    keys = [message(f"music.key_{one['from']}", language, key=one["key"], bar=one["bar"]) for one in found["keys"]]
    return [
        message("music.told_bars", language, bars=found["bars"], metres=metres, tempo=found["tempo"]),
        message("music.told_keys", language, keys=", ".join(keys) or "-"),
        message("music.told_notes", language, **found["notes"]),
    ]


def _keys(piece: Piece, sources: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the keys of a piece, with the bar from which each holds, and how it is known."""
    if piece.key is None:
        heard = estimate_key(piece.notes)
        return [{"bar": 1, "key": _name(heard), "from": "heard"}] if heard else []
    bars = {bar.start: number for number, bar in enumerate(piece.bars, 1)}
    keys = [(0, piece.key), *piece.key_changes]
    return [
        {"bar": bars[tick], "key": _name(key), "from": sources[index] if index < len(sources) else "stated"}
        for index, (tick, key) in enumerate(keys)
    ]


def _name(key: Key) -> str:
    return key_id(key).replace("_", " ")
