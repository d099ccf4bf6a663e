"""Marks are read back from files of any kind, ours and those that were made elsewhere."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from genai_demo.marks.credentials import Credentials, read
from genai_demo.marks.kinds import PDF, SVG, TEXT, XML, kind_of
from genai_demo.marks.origin import AIGC, RECEIPT_KEY, SOURCE
from genai_demo.marks.pictures import in_png
from genai_demo.marks.riff import in_wav
from genai_demo.marks.text import in_text
from genai_demo.marks.xml import in_packets, in_pdf, in_xml

_COMMENT = "comment"
"""held the receipt of a sound file before there were other marks"""
_DEMUXERS = {
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg",
    "audio/flac": "flac",
    "audio/mp4": "mov",
    "video/mp4": "mov",
    "video/quicktime": "mov",
}
"""what FFmpeg calls them: told to it, so that no file makes it open another one"""
_LOCKED = re.compile(rb"/Encrypt\s*(?:\d+\s+\d+\s+R|<<)")
_MOST_FIELDS, _LONGEST = 20, 200
"""entries of an AIGC field, and characters of each, that are repeated"""


@dataclass(frozen=True)
class Marks:
    """What a file says of where it came from."""

    kind: str
    """MIME type, told by the content"""
    receipt: str = ""
    """as JSON; "" if there is none"""
    iptc: str = ""
    """the IPTC's term for how it was made, as its address"""
    aigc: dict[str, str] | None = None
    """field of GB 45438-2025, entry by entry"""
    c2pa: Credentials | None = None
    damaged: bool = False
    """whether the file breaks off, or what holds its marks cannot be read to the end"""
    locked: bool = False
    """whether it is a PDF whose metadata are encrypted"""

    def plain(self) -> dict[str, Any]:
        """Return the marks as plain data; None stands for those that are not there."""
        try:
            receipt = json.loads(self.receipt) if self.receipt else None
        except (ValueError, RecursionError):
            receipt = None
        c2pa = asdict(self.c2pa) if self.c2pa else None
        return {"receipt": receipt, "iptc": self.iptc or None, "aigc": self.aigc, "c2pa": c2pa}


def read_marks(content: bytes) -> Marks:
    """Return the marks in the content of a file, whatever it is; nothing but the content is opened.

    Where an entry stands in several places of the file, the first one counts in the order: places of its own kind,
    XMP packets.
    """
    kind = kind_of(content)
    found: dict[str, str] = {}
    damaged = False
    try:
        for key, value in _native(content, kind):
            found.setdefault(key, value)
    except (ValueError, OSError):
        damaged = True
    for key, value in in_packets(content):
        found.setdefault(key, value)
    comment = found.get(_COMMENT, "")
    receipt = found.get(RECEIPT_KEY) or (comment if comment.startswith("{") else "")
    source, field = found.get(SOURCE, "")[:_LONGEST], _field(found)
    locked = kind == PDF and not found and _LOCKED.search(content) is not None
    return Marks(kind, receipt, source, field, read(content, kind), damaged, locked)


def _native(content: bytes, kind: str) -> Iterator[tuple[str, str]]:
    """Yield the entries of a file where its kind has places of its own for them."""
    readers: dict[str, Callable[[bytes], Iterator[tuple[str, str]]]] = {
        "image/png": in_png,
        "audio/wav": in_wav,
        "audio/midi": _in_midi,
        SVG: in_xml,
        XML: in_xml,
        PDF: in_pdf,
        TEXT: lambda content: in_text(_decoded(content)),
        **{known: lambda content: _in_tags(content, _DEMUXERS[kind]) for known in _DEMUXERS},
    }
    if kind in readers:
        yield from readers[kind](content)


def _decoded(content: bytes) -> str:
    """Return a text file as text; a receipt is ASCII mostly, so that other letters may be lost."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    return content.decode("utf-8-sig", errors="replace")


def _in_midi(content: bytes) -> Iterator[tuple[str, str]]:
    """Yield the entries of a MIDI file, of whatever event they are: names, each followed by its value."""
    for key in (RECEIPT_KEY, AIGC, SOURCE):
        _, _, behind = content.partition(f"{key} ".encode())
        text = behind.decode("utf-8", errors="replace")
        if key == SOURCE:
            yield key, text[: next((at for at, letter in enumerate(text) if not "!" <= letter <= "~"), len(text))]
            continue
        try:
            # The event says how long it is, but so does JSON, which ends with its last brace.
            _, end = json.JSONDecoder().raw_decode(text)
        except (ValueError, RecursionError):
            continue
        yield key, text[:end]


def _in_tags(content: bytes, demuxer: str) -> Iterator[tuple[str, str]]:
    """Yield the tags of a sound or film file: ID3, Vorbis comments or metadata keys."""
    import av

    try:
        with av.open(io.BytesIO(content), format=demuxer, metadata_errors="replace") as opened:
            tags = [opened.metadata, *(stream.metadata for stream in opened.streams)]
    except av.FFmpegError as error:
        raise ValueError(str(error)) from error
    names = {name.lower(): name for name in (RECEIPT_KEY, SOURCE, AIGC, _COMMENT)}
    for held in tags:
        yield from ((names[key.lower()], value) for key, value in held.items() if key.lower() in names)


def _field(found: dict[str, str]) -> dict[str, str] | None:
    """Return the AIGC field, entry by entry; None if there is none."""
    if AIGC not in found:
        return None
    try:
        field = json.loads(found[AIGC])
    except (ValueError, RecursionError):
        field = None
    if not isinstance(field, dict):
        return {"Label": found[AIGC][:_LONGEST]}
    return {str(key)[:_LONGEST]: str(value)[:_LONGEST] for key, value in list(field.items())[:_MOST_FIELDS]}
