"""Faces as files: what a visitor takes along, and what comes back."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from genai_demo.engine.generation.receipts import Receipt, receipt_among
from genai_demo.errors import UserError
from genai_demo.faces.data.pictures import open_picture
from genai_demo.faces.requests import FaceRequest, GalleryRequest, MorphRequest
from genai_demo.faces.results import Face, Film, enlarge, png
from genai_demo.faces.sampling import generation
from genai_demo.faces.sampling.loading import FOLDERS, load
from genai_demo.marks.reading import Marks, read_marks
from genai_demo.ui.faces.handlers import models_here
from genai_demo.ui.files import download
from genai_demo.ui.training.in_use import is_snapshot

PORTRAIT = 512
"""side of a downloaded portrait in pixels"""
PACKED = 256
"""side of the portraits in a ZIP archive in pixels"""
_PNG = b"\x89PNG"
WRONG = ("faces.too_many_bytes", "faces.not_a_picture")
"""what is said of a file that is too large, and of one that is none"""


def file_name(request: FaceRequest, ending: str = "png") -> str:
    """Return the name of a face's file."""
    return f"face-{request.model}-{request.seed}-{request.index}.{ending}"


def portrait_file(face: Face) -> str:
    """Return a face as a PNG file with its receipt inside."""
    return download(file_name(face.request), "image/png", png(face.picture, face.receipt, PORTRAIT))


def gallery_file(request: GalleryRequest, models: Mapping[str, str] | None = None) -> str:
    """Return the faces of a gallery as a ZIP archive: a PNG with its receipt for each, and a contact sheet.

    Args:
        request: the gallery.
        models: folders of what stands in for models that ship, by model.
    """
    from genai_demo.faces.sampling.grid import sheet_png

    faces = generation.gallery(request, models)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:  # PNG files are compressed already
        for face in faces:
            archive.writestr(file_name(face.request), png(face.picture, face.receipt, PACKED))
        archive.writestr("contact-sheet.png", sheet_png(faces))
    return download(f"faces-{request.model}-{request.seed}.zip", "application/zip", stream.getvalue())


class Opened(NamedTuple):
    """A face whose file was opened, beside the one that its receipt makes again."""

    marks: Marks
    """of the file"""
    face: Face
    picture: np.ndarray | None
    """(S, S, 3) uint8 as in the file; None where it held a receipt only"""
    difference: float
    """mean difference of the two pictures, 0 to 255"""
    example: bool = False
    """whether the file was made here, to show what comes of one"""


class OpenedFilm(NamedTuple):
    """A film whose file was opened: the one that its receipt makes again."""

    marks: Marks
    """of the file"""
    request: MorphRequest
    film: Film


def opened(content: bytes, name: str) -> Opened | OpenedFilm:
    """Make the face or the film of a file again, with what ships or a run's snapshot: receipts name no others.

    Args:
        content: of the file.
        name: what an error calls it.

    Raises:
        UserError: there is no receipt of a face in it, or it is of another checkpoint than the one that is here.
    """
    marks = read_marks(content)
    receipt = receipt_among(marks, name)
    request = generation.request_of(receipt)
    made = _made_again(receipt)
    if isinstance(made, Film):
        assert isinstance(request, MorphRequest)
        return OpenedFilm(marks, request, made)
    if not content.startswith(_PNG):
        return Opened(marks, made, None, 0.0)
    picture = np.array(open_picture(content))
    if picture.shape[0] != picture.shape[1]:
        return Opened(marks, made, picture, 255.0)
    again = np.array(enlarge(made.picture, len(picture)))
    return Opened(marks, made, picture, float(np.abs(again.astype(float) - picture).mean()))


def example() -> Opened:
    """Return what comes of the file of the first face of all.

    Raises:
        UserError: its model cannot be used.
    """
    model = models_here()[0]
    return _example(model, load(model).checkpoint.id)


@lru_cache(maxsize=1)
def _example(model: str, _checkpoint: str) -> Opened:
    (face,) = generation.paint([FaceRequest(model)])
    found = opened(png(face.picture, face.receipt, PORTRAIT), file_name(face.request))
    assert isinstance(found, Opened)
    return found._replace(example=True)


def _made_again(receipt: Receipt) -> Face | Film:
    if receipt.model not in FOLDERS.values() and not is_snapshot(receipt.model):
        raise UserError("ui.faces_not_shipped", model=receipt.model[:80], allowed=", ".join(FOLDERS.values()))
    return generation.reproduce(receipt)


def reproduced(receipt: Receipt) -> Face:
    """Make the face of a visitor's receipt again, with what ships or a run's snapshot: it may not name any folder.

    Raises:
        UserError: the receipt is not in order, of another model, or of another checkpoint than the one that is here.
    """
    generation.face_of(receipt)
    face = _made_again(receipt)
    assert isinstance(face, Face)
    return face


def plain(face: Face, side: int = PACKED) -> dict[str, Any]:
    """Return a face as plain data: the PNG file in base64, and its receipt."""
    content = png(face.picture, face.receipt, side)
    return {"image": base64.b64encode(content).decode("ascii"), "receipt": asdict(face.receipt)}
