"""SoundFonts: which one is played, and what has to be said in it twice.

A SoundFont (SoundFont Technical Specification 2.04, section 7) gives the key at which a sample sounds at its own
pitch in the sample's header, and may give another one in each zone that uses the sample. `symusic` 0.5.9 reads the
header alone, and would play such a zone octaves too high. Each of these zones therefore gets a header of its own.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from genai_demo.errors import UserError
from genai_demo.settings import settings

_SAMPLE, _ROOT = 53, 58
"""numbers of the generators that name a zone's sample, and the key of its own pitch"""
_HEADER = struct.Struct("<20sIIIIIBbHH")
"""a sample's header: name, start, end, loop, rate, key of its pitch, correction, link, type"""
_PITCH = 40
"""bytes from a header's start to the key"""
_UNPITCHED = 255


def soundfont() -> Path:
    """Return the SoundFont that is played: that of the settings, or the one `pretty_midi` carries.

    Raises:
        UserError: there is none, or the file is no SoundFont.
    """
    chosen = settings().soundfont
    if chosen is None:
        package = find_spec("pretty_midi")  # finds the folder without the import, which takes most of a second
        assert package is not None and package.origin is not None
        chosen = Path(package.origin).parent / "TimGM6mb.sf2"
    if not chosen.is_file():
        raise UserError("music.no_soundfont_file", file=chosen)
    with chosen.open("rb") as stream:
        head = stream.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"sfbk":
        raise UserError("music.no_soundfont", file=chosen)
    return chosen


def with_headers_per_zone(content: bytes) -> bytes:
    """Return a SoundFont in which every sample's header names the key that its zone names.

    Args:
        content: of an .sf2 or .sf3 file.

    Raises:
        ValueError: it is damaged.
    """
    try:
        chunks = dict(_chunks(content, 12, len(content)))
        start, end = chunks[b"pdta"]
        tables = {name: content[slice(*place)] for name, place in _chunks(content, start + 4, end)}
        generators, headers = _separated(tables)
    except (KeyError, struct.error, IndexError) as error:
        raise ValueError("not a whole SoundFont") from error
    tables |= {b"igen": generators, b"shdr": headers}
    parts = [b"pdta", *(_chunk(name, table) for name, table in tables.items())]
    body = content[12 : start - 8] + _chunk(b"LIST", b"".join(parts)) + content[end:]
    return _chunk(b"RIFF", b"sfbk" + body)


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _chunks(content: bytes, place: int, end: int) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Yield name, start and end of the content of each chunk; a list goes by the name of what it lists."""
    while place + 8 <= end:
        name, size = struct.unpack_from("<4sI", content, place)
        start = place + 8
        if start + size > end:
            raise ValueError("a chunk breaks off")
        yield content[start : start + 4] if name == b"LIST" else name, (start, start + size)
        place = start + size + size % 2


def _separated(tables: dict[bytes, bytes]) -> tuple[bytes, bytes]:
    """Return the instruments' generators and the samples' headers, one header for each sample and key in use."""
    generators = bytearray(tables[b"igen"])
    size = _HEADER.size
    headers = [tables[b"shdr"][place : place + size] for place in range(0, len(tables[b"shdr"]), size)]
    last = headers.pop()  # marks the end of the table
    bags = [bag for bag, _ in struct.iter_unpack("<HH", tables[b"ibag"])]
    instruments = [bag for _, bag in struct.iter_unpack("<20sH", tables[b"inst"])]
    made: dict[tuple[int, int], int] = {}
    for first, behind in itertools.pairwise(instruments):
        usual = None
        for bag in range(first, behind):
            places = {
                struct.unpack_from("<H", generators, 4 * place)[0]: place for place in range(bags[bag], bags[bag + 1])
            }
            root = struct.unpack_from("<H", generators, 4 * places[_ROOT] + 2)[0] if _ROOT in places else usual
            if _SAMPLE not in places:
                # A first zone without a sample says what holds for all the others.
                usual = root if bag == first else usual
                continue
            (sample,) = struct.unpack_from("<H", generators, 4 * places[_SAMPLE] + 2)
            if root is None or root > 127 or headers[sample][_PITCH] in (root, _UNPITCHED):
                continue
            if (sample, root) not in made:
                made[sample, root] = len(headers)
                header = headers[sample]
                headers.append(header[:_PITCH] + bytes([root]) + header[_PITCH + 1 :])
            struct.pack_into("<H", generators, 4 * places[_SAMPLE] + 2, made[sample, root])
    return bytes(generators), b"".join([*headers, last])
