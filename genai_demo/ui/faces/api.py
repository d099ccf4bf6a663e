"""The faces tab for programs: the named endpoints that `gradio_client` calls."""

from __future__ import annotations

import base64
import json
from collections import deque
from contextlib import closing
from typing import Any

import gradio as gr

from genai_demo.engine.generation.checks import check_whole
from genai_demo.engine.generation.receipts import parse_receipt
from genai_demo.errors import UserError
from genai_demo.faces.requests import COUNT, GalleryRequest, MorphRequest
from genai_demo.faces.sampling import generation
from genai_demo.faces.sampling.morph import KINDS, morph
from genai_demo.faces.sampling.search import alike
from genai_demo.ui.faces import files
from genai_demo.ui.faces.sliders import FILMING, WORK
from genai_demo.ui.languages import spoken


def paint_faces(
    model: str = "gan",
    count: int = 1,
    seed: int = 0,
    variety: float = 0.8,
    age: int = 0,
    gender: str = "any",
    smile: str = "any",
) -> list[dict[str, Any]]:
    """Paint faces of people who do not exist.

    Args:
        model: "gan", "vae", "both" (from the same seeds) or "mix" (in turn).
        count: faces, 1 to 64; "both" paints two of each.
        seed: the same seed and settings give the same faces.
        variety: 0.2 (all alike) to 1.3 (odd ones among them).
        age: 18 to 90 years; 0 leaves it open.
        gender: "any", "woman" or "man".
        smile: "any", "yes" or "no".

    Returns:
        One object per face, with its "image", a PNG file in base64, and its "receipt".
    """
    try:
        request = GalleryRequest(model, count, seed, variety, age, gender, smile)
        return [files.plain(face) for face in generation.gallery(request)]
    except UserError as error:
        raise spoken(error, "en") from error


def morph_faces(faces: list[dict[str, Any]], seconds: float = 1.5, format: str = "mp4") -> dict[str, Any]:
    """Make a looping film in which faces turn into one another.

    Args:
        faces: the "receipt" of two to six faces of one model.
        seconds: from one face to the next, 0.5 to 5.
        format: "mp4", "webp" or "gif".

    Returns:
        The "film", a file in base64, and its MIME type as "kind".
    """
    try:
        requests = tuple(generation.request_of(parse_receipt(json.dumps(receipt))) for receipt in faces)
        with closing(morph(MorphRequest(requests, seconds, format))) as films:
            film = deque(films, maxlen=1).pop()
    except UserError as error:
        raise spoken(error, "en") from error
    return {"film": base64.b64encode(film.content).decode("ascii"), "kind": KINDS[format]}


def reproduce_face(receipt: dict[str, Any]) -> dict[str, Any]:
    """Paint a face again from its receipt.

    Args:
        receipt: the "receipt" of a face.

    Returns:
        The face's "image", a PNG file in base64, and its "receipt".
    """
    try:
        return files.plain(files.reproduced(parse_receipt(json.dumps(receipt))))
    except UserError as error:
        raise spoken(error, "en") from error


def search_faces(receipt: dict[str, Any], count: int = 8) -> list[dict[str, Any]]:
    """Find faces like one, among many that the same model paints.

    Args:
        receipt: the "receipt" of a face.
        count: faces to find, 1 to 64.

    Returns:
        One object per face, the most alike first, with its "image", a PNG file in base64, and its "receipt".
    """
    try:
        check_whole("count", count, *COUNT)
        face = files.reproduced(parse_receipt(json.dumps(receipt)))
        return [files.plain(found) for found in generation.paint(alike(face, count))]
    except UserError as error:
        raise spoken(error, "en") from error


def register() -> None:
    """Offer the endpoints in the Blocks being built."""
    gr.api(paint_faces, api_name="paint_faces", **WORK)
    gr.api(morph_faces, api_name="morph_faces", **FILMING)
    gr.api(reproduce_face, api_name="reproduce_face", **WORK)
    gr.api(search_faces, api_name="search_faces", **WORK)
