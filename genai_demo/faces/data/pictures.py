"""Opening pictures that may come from anywhere: checked by their content, in memory only."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from genai_demo.errors import UserError

MOST_BYTES = 20 * 2**20
MOST_PIXELS = 40_000_000
LEAST_SIDE = 32
"""smallest width and height, in pixels"""

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
_HEIF = "HEIF"
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1")
# What Pillow raises where a file breaks off or says something impossible.
_OPENING_ERRORS = (OSError, SyntaxError, RuntimeError, ValueError, EOFError, OverflowError, struct.error, zlib.error)
_DECODING_ERRORS = (*_OPENING_ERRORS, LookupError, TypeError, AttributeError, MemoryError)


def open_picture(data: bytes | Path, enough: int | None = None) -> Image.Image:
    """Return a picture as RGB, upright, its first frame if it moves, on white where it is transparent.

    Nothing of the file but its pixels is kept.

    Args:
        data: the content of a picture file, or its path. What it is called does not matter.
        enough: side in pixels, no less than which both sides keep where a JPEG can be decoded faster at a fraction of
            its size; None always decodes all of it.

    Raises:
        UserError: no picture, a damaged one, or one that is too small or too large; the sizes are checked before
            anything is decoded.
    """
    content = _content(data)
    formats: tuple[str, ...] = _FORMATS
    if content[4:8] == b"ftyp" and content[8:12] in _HEIF_BRANDS:
        from pi_heif import register_heif_opener

        register_heif_opener()
        formats = (_HEIF,)
    try:
        picture = Image.open(io.BytesIO(content), formats=formats)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UserError("faces.too_many_pixels", most=MOST_PIXELS // 10**6) from error
    except UnidentifiedImageError as error:
        raise UserError(_what_else(content)) from error
    except _OPENING_ERRORS as error:
        raise UserError("faces.damaged_file") from error
    with picture:
        if min(picture.size) < LEAST_SIDE:
            raise UserError("faces.too_few_pixels", width=picture.width, height=picture.height, least=LEAST_SIDE)
        if picture.width * picture.height > MOST_PIXELS:
            raise UserError("faces.too_many_pixels", most=MOST_PIXELS // 10**6)
        try:
            if enough:
                picture.draft(None, (enough, enough))
            picture.load()
            upright = ImageOps.exif_transpose(picture)
            colour = _rgb(upright)
        except _DECODING_ERRORS as error:
            raise UserError("faces.damaged_file") from error
    colour.info = {}
    return colour


def _content(data: bytes | Path) -> bytes:
    """Return what is to be decoded, read no further than a picture may be long."""
    if isinstance(data, Path):
        if not data.is_file():
            raise UserError("engine.no_file", file=data)
        with data.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise UserError("faces.too_many_bytes", most=MOST_BYTES // 2**20)
    if not data:
        raise UserError("faces.empty_picture")
    return data


def _what_else(content: bytes) -> str:
    """Return the key of the sentence about something that is not one of `_FORMATS`."""
    if content[4:8] == b"ftyp" and content[8:12] in _HEIF_BRANDS:
        return "faces.heic"
    if content[:4] == b"PK\3\4":
        return "faces.nested_zip"
    return "faces.not_a_picture"


def _rgb(picture: Image.Image) -> Image.Image:
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(white, layer).convert("RGB")
    if picture.mode.startswith("I"):
        # 16 bits a pixel; those of mode I lie in 32. Pillow would cut off what is above 255.
        shades = np.asarray(picture).clip(0, 65535) // 257
        picture = Image.fromarray(shades.astype(np.uint8))
    elif picture.mode == "F":
        values = np.nan_to_num(np.asarray(picture), posinf=0, neginf=0)
        low, high = float(values.min()), float(values.max())
        # No range is agreed on for floating point: the darkest becomes black, the brightest white.
        scale = 255 / (high - low) if high > low else 0.0
        picture = Image.fromarray(((values - low) * scale).astype(np.uint8))
    return picture.convert("RGB")


def square_picture(picture: Image.Image, size: int) -> Image.Image:
    """Return the square in the middle of an RGB picture, scaled to `size` pixels by a Lanczos filter.

    torchvision's `center_crop` and `resize` know whole pixels only and no reducing first: 12 million pixels take them
    0.19 s instead of 0.02 s.
    """
    side = min(picture.size)
    left, top = (picture.width - side) / 2, (picture.height - side) / 2
    if picture.size == (size, size):
        return picture
    box = (left, top, left + side, top + side)
    return picture.resize((size, size), Image.Resampling.LANCZOS, box, reducing_gap=3.0)
