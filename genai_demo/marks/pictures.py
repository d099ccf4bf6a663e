"""Marks in PNG and GIF files, as chunks and blocks; the pixels stay as they are."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

PNG = b"\x89PNG\r\n\x1a\n"
_XMP_KEYWORD = b"XML:com.adobe.xmp"
_LONGEST_TEXT = 2**22
"""bytes of a compressed text once unpacked"""
_SUBBLOCK = 255


def marked_png(content: bytes, texts: dict[str, str], packet: bytes) -> bytes:
    """Return a PNG file with text chunks and an XMP packet behind its header.

    ASCII becomes tEXt, which survives more programs than iTXt does.

    Args:
        content: a PNG file.
        texts: by keyword.
        packet: XMP.

    Source: W3C PNG (third edition), 11.3.3.
    """
    chunks = b"".join(
        _chunk(b"tEXt", key.encode("latin-1") + b"\0" + value.encode("ascii"))
        if value.isascii()
        else _chunk(b"iTXt", key.encode("latin-1") + bytes(5) + value.encode())
        for key, value in texts.items()
    )
    chunks += _chunk(b"iTXt", _XMP_KEYWORD + bytes(5) + packet)
    header = len(PNG) + 25
    return content[:header] + chunks + content[header:]


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def in_png(content: bytes) -> Iterator[tuple[str, str]]:
    """Yield keyword and text of all text chunks of a PNG file, wherever other programs moved them.

    Raises:
        ValueError: the file breaks off, or a chunk is damaged.
    """
    at = len(PNG)
    while at < len(content):
        if at + 12 > len(content):
            raise ValueError("cut off")
        (size,) = struct.unpack_from(">I", content, at)
        kind, body = content[at + 4 : at + 8], content[at + 8 : at + 8 + size]
        at += 12 + size
        if at > len(content):
            raise ValueError("cut off")
        if kind == b"IEND":
            return
        if kind in (b"tEXt", b"zTXt", b"iTXt"):
            keyword, _, value = body.partition(b"\0")
            yield keyword.decode("latin-1"), _text(kind, value)
    raise ValueError("cut off")


def _text(kind: bytes, value: bytes) -> str:
    if kind == b"tEXt":
        return value.decode("latin-1")
    if kind == b"zTXt":
        return _unpacked(value[1:]).decode("latin-1")
    *_, text = value[2:].split(b"\0", 2)  # behind the language and the translated keyword
    return (_unpacked(text) if value[:1] == b"\1" else text).decode("utf-8")


def _unpacked(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(packed, _LONGEST_TEXT)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if unpacker.unconsumed_tail:
        raise ValueError("too long")
    return text


def marked_gif(content: bytes, packet: bytes) -> bytes:
    """Return a GIF file with an XMP packet behind its header.

    Source: ISO 16684-3 (XMP part 3), 1.1.2: the packet lies outside the sub-blocks, and a "magic trailer" leads readers
    that know sub-blocks only out of it, from whichever byte they land on.
    """
    table = 3 * 2 ** ((content[10] & 7) + 1) if content[10] & 0x80 else 0
    header = 13 + table
    trailer = b"\1" + bytes(range(255, -1, -1)) + b"\0"
    return content[:header] + b"\x21\xff\x0bXMP DataXMP" + packet + trailer + content[header:]
