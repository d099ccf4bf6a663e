"""The receipt every generation carries: with it, anybody can make the same thing again.

A receipt is a small JSON object. In a text file it is the last line, after `RECEIPT_MARK`, so that one file holds the
text and how to make it again; in other files it lies in the metadata, where the modality that writes them finds it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from genai_demo import __version__
from genai_demo.errors import UserError

RECEIPT_MARK = "Receipt: "
RECEIPT_KEY = "genai-demo-receipt"
"""name of the receipt among the metadata of a file"""
LARGEST_FILE = 4_000_000


@dataclass(frozen=True)
class Receipt:
    """All that a result depends on."""

    modality: str
    """name of the modality"""
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


@dataclass(frozen=True)
class ReceiptFormat:
    """A kind of file, other than text, that can hold a receipt."""

    beginnings: tuple[bytes, ...]
    """such a file begins with one of these"""
    find: Callable[[bytes, str], str]
    """returns the receipt in the content of a file, "" if there is none, given what an error calls the file"""


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


def read_receipt(file: Path, formats: Iterable[ReceiptFormat] = ()) -> Receipt:
    """Read the receipt of a `.json` or `.txt` file, or that in a file of one of `formats`, told apart by content.

    Raises:
        UserError: no such file, too large, damaged, not UTF-8 text, or no receipt in it.
    """
    if not file.is_file():
        raise UserError("engine.no_file", file=file)
    if file.stat().st_size > LARGEST_FILE:
        raise UserError("engine.receipt_too_large", file=file.name)
    return receipt_in(file.read_bytes(), file.name, formats)


def receipt_in(content: bytes, name: str, formats: Iterable[ReceiptFormat] = ()) -> Receipt:
    """Return the receipt in the content of a file, as `read_receipt`.

    Args:
        content: all of it.
        name: what an error calls the file.
        formats: what it may be besides text.

    Raises:
        UserError: too large, damaged, not UTF-8 text, or no receipt in it.
    """
    if len(content) > LARGEST_FILE:
        raise UserError("engine.receipt_too_large", file=name)
    for form in formats:
        if content.startswith(form.beginnings):
            return parse_receipt(form.find(content, name))
    try:
        return parse_receipt(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UserError("engine.not_utf8", file=name) from None
