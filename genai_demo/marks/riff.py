"""Marks in WAV and WebP files, which are chunks of RIFF."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_XMP_FLAG = 0x04


def in_wav(content: bytes) -> Iterator[tuple[str, str]]:
    """Yield the comment of a WAV file, which stands in its list of information.

    Raises:
        ValueError: the file breaks off.
    """
    for name, start, end in _chunks(content, 12, len(content)):
        if name == b"LIST" and content[start : start + 4] == b"INFO":
            for entry, first, last in _chunks(content, start + 4, end):
                if entry == b"ICMT":
                    yield "comment", content[first:last].rstrip(b"\0").decode("utf-8", errors="replace")


def _chunks(content: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, start and end of the body of each chunk."""
    while at + 8 <= end:
        name, size = struct.unpack_from("<4sI", content, at)
        if at + 8 + size > end:
            raise ValueError("cut off")
        yield name, at + 8, at + 8 + size
        at += 8 + size + size % 2


def marked_wav(content: bytes, packet: bytes) -> bytes:
    """Return a WAV file with an XMP packet as its last chunk.

    Source: ISO 16684-3 (XMP part 3), 1.2.5.
    """
    return _with(content, b"_PMX", packet)


def marked_webp(content: bytes, packet: bytes) -> bytes:
    """Return a WebP file in the extended format with an XMP packet as its last chunk.

    Raises:
        ValueError: it is in the simple format.

    Source: RFC 9649, 2.7.
    """
    if content[12:16] != b"VP8X":
        raise ValueError("no extended header")
    flagged = content[:20] + bytes([content[20] | _XMP_FLAG]) + content[21:]
    return _with(flagged, b"XMP ", packet)


def _with(content: bytes, name: bytes, body: bytes) -> bytes:
    whole = content + bytes(len(content) % 2) + name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)
    return whole[:4] + struct.pack("<I", len(whole) - 8) + whole[8:]
