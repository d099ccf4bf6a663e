"""Tiny pictures, drawn: files of every format, folders and archives of them."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter


def picture(seed: int = 0, size: tuple[int, int] = (64, 64)) -> Image.Image:
    """Return a smooth coloured picture that depends on `seed` alone."""
    cells = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return Image.fromarray(cells).resize(size, Image.Resampling.BICUBIC)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """Return the file that `image` becomes."""
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def png(width: int, height: int, rows: bytes = b"\0" * 1000, bits: int = 8) -> bytes:
    """Return a PNG file that says it is that large, with `bits` per colour, and holds no more than `rows`."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, bits, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def cartoon(size: int = 256) -> Image.Image:
    """Return a drawn face that a face detector takes for one, its eyes and mouth where an aligned picture has them."""
    scale = 4 * size / 64
    image = Image.new("RGB", (4 * size, 4 * size), (90, 95, 100))
    draw = ImageDraw.Draw(image)

    def oval(x: float, y: float, width: float, height: float, colour: tuple[int, int, int]) -> None:
        box = ((x - width / 2) * scale, (y - height / 2) * scale, (x + width / 2) * scale, (y + height / 2) * scale)
        draw.ellipse(box, colour)

    skin, shade, hair, lips = (225, 185, 160), (170, 125, 105), (60, 40, 30), (160, 80, 80)
    oval(32, 28, 54, 72, hair)
    oval(32, 32, 46, 62, skin)
    for x in (18.6, 43.6):
        oval(x, 19, 13, 8, shade)
        oval(x, 14.5, 12, 2.6, hair)
        oval(x, 19, 8.5, 4.5, (245, 245, 245))
        oval(x, 19, 4.5, 4.5, (50, 35, 30))
    oval(31.5, 33, 9, 5, shade)
    oval(31, 30, 5, 14, (240, 205, 180))
    oval(32, 44, 17, 5, lips)
    oval(32, 44, 13, 1.5, hair)
    return image.filter(ImageFilter.GaussianBlur(scale)).resize((size, size), Image.Resampling.LANCZOS)


HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAVZtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAACJpbG9j"
    "AAAAAERAAAEAAQAAAAABegABAAAAAAAAARoAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRtAAAAAAABAAAA1mlw"
    "cnAAAAC3aXBjbwAAAHhodmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQArQgEBA3AA"
    "AAMAkAAAAwAAAwAeoCiBBZbqSSmubgIaDAgAAAMAyAAAAwAIQGIAAQAHRAHBcrAiQAAAABNjb2xybmNseAABAA0ABoAAAAAUaXNwZQAAAAAA"
    "AABQAAAAQAAAABBwaXhpAAAAAAMICAgAAAAXaXBtYQAAAAAAAAABAAEEgQIDBAAAASJtZGF0AAABFigBrxOA5TmBQokzuFteYwKygkWHVA2h"
    "4tE1F5qeoEMsGqjFZVTwTJbbar5qkIKeXVoMzXTPwRgnS4ZvlLUu6dz7OsyfexMrJo/VXa3RzXJgH/3rbQrFORUN+SrLYsxkSVCL/ZSuza1b"
    "0J9KR4+T8Z8bKWhhL/nsUNhF9PawB+MFDK9OLxghLr32drH9kD9dYm26mJFrprvzzVK1GzGI2YT2TPCzoPR7lcTU+Q464lRnVap7hGfbqDi/"
    "+lAOE8KuUJBxhim2EgTLQ/dZQKX55QsIVX6MpskjCTWWHy038oC6Z1JhcsDDpX+FKax5pCEL7+pX0sUoQ1P7Vfn1blHs8h5blanJN1rCA9Ng"
    "6oL4Ah+DzCtz9UCA"
)
"""`picture(3, (80, 64))` as a HEIC file: nothing that is installed here can write one"""
