"""Marks in WAV and WebP files, which are chunks of RIFF."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_XMP_FLAG = 0x04


def chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and body of each chunk of a RIFF file.

    Raises:
        ValueError: the file breaks off.
    """
    at = 12
    while at + 8 <= len(content):
        name, size = content[at : at + 4], struct.unpack_from("<I", content, at + 4)[0]
        if at + 8 + size > len(content):
            raise ValueError("cut off")
        yield name, content[at + 8 : at + 8 + size]
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
