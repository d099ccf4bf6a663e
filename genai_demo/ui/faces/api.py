"""The faces tab for programs."""

from __future__ import annotations

import base64
from dataclasses import asdict
from typing import Any

from genai_demo.engine.fields import Within, fields_of
from genai_demo.engine.generation.checks import check_whole
from genai_demo.faces.explaining.explanation import as_plain, explain
from genai_demo.faces.requests import COUNT, GalleryRequest, MorphRequest
from genai_demo.faces.sampling import generation
from genai_demo.faces.sampling.morph import KINDS
from genai_demo.faces.sampling.search import alike
from genai_demo.ui.api import endpoint, offer, receipt_of, ruled
from genai_demo.ui.faces import files
from genai_demo.ui.faces.sliders import FILMING, WORK
from genai_demo.ui.fair_queue import last


def _faces(request: GalleryRequest) -> list[dict[str, Any]]:
    return [files.plain(face) for face in generation.gallery(request)]


def morph_faces(faces: list[dict[str, Any]], seconds: float = 1.5, format: str = "mp4") -> dict[str, Any]:
    """Make a looping film in which faces turn into one another.

    Args:
        faces: the "receipt" of two to six faces of one model.
        seconds: from one face to the next, 0.5 to 5.
        format: "mp4", "webp" or "gif".

    Returns:
        The "film", a file in base64, its MIME type as "kind", and its "receipt".
    """
    requests = tuple(generation.face_of(receipt_of(receipt)) for receipt in faces)
    film = last(generation.morph(MorphRequest(requests, seconds, format)))
    content = base64.b64encode(film.marked()).decode("ascii")
    return {"film": content, "kind": KINDS[format], "receipt": asdict(film.receipts[0])}


def reproduce_face(receipt: dict[str, Any]) -> dict[str, Any]:
    """Paint a face again from its receipt.

    Args:
        receipt: the "receipt" of a face.

    Returns:
        The face's "image", a PNG file in base64, and its "receipt".
    """
    return files.plain(files.reproduced(receipt_of(receipt)))


def search_faces(receipt: dict[str, Any], count: int = 8) -> list[dict[str, Any]]:
    """Find faces like one, among many that the same model paints.

    Args:
        receipt: the "receipt" of a face.
        count: faces to find, 1 to 64.

    Returns:
        One object per face, the most alike first, with its "image", a PNG file in base64, and its "receipt".
    """
    check_whole("count", count, *COUNT)
    face = files.reproduced(receipt_of(receipt))
    return [files.plain(found) for found in generation.paint(alike(face, count), face.receipt.model)]


def explain_faces(receipt: dict[str, Any]) -> dict[str, Any]:
    """Tell what the model of a face says of it: what each stage adds, the discriminator's verdict, bits, likeness.

    Args:
        receipt: the "receipt" of a face.

    Returns:
        "stages" of the decoder with what each "adds" and what is "left" after it; "variety" from 0 to 1.3; "verdict"
        with "score" and "fooled", the share of real faces that look less real; "bits" of a VAE's code; "similarity" of
        two views of eight faces. What the model cannot tell is null.
    """
    read = receipt_of(receipt)
    files.reproduced(read)  # refuses what names a folder
    return as_plain(asdict(explain(read)))


def register() -> None:
    """Offer the endpoints in the Blocks being built; a face is its "image", a PNG file in base64, and its "receipt"."""
    one = GalleryRequest(count=1)
    painted = endpoint("paint_faces", "Paint faces of people who do not exist.", one, _faces)
    offer(WORK, painted)
    rules = {one.name: one.rule for one in fields_of(MorphRequest)}
    offer(FILMING, ruled(morph_faces, seconds=rules["seconds"], format=rules["format"]))
    offer(WORK, reproduce_face, explain_faces, ruled(search_faces, count=Within(*COUNT)))
