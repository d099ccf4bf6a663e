"""What the face models give back, and the files it becomes; imports no torch."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from PIL import Image, PngImagePlugin

from genai_demo.catalogue import message
from genai_demo.engine.generation.receipts import RECEIPT_KEY, Receipt
from genai_demo.faces.requests import FaceRequest

_SOURCE_KEY = "XML:com.adobe.xmp"
_SOURCE = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" rdf:about=""'
    ' Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"/>'
    "</rdf:RDF></x:xmpmeta>"
)
"""the IPTC's mark of a picture that a trained model made"""


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


def marked_png(image: Image.Image, receipt: Receipt | None) -> bytes:
    """Return a PNG file that says in its metadata that a machine made it, and how to make it again.

    Args:
        image: what to write.
        receipt: None for what cannot be made again from a receipt alone, such as an edited photo.
    """
    info = PngImagePlugin.PngInfo()
    info.add_itxt("Description", message("faces.machine_made"))
    info.add_itxt(_SOURCE_KEY, _SOURCE)
    if receipt is not None:
        info.add_itxt(RECEIPT_KEY, receipt.to_json())
    stream = io.BytesIO()
    image.save(stream, "PNG", pnginfo=info)
    return stream.getvalue()
