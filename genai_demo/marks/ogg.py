"""Marks in OGG files: comments in the header of the Vorbis stream."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

_COMMENTS = b"\x03vorbis"
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_MOST = 255
"""segments of a page, each of at most as many bytes"""


def marked_ogg(content: bytes, texts: dict[str, str]) -> bytes:
    """Return an OGG file with further comments; its sound stays as it is.

    Args:
        content: an OGG file of one Vorbis stream.
        texts: by name.

    Raises:
        ValueError: it is none, or damaged.

    Source: RFC 3533, 6, and Vorbis I specification, 5.
    """
    pages = list(_pages(content))
    packets: list[bytes] = [b""]
    used = 1  # the first page holds the identification only
    while len(packets) < 3:  # comments and setup end with their page
        if used == len(pages):
            raise ValueError("no header")
        header, body = pages[used]
        for length in header[27:]:
            packets[-1] += body[:length]
            body = body[length:]
            if length < _MOST:
                packets.append(b"")
        used += 1
    comments, setup, *_ = packets
    if not comments.startswith(_COMMENTS):
        raise ValueError("no comments")
    first = pages[0][0]
    serial = first[14:18]
    fresh = list(_paged([_with(comments, texts), setup], serial))
    rest = pages[used:]
    shifted = [(_renumbered(header, number), body) for number, (header, body) in enumerate(rest, 1 + len(fresh))]
    return b"".join(_checked(header + body) for header, body in [pages[0], *fresh, *shifted])


def _pages(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield header and body of each page."""
    at = 0
    while at < len(content):
        if content[at : at + 4] != b"OggS" or at + 27 > len(content):
            raise ValueError("no page")
        start = at + 27 + content[at + 26]
        end = start + sum(content[at + 27 : start])
        yield content[at:start], content[start:end]
        at = end


def _with(comments: bytes, texts: dict[str, str]) -> bytes:
    """Return the packet of comments with further ones."""
    vendor = 7 + 4 + struct.unpack_from("<I", comments, 7)[0]
    (count,) = struct.unpack_from("<I", comments, vendor)
    more = [f"{key}={value}".encode() for key, value in texts.items()]
    kept = comments[vendor + 4 : -1]  # the last byte only frames the packet
    return b"".join(
        [comments[:vendor], struct.pack("<I", count + len(more)), kept]
        + [struct.pack("<I", len(one)) + one for one in more]
        + [b"\1"]
    )


def _paged(packets: list[bytes], serial: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield pages of header packets, numbered from 1."""
    segments = [packet[start : start + _MOST] for packet in packets for start in range(0, len(packet) + 1, _MOST)]
    for number, start in enumerate(range(0, len(segments), _MOST), 1):
        chosen = segments[start : start + _MOST]
        continued = start > 0 and len(segments[start - 1]) == _MOST
        ends = any(len(segment) < _MOST for segment in chosen)
        granule = bytes(8) if ends else b"\xff" * 8
        header = b"OggS\0" + bytes([continued]) + granule + serial + struct.pack("<II", number, 0)
        yield header + bytes([len(chosen), *map(len, chosen)]), b"".join(chosen)


def _renumbered(header: bytes, number: int) -> bytes:
    return header[:18] + struct.pack("<I", number) + header[22:]


def _checked(page: bytes) -> bytes:
    """Return a page with its checksum, which is that of zlib with the bits of every byte the other way round."""
    blank = page[:22] + bytes(4) + page[26:]
    mirrored = zlib.crc32(blank.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    checksum = int(f"{mirrored:032b}"[::-1], 2)
    return page[:22] + struct.pack("<I", checksum) + page[26:]
