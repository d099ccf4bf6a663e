"""Marks in MP3 files: frames of an ID3 tag before the sound."""

from __future__ import annotations

_HEADER = 10


def marked_mp3(content: bytes, texts: dict[str, str], title: str, packet: bytes) -> bytes:
    """Return an MP3 file with an ID3v2.4 tag in the place of the one that it has; its sound stays as it is.

    Args:
        content: an MP3 file.
        texts: by description.
        title: none if empty.
        packet: XMP.

    Source: ID3 tag version 2.4.0, structure and native frames; ISO 16684-3 (XMP part 3), 1.2.2 for XMP.
    """
    frames = _frame(b"TIT2", b"\3" + title.encode()) if title else b""
    frames += b"".join(_frame(b"TXXX", b"\3" + key.encode() + b"\0" + value.encode()) for key, value in texts.items())
    frames += _frame(b"PRIV", b"XMP\0" + packet)
    return b"ID3\4\0\0" + _size(len(frames)) + frames + content[_end(content) :]


def _frame(name: bytes, body: bytes) -> bytes:
    return name + _size(len(body)) + b"\0\0" + body


def _size(size: int) -> bytes:
    """Return a number in four bytes of seven bits."""
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


def _end(content: bytes) -> int:
    """Return where the tag at the beginning of a file ends."""
    if not content.startswith(b"ID3") or len(content) < _HEADER:
        return 0
    high, middle, low, last = content[6:_HEADER]
    return _HEADER + (high << 21 | middle << 14 | low << 7 | last)
