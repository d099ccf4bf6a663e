"""Marks in MP4 files: metadata keys of the film, and XMP behind it."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_XMP = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
"""identifier of the box that holds XMP"""
_INSIDE = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
"""boxes on the way to the places of the pictures"""
_TEXT = 1
"""type of a value in UTF-8"""


def marked_mp4(content: bytes, texts: dict[str, str], packet: bytes) -> bytes:
    """Return an MP4 file with metadata keys and an XMP packet; its pictures stay as they are.

    Args:
        content: an MP4 file without metadata keys.
        texts: by key.
        packet: XMP.

    Raises:
        ValueError: it is damaged.

    Source: ISO/IEC 14496-12, 8; QuickTime File Format, "Metadata"; ISO 16684-3 (XMP part 3), 1.2.6.
    """
    keys = b"".join(_box(b"mdta", key.encode()) for key in texts)
    values = b"".join(
        _box(struct.pack(">I", number), _box(b"data", struct.pack(">II", _TEXT, 0) + value.encode()))
        for number, value in enumerate(texts.values(), 1)
    )
    handler = _box(b"hdlr", bytes(8) + b"mdta" + bytes(13))
    meta = _box(b"meta", handler + _box(b"keys", struct.pack(">II", 0, len(texts)) + keys) + _box(b"ilst", values))
    parts = []
    for kind, start, body, end in _boxes(content, 0, len(content)):
        if kind == b"moov":
            film = _moved(content[body:end], end, len(meta))
            parts.append(_box(b"moov", film + meta))
        else:
            parts.append(content[start:end])
    return b"".join(parts) + _box(b"uuid", _XMP + packet)


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + kind + body


def _boxes(content: bytes, at: int, end: int) -> Iterator[tuple[bytes, int, int, int]]:
    """Yield kind, start, start of the body and end of each box."""
    while at + 8 <= end:
        size, kind = struct.unpack_from(">I4s", content, at)
        body = at + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", content, body)
            body += 8
        size = size or end - at
        if at + size > end or at + size < body:
            raise ValueError("cut off")
        yield kind, at, body, at + size
        at += size


def _moved(film: bytes, behind: int, by: int) -> bytes:
    """Return the body of a box in which places of the file that lie at `behind` or later are `by` bytes further on."""
    parts = []
    for kind, start, body, end in _boxes(film, 0, len(film)):
        inner = film[body:end]
        if kind in _INSIDE:
            parts.append(_box(kind, _moved(inner, behind, by)))
        elif kind in (b"stco", b"co64"):
            (count,) = struct.unpack_from(">I", inner, 4)
            form = f">{count}{'I' if kind == b'stco' else 'Q'}"
            places = (place + by * (place >= behind) for place in struct.unpack_from(form, inner, 8))
            parts.append(_box(kind, inner[:8] + struct.pack(form, *places)))
        else:
            parts.append(film[start:end])
    return b"".join(parts)
