"""The bytes of a MusicXML file as a tree of elements: nothing outside is read, and nothing grows without end.

`expat` comes with Python. `music21` and `partitura` read MusicXML too, but take 0.6 s and 2.3 s of a processor only to
be imported, and trust what they open.
"""

from __future__ import annotations

import contextlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from xml.etree import ElementTree as Xml
from xml.parsers import expat

from genai_demo.errors import UserError

MOST_BYTES = 8 * 2**20
"""of a score, packed or not"""
_MOST_ELEMENTS = 500_000
_DEEPEST = 64
"""elements within elements"""
_MOST_MEMBERS = 1000
"""files in a packed score"""
_MOST_LABEL = 2**16
"""bytes of the file that says which one is the score"""
_CONTAINER = "META-INF/container.xml"
_SUFFIXES = (".musicxml", ".xml")
_PACKED = b"PK\3\4"
_ROOTS = ("score-partwise", "score-timewise")
_DECLARATION = 200
"""bytes in which a file says what it is in"""
_STATED = re.compile(rb"encoding=[\"']([\w.-]{1,40})[\"']")
_MISSTATED = ("utf-8", "iso-8859-1")
"""encodings that a score may be in whatever it says of itself, as one that was saved anew by another program"""


def is_score(content: bytes) -> bool:
    """Return whether a file is one of XML, or a ZIP archive that may hold one."""
    start = content[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith((_PACKED, b"<", b"\xff\xfe<", b"\xfe\xff\0<"))


def parse_score(content: bytes) -> Xml.Element:
    """Return the root of a score, `score-partwise` or `score-timewise`.

    Args:
        content: of a .musicxml, .xml or .mxl file.

    Raises:
        UserError: it is too large, damaged, or no score.
    """
    if len(content) > MOST_BYTES:
        raise UserError("music.too_many_bytes", most=MOST_BYTES // 2**20)
    if content.startswith(_PACKED):
        content = _unpacked(content)
    root = _tree(content)
    if root.tag not in _ROOTS:
        raise UserError("music.no_score", root=root.tag[:40])
    return root


def _unpacked(content: bytes) -> bytes:
    """Return the score in a packed file, read no further than it may be long."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            if len(names) > _MOST_MEMBERS:
                raise UserError("music.nested_zip")
            name = _named(archive) if _CONTAINER in names else None
            if name not in names:
                # Archives state names in another way than the container does, those in other letters above all.
                name = next(
                    (name for name in names if name.lower().endswith(_SUFFIXES) and not name.startswith("META-INF/")),
                    None,
                )
            if name is None:
                raise UserError("music.nested_zip")
            score = _member(archive, name, MOST_BYTES)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError("music.broken_score", reason=error) from error
    return score


def _named(archive: zipfile.ZipFile) -> str | None:
    """Return which file of an archive its container calls the score."""
    for file in _tree(_member(archive, _CONTAINER, _MOST_LABEL)).iter():
        kind = file.get("media-type", "")
        if file.tag.rpartition("}")[2] == "rootfile" and ("musicxml" in kind or not kind):
            return file.get("full-path")
    return None


def _member(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    with archive.open(name) as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise UserError("music.too_many_bytes", most=MOST_BYTES // 2**20)
    return content


def _tree(content: bytes) -> Xml.Element:
    """Return the root element of XML; entities of its own, which may grow without end, are refused."""
    fault: Exception | None = None
    for form, encoding in _forms(content.lstrip()):
        try:
            return _parsed(form, encoding)
        except UserError:
            raise
        except (expat.ExpatError, LookupError, ValueError) as error:
            fault = fault or error
    raise UserError("music.broken_score", reason=fault) from fault


def _forms(content: bytes) -> Iterator[tuple[bytes, str | None]]:
    """Yield what a score may be, and its encoding, None where it says so itself: as stated first, then as meant."""
    yield content, None
    if stated := _STATED.search(content[:_DECLARATION]):
        # `expat` knows of no encoding of several bytes a letter but Unicode's.
        with contextlib.suppress(LookupError, UnicodeError):
            yield content.decode(stated[1].decode()).encode(), "utf-8"
    for encoding in _MISSTATED:
        yield content, encoding


def _parsed(content: bytes, encoding: str | None) -> Xml.Element:
    """Return the root element of XML.

    Args:
        content: all bytes.
        encoding: what it is in; None where it says so itself.

    Raises:
        UserError: too much of it, or entities of its own.
        expat.ExpatError, LookupError, ValueError: it is damaged, or in an encoding that `expat` has not.
    """
    builder = Xml.TreeBuilder()
    parser = expat.ParserCreate(encoding)
    depth = count = 0

    def begin(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth, count
        depth, count = depth + 1, count + 1
        if depth > _DEEPEST or count > _MOST_ELEMENTS:
            raise UserError("music.score_too_rich", most=_MOST_ELEMENTS)
        builder.start(tag, attributes)

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag)

    def entity(*_: object) -> None:
        raise UserError("music.broken_score", reason="entity")

    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = entity
    parser.Parse(content, True)
    return builder.close()
