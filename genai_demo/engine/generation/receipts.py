"""The receipt every generation carries: with it, anybody can make the same thing again.

A receipt is a small JSON object. Beside a picture, a score or a sound it lies in the metadata; in a text file it
is the last line, after `RECEIPT_MARK`, so that one file holds the text and how to make it again.
"""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from genai_demo import __version__
from genai_demo.errors import UserError

RECEIPT_MARK = "Receipt: "
RECEIPT_KEY = "genai-demo-receipt"
"""name of the field of a MusicXML file that holds the receipt"""
PNG_KEY = RECEIPT_KEY
"""name of the PNG text chunk that holds the receipt"""
MIDI_KEY = RECEIPT_KEY
"""first word of the MIDI text event that holds the receipt"""
_PNG = b"\x89PNG\r\n\x1a\n"
_XML = tuple("<?xml".encode(encoding) for encoding in ("utf-8", "utf-8-sig", "utf-16"))
_MIDI = b"MThd"
LARGEST_FILE = 4_000_000


@dataclass(frozen=True)
class Receipt:
    """All that a result depends on."""

    modality: str
    """"text", "faces" or "music\""""
    action: str
    """what was asked for, such as "generate", "fill", "rewrite\""""
    model: str
    """name of the checkpoint's folder"""
    checkpoint: str
    """id of the checkpoint: a hash of its weights and configuration"""
    settings: dict[str, Any]
    """the request, field by field, the seed among them"""
    index: int = 0
    """which of the variants this is, from 0"""
    code: str = __version__
    """version of this program"""

    def to_json(self) -> str:
        """Return the receipt as one line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)


def text_with_receipt(text: str, note: str, receipt: Receipt) -> str:
    """Return the content of a text file: the text, a note on how it came about, and the receipt.

    Args:
        text: the result.
        note: one line, such as that a machine made it.
        receipt: its receipt.
    """
    return f"{text}\n\n{note}\n{RECEIPT_MARK}{receipt.to_json()}\n"


def parse_receipt(text: str) -> Receipt:
    """Read a receipt from JSON, or from a text with a receipt in its last lines.

    Raises:
        UserError: there is no receipt in it, or it lacks something.
    """
    for line in reversed(text.split("\n")):  # JSON may hold other line separators unescaped
        if line.startswith(RECEIPT_MARK):
            text = line.removeprefix(RECEIPT_MARK)
            break
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        raise UserError("engine.no_receipt") from None
    expected = {
        "modality": str,
        "action": str,
        "model": str,
        "checkpoint": str,
        "settings": dict,
        "index": int,
        "code": str,
    }
    if not isinstance(fields, dict):
        raise UserError("engine.no_receipt")
    for name, kind in expected.items():
        if not isinstance(fields.get(name), kind) or isinstance(fields[name], bool):
            raise UserError("engine.receipt_lacks", field=name)
    return Receipt(**{name: fields[name] for name in expected})


def read_receipt(file: Path) -> Receipt:
    """Read the receipt of a `.json` or `.txt` file, or that in a `.png`, `.mid` or `.musicxml`, told apart by content.

    Raises:
        UserError: no such file, too large, damaged, not UTF-8 text, or no receipt in it.
    """
    if not file.is_file():
        raise UserError("engine.no_file", file=file)
    if file.stat().st_size > LARGEST_FILE:
        raise UserError("engine.receipt_too_large", file=file.name)
    return receipt_in(file.read_bytes(), file.name)


def receipt_in(content: bytes, name: str) -> Receipt:
    """Return the receipt in the content of a file, as `read_receipt`.

    Args:
        content: all of it.
        name: what an error calls the file.

    Raises:
        UserError: too large, damaged, not UTF-8 text, or no receipt in it.
    """
    if len(content) > LARGEST_FILE:
        raise UserError("engine.receipt_too_large", file=name)
    if content.startswith(_PNG):
        return parse_receipt(_text_of_png(content, name))
    if content.startswith(_XML):
        return parse_receipt(_text_of_score(content, name))
    if content.startswith(_MIDI):
        return parse_receipt(_text_of_midi(content))
    try:
        return parse_receipt(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UserError("engine.not_utf8", file=name) from None


def _text_of_png(content: bytes, name: str) -> str:
    """Return what a PNG file's receipt chunk holds; an empty text if it has none."""
    from PIL import Image

    try:
        # Other programs move text behind the pixels when they save a file: all chunks have to be read.
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            image.load()
            return str(getattr(image, "text", {}).get(PNG_KEY, ""))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UserError("engine.damaged_picture", file=name, reason=error) from error


def _text_of_score(content: bytes, name: str) -> str:
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
        raise UserError("engine.damaged_score", file=name, reason="entity")

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
        raise UserError("engine.damaged_score", file=name, reason=error) from error
    return "".join(fields)


def _text_of_midi(content: bytes) -> str:
    """Return what a MIDI file's receipt event holds; an empty text if it has none."""
    _, _, behind = content.partition(MIDI_KEY.encode())
    text = behind.decode("utf-8", errors="replace").lstrip()
    try:
        # The event says how long it is, but so does JSON, which ends with its last brace.
        _, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return ""
    return text[:end]
