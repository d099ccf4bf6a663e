"""How the receipt in a picture is found; imports no Pillow until there is one."""

from __future__ import annotations

import io

from genai_demo.engine.generation.receipts import RECEIPT_KEY, ReceiptFormat
from genai_demo.errors import UserError


def _in_png(content: bytes, name: str) -> str:
    """Return what a PNG file's receipt chunk holds; an empty text if it has none."""
    from PIL import Image

    try:
        # Other programs move text behind the pixels when they save a file: all chunks have to be read.
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            image.load()
            return str(getattr(image, "text", {}).get(RECEIPT_KEY, ""))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UserError("faces.damaged_png", file=name, reason=error) from error


FORMATS = (ReceiptFormat((b"\x89PNG\r\n\x1a\n",), _in_png),)
