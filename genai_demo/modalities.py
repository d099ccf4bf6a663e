"""The list of the modalities, in the order of the page's tabs: a further one is a package, and a line here."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from genai_demo.engine.generation import receipts
from genai_demo.engine.generation.receipts import Receipt
from genai_demo.engine.modality import Modality

PACKAGES = [
    "genai_demo.text",
    "genai_demo.faces",
    "genai_demo.music",
]
"""each has a module `modality`, which holds its `MODALITY`"""


def modalities() -> dict[str, Modality]:
    """Return all modalities by name."""
    found = [import_module(f"{package}.modality").MODALITY for package in PACKAGES]
    return {modality.name: modality for modality in found}


def read_receipt(file: Path) -> Receipt:
    """Read the receipt of a JSON or text file, or of a file as any modality writes it; see `receipts.read_receipt`."""
    return receipts.read_receipt(file, _formats())


def receipt_in(content: bytes, name: str) -> Receipt:
    """Return the receipt in the content of a file as any modality writes it; see `receipts.receipt_in`."""
    return receipts.receipt_in(content, name, _formats())


def _formats() -> list[receipts.ReceiptFormat]:
    return [form for modality in modalities().values() for form in modality.receipt_formats]
