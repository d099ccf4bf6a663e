"""Entries in XML: properties of XMP, wherever it lies, and the miscellaneous fields of MusicXML."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from xml.parsers import expat
from xml.sax.saxutils import escape

from genai_demo.marks.origin import AIGC, RECEIPT_KEY, SOURCE

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_NAMESPACES = {
    AIGC: "http://www.tc260.org.cn/ns/AIGC/1.0/",
    SOURCE: "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    RECEIPT_KEY: "http://genai-demo.invalid/ns/1.0/",
}
_PREFIXES = {AIGC: "TC260", SOURCE: "Iptc4xmpExt", RECEIPT_KEY: "genai"}
_PROPERTIES = {AIGC: AIGC, SOURCE: SOURCE, RECEIPT_KEY: "Receipt"}
_NAMES = {f"{_NAMESPACES[key]} {name}": key for key, name in _PROPERTIES.items()}
_SVG = re.compile(rb"<svg\b[^>]*[^/]>")
_STREAM = re.compile(rb">>\s*stream\r?\n")
_METADATA = re.compile(rb"/Subtype\s*/XML\b")
_ABOUT = 1000
"""bytes of the dictionary before a stream of metadata"""
_MOST_STREAMS = 100_000
_LONGEST_PACKET = 2**22
"""bytes of packed metadata once unpacked"""
_PACKET = re.compile(rb"<rdf:RDF\b.*?</rdf:RDF>", re.DOTALL)


def xmp(entries: dict[str, str], title: str, note: str) -> bytes:
    """Return an XMP packet in UTF-8.

    Args:
        entries: see `origin.entries`.
        title, note: the title and the description of the Dublin Core; none if empty.

    Source: ISO 16684-1:2019.
    """
    core = "".join(
        f'<dc:{name}><rdf:Alt><rdf:li xml:lang="x-default">{escape(words)}</rdf:li></rdf:Alt></dc:{name}>'
        for name, words in (("title", title), ("description", note))
        if words
    )
    properties = "".join(
        f"<{_PREFIXES[key]}:{_PROPERTIES[key]}>{escape(value)}</{_PREFIXES[key]}:{_PROPERTIES[key]}>"
        for key, value in entries.items()
    )
    spaces = "".join(f' xmlns:{_PREFIXES[key]}="{_NAMESPACES[key]}"' for key in entries)
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        f'<rdf:RDF xmlns:rdf="{_RDF}"><rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"{spaces}>'
        f'{core}{properties}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    ).encode()


def in_packets(content: bytes) -> Iterator[tuple[str, str]]:
    """Yield the entries of all XMP packets that lie in a file as they are, whatever its kind; damaged ones have none.

    Source: ISO 16684-1:2019, 7.1: packets are made to be found by scanning.
    """
    for packet in _PACKET.finditer(content):
        with suppress(ValueError):
            yield from in_xml(packet[0])


def in_xml(content: bytes) -> Iterator[tuple[str, str]]:
    """Yield the entries of an XML document: XMP properties and miscellaneous fields.

    Nothing outside the document is read, and entities of its own, which may grow without end, are refused.

    Raises:
        ValueError: the document is damaged; what stood before the damage was yielded.
    """
    found: dict[str, list[str]] = {}
    inside: list[str] = []
    """entry that each open element belongs to, "" for none"""

    def begin(tag: str, attributes: dict[str, str]) -> None:
        for name, value in attributes.items():
            if name in _NAMES:
                found.setdefault(_NAMES[name], []).append(value)
        key = _NAMES.get(tag, "")
        if tag.rpartition(" ")[2] == "miscellaneous-field" and attributes.get("name") in _NAMESPACES:
            key = attributes["name"]
        if key and f"{_RDF} resource" in attributes:
            found.setdefault(key, []).append(attributes[f"{_RDF} resource"])
        inside.append(key or (inside[-1] if inside else ""))  # rdf:Alt and rdf:li may lie between

    def end(tag: str) -> None:
        inside.pop()

    def text(part: str) -> None:
        if inside and inside[-1]:
            found.setdefault(inside[-1], []).append(part)

    def entity(*_: object) -> None:
        raise ValueError("entity")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.CharacterDataHandler, parser.EntityDeclHandler = text, entity
    damage: Exception | None = None
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        damage = error
    yield from ((key, "".join(parts).strip()) for key, parts in found.items())
    if damage:
        raise ValueError(str(damage)) from damage


def in_pdf(content: bytes) -> Iterator[tuple[str, str]]:
    """Yield the entries of a PDF's metadata, packed or not, the last ones first: a PDF that is saved again grows.

    Source: ISO 32000-2:2020, 14.3.2.
    """
    for stream in reversed([*_STREAM.finditer(content)][-_MOST_STREAMS:]):
        about = content[max(content.rfind(b"obj", 0, stream.start()), stream.start() - _ABOUT) : stream.start()]
        if not _METADATA.search(about):
            continue
        packet = content[stream.end() : content.find(b"endstream", stream.end())]
        if b"FlateDecode" in about:
            with suppress(zlib.error):
                yield from in_packets(zlib.decompressobj().decompress(packet, _LONGEST_PACKET))
        else:
            yield from in_packets(packet)


def marked_svg(content: bytes, packet: bytes) -> bytes:
    """Return an SVG document with an XMP packet as its first metadata.

    Raises:
        ValueError: it has no svg element.
    """
    head = _SVG.search(content)
    if not head:
        raise ValueError("no svg element")
    # The processing instructions around a packet are for files that are no XML.
    inner = packet.partition(b"?>")[2].rpartition(b"<?")[0]
    return content[: head.end()] + b"<metadata>" + inner + b"</metadata>" + content[head.end() :]
