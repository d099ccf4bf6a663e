"""Files between the page and its visitor: they travel inside the events, so that nothing is written on this machine."""

from __future__ import annotations

import base64
import binascii
import json

from genai_demo.engine.generation.receipts import LARGEST_FILE
from genai_demo.errors import UserError
from genai_demo.settings import settings

_BESIDE = 4000
"""bytes of a request besides the file in it"""


def download(name: str, kind: str, content: bytes) -> str:
    """Return a file as the page's script saves it.

    Args:
        name: proposed to the visitor.
        kind: its MIME type.
        content: the file.
    """
    return json.dumps({"name": name, "kind": kind, "content": base64.b64encode(content).decode("ascii")})


def fitting(most: int) -> int:
    """Return the bytes of the largest file that a page can be given, `most` or less: it has to fit into a request."""
    return min(most, settings().body_bytes * 3 // 4 - _BESIDE)


def opened_bytes() -> int:
    """Return the bytes of the largest file that the pages take which open one."""
    return fitting(LARGEST_FILE)


def too_large_to_open(language: str) -> str:
    """Return what is said of a larger one, with "{file}" for its name."""
    most = f"{opened_bytes() / 10**6:.1f}"
    return UserError("engine.receipt_too_large", file="{file}", most=most).in_language(language)


def received(content: object, most: int, too_large: str, unreadable: str) -> bytes:
    """Return the file that the page's script, or a program, sent in base64.

    Args:
        content: what was sent.
        most: largest file that is allowed, in bytes.
        too_large, unreadable: keys of the sentences that say so.

    Raises:
        UserError: it is too large, or no base64.
    """
    if not isinstance(content, str):
        raise UserError(unreadable)
    if len(content) > 4 * (most // 3 + 1):
        raise UserError(too_large, most=most // 2**20)
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise UserError(unreadable) from None
