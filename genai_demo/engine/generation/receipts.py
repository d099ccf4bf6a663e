"""The receipt every generation carries: with it, anybody can make the same thing again.

A receipt is a small JSON object. In a text file it is the last line, so that one file holds the text and how to make it
again; in other files it lies in the metadata, with the marks that say that a machine made it (`genai_demo.marks`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from genai_demo import __version__
from genai_demo.errors import UserError
from genai_demo.marks.origin import RECEIPT_KEY, Origin, entries
from genai_demo.marks.reading import Marks, read_marks
from genai_demo.marks.text import RECEIPT_MARK, front_matter, in_text

LARGEST_FILE = 40_000_000
"""bytes of a file that is opened for its marks: some minutes of uncompressed sound"""


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


def origin(
    note: str, receipt: Receipt | None, title: str = "", models: Sequence[tuple[str, str]] | None = None
) -> Origin:
    """Return where a result came from, as its file says it.

    Args:
        note: the sentence that says that a machine made it.
        receipt: None for what cannot be made again from a receipt alone.
        title: for players and viewers.
        models: name and id of each checkpoint that had a part in it; None takes the receipt's.
    """
    if receipt is None:
        return Origin(note, models=tuple(models or ()), title=title)
    # Programs keep ASCII where they lose other letters.
    line = json.dumps(asdict(receipt), sort_keys=True)
    named = ((receipt.model, receipt.checkpoint),) if models is None else tuple(models)
    return Origin(note, line, named, title)


def text_front(receipt: Receipt) -> str:
    """Return what stands before the text in a text file: the marks for programs."""
    return front_matter(entries(origin("", receipt), b""))


def text_with_receipt(text: str, note: str, receipt: Receipt) -> str:
    """Return the content of a text file: marks for programs, the text, a note on how it came about, and the receipt.

    Args:
        text: the result.
        note: one line, such as that a machine made it.
        receipt: its receipt.
    """
    return f"{text_front(receipt)}{text}\n\n{note}\n{RECEIPT_MARK}{receipt.to_json()}\n"


def parse_receipt(text: str) -> Receipt:
    """Read a receipt from JSON, or from a text with a receipt in its last lines.

    Raises:
        UserError: there is no receipt in it, or it lacks something.
    """
    try:
        fields = json.loads(dict(in_text(text)).get(RECEIPT_KEY, text))
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
    """Read the receipt of a `.json` file, or that in a result of any kind, told by its content.

    Raises:
        UserError: no such file, too large, or no receipt in it.
    """
    if not file.is_file():
        raise UserError("engine.no_file", file=file)
    if file.stat().st_size > LARGEST_FILE:
        raise UserError("engine.receipt_too_large", file=file.name, most=LARGEST_FILE // 10**6)
    return receipt_in(file.read_bytes(), file.name)


def receipt_in(content: bytes, name: str) -> Receipt:
    """Return the receipt in the content of a file, as `read_receipt`.

    Args:
        content: all of it.
        name: what an error calls the file.

    Raises:
        UserError: no receipt in it.
    """
    return receipt_among(read_marks(content), name)


def receipt_among(marks: Marks, name: str) -> Receipt:
    """Return the receipt among the marks of a file.

    Args:
        marks: of the file.
        name: what an error calls it.

    Raises:
        UserError: there is none, or it lacks something.
    """
    if not marks.receipt:
        raise UserError("engine.damaged_result" if marks.damaged else "engine.no_receipt", file=name)
    return parse_receipt(marks.receipt)
