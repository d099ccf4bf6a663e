"""Kinds of files, told by their first bytes."""

from __future__ import annotations

from genai_demo.marks.pictures import PNG

PDF = "application/pdf"
_BEGINNINGS = (
    (0, PNG, "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (8, b"AIFF", "audio/aiff"),
    (8, b"AIFC", "audio/aiff"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypheix", "image/heic"),
    (4, b"ftypmif1", "image/heif"),
    (4, b"ftypavif", "image/avif"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftyp", "video/mp4"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"OggS", "audio/ogg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    (0, b"MThd", "audio/midi"),
    (0, b"%PDF-", PDF),
    (0, b"PK\3\4", "application/zip"),
)
_MP3_FRAME = (b"\xff\xfb", b"\xff\xfa", b"\xff\xf3", b"\xff\xf2", b"\xff\xe3", b"\xff\xe2")
_XML = (*("<?xml".encode(encoding) for encoding in ("utf-8", "utf-8-sig", "utf-16")), b"<svg", b"<score-")
_HEAD = 4096
"""bytes of an XML document within which its first element begins"""
SVG, XML, TEXT, DATA = "image/svg+xml", "application/xml", "text/plain", "application/octet-stream"
_WIDE = (b"\xff\xfe", b"\xfe\xff")
"""marks of text that has bytes of 0"""


def kind_of(content: bytes) -> str:
    """Return the MIME type of a file by its content; `TEXT` or `DATA` for what is of no kind that is known here."""
    for place, beginning, kind in _BEGINNINGS:
        if content.startswith(beginning, place):
            return kind
    if content.startswith(_MP3_FRAME):
        return "audio/mpeg"
    if content.lstrip().startswith(_XML):
        return SVG if b"<svg" in content[:_HEAD] else XML
    return DATA if b"\0" in content[:_HEAD] and not content.startswith(_WIDE) else TEXT
