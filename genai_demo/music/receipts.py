"""How the receipts in MIDI files and sheet music are found."""

from __future__ import annotations

import json

from genai_demo.engine.generation.receipts import RECEIPT_KEY, ReceiptFormat
from genai_demo.errors import UserError


def _in_midi(content: bytes, name: str) -> str:
    """Return what a MIDI file's receipt event holds; an empty text if it has none."""
    _, _, behind = content.partition(RECEIPT_KEY.encode())
    text = behind.decode("utf-8", errors="replace").lstrip()
    try:
        # The event says how long it is, but so does JSON, which ends with its last brace.
        _, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return ""
    return text[:end]


def _in_musicxml(content: bytes, name: str) -> str:
    """Return what a MusicXML file's receipt field holds; an empty text if it has none.

    Nothing outside the file is read, and entities of its own, which may grow without end, are refused.
    """
    from xml.parsers import expat

    fields: list[str] = []
    inside = False

    def begin(tag: str, attributes: dict[str, str]) -> None:
        nonlocal inside
        inside = tag == "miscellaneous-field" and attributes.get("name") == RECEIPT_KEY

    def end(tag: str) -> None:
        nonlocal inside
        inside = False

    def text(part: str) -> None:
        if inside:
            fields.append(part)

    def entity(*_: object) -> None:
        raise UserError("music.damaged_score", file=name, reason="entity")

    parser = expat.ParserCreate()
    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.EntityDeclHandler = entity
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError("music.damaged_score", file=name, reason=error) from error
    return "".join(fields)


FORMATS = (
    ReceiptFormat((b"MThd",), _in_midi),
    ReceiptFormat(tuple("<?xml".encode(encoding) for encoding in ("utf-8", "utf-8-sig", "utf-16")), _in_musicxml),
)
