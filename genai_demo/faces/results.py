"""What the face models give back, and the files it becomes; imports no torch."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from PIL import Image

from genai_demo.catalogue import message
from genai_demo.engine.generation.receipts import Receipt, origin
from genai_demo.faces.requests import FaceRequest
from genai_demo.marks.writing import marked


@dataclass(frozen=True)
class Film:
    """How far a morph has come; finished once it has its content."""

    done: int
    """pictures painted"""
    total: int
    content: bytes = b""
    """the file, without marks"""
    receipts: tuple[Receipt, ...] = ()
    """one, or none before the service has signed it"""
    count: ClassVar = 1

    @property
    def finished(self) -> bool:
        """Whether nothing more will come."""
        return bool(self.content)

    def marked(self) -> bytes:
        """Return the file; it says in its metadata that a machine made it, and how to make it again."""
        return marked(self.content, origin(message("faces.machine_made"), self.receipts[0]))


@dataclass(frozen=True)
class Face:
    """A painted face."""

    picture: np.ndarray
    """(S, S, 3) uint8"""
    request: FaceRequest
    """what made it, with the labels that were left open filled in"""
    receipts: tuple[Receipt, ...] = ()
    """one, or none before the service has signed it"""
    count: ClassVar = 1
    finished: ClassVar = True

    @property
    def receipt(self) -> Receipt:
        """How to make it again."""
        return self.receipts[0]


def enlarge(picture: np.ndarray, side: int) -> Image.Image:
    """Return a picture (S, S, 3) uint8 at `side` pixels, by Lanczos' filter."""
    image = Image.fromarray(picture)
    return image if image.width == side else image.resize((side, side), Image.Resampling.LANCZOS)


def png(picture: np.ndarray, receipt: Receipt | None, side: int) -> bytes:
    """Return a picture (S, S, 3) uint8 as a PNG file of `side` pixels; see `marked_png`."""
    return marked_png(enlarge(picture, side), receipt)


def marked_png(image: Image.Image, receipt: Receipt | None, models: Sequence[tuple[str, str]] | None = None) -> bytes:
    """Return a PNG file that says in its metadata that a machine made it, and how to make it again.

    Args:
        image: what to write.
        receipt: None for what cannot be made again from a receipt alone, such as an edited photo.
        models: see `origin`.
    """
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return marked(stream.getvalue(), origin(message("faces.machine_made"), receipt, models=models))
