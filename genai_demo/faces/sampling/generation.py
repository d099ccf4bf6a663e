"""Paints faces: a request in, pictures out, each with its receipt.

A result is a pure function of (checkpoint, request): pages, clients and the command line all call these functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields

import numpy as np

from genai_demo.engine.generation.receipts import Receipt
from genai_demo.errors import UserError
from genai_demo.faces.requests import FaceRequest, GalleryRequest
from genai_demo.faces.results import Face
from genai_demo.faces.sampling.loading import FOLDERS, LoadedPainter, checkpoint_folder, load, problem

__all__ = ["gallery", "paint", "problem", "reproduce", "request_of", "warm"]

_LONGEST_NAME = 200
"""characters of a model's name or path in a receipt"""


def gallery(request: GalleryRequest, model: str | None = None) -> list[Face]:
    """Return the faces of a gallery.

    Args:
        request: what to show.
        model: name or folder of a checkpoint; None takes those that ship.

    Raises:
        UserError: a setting is not allowed, or a checkpoint cannot be used.
    """
    request.check()
    return paint(request.faces(), model)


def paint(requests: Sequence[FaceRequest], model: str | None = None) -> list[Face]:
    """Return one face per request, in the same order.

    Args:
        requests: what to paint.
        model: name or folder of a checkpoint for all of them; None takes those that ship.

    Raises:
        UserError: a setting is not allowed, or a checkpoint cannot be used.
    """
    for request in requests:
        request.check()
    faces: dict[int, Face] = {}
    for family in dict.fromkeys(request.model for request in requests):
        name = model or family
        loaded = _load(name, family)
        places = [place for place, request in enumerate(requests) if request.model == family]
        for request in (requests[place] for place in places):
            _check_labels(request, loaded.known)
        pictures = loaded.painter.paint([loaded.painter.code(requests[place]) for place in places])
        for place, picture in zip(places, pictures.permute(0, 2, 3, 1).numpy(), strict=True):  # (N, S, S, 3)
            faces[place] = _face(loaded, name, requests[place], picture)
    return [faces[place] for place in range(len(requests))]


def _load(model: str, family: str) -> LoadedPainter:
    loaded = load(model)
    if loaded.checkpoint.family != family:
        raise UserError("faces.other_family", folder=model, found=loaded.checkpoint.family, wanted=family)
    return loaded


def _check_labels(request: FaceRequest, known: tuple[bool, bool, bool]) -> None:
    asked = (request.age != 0, request.woman != -1, request.smile != -1)
    for name, wanted, able in zip(("age", "gender", "smile"), asked, known, strict=True):
        if wanted and not able:
            raise UserError("faces.label_unknown", name=name)


def _face(loaded: LoadedPainter, name: str, request: FaceRequest, picture: np.ndarray) -> Face:
    # What was left open stays open in the receipt: the checkpoint that it names fills it in the same way again.
    settings = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(request).items()}
    receipt = Receipt("faces", "paint", FOLDERS.get(name, name), loaded.checkpoint.id, settings)
    return Face(picture, loaded.painter.fill_in(request), receipt)


def request_of(receipt: Receipt) -> FaceRequest:
    """Return the request that a receipt records.

    Raises:
        UserError: it is not a receipt of a face, or a setting is missing, unknown or not allowed.
    """
    if receipt.modality != "faces" or receipt.action != "paint":
        raise UserError("faces.not_a_face_receipt", modality=receipt.modality, action=receipt.action)
    if len(receipt.model) > _LONGEST_NAME:
        raise UserError("engine.receipt_lacks", field="model")
    kinds = {field.name: type(field.default) for field in fields(FaceRequest)}
    for name in sorted(kinds.keys() ^ receipt.settings.keys()):
        raise UserError("engine.receipt_lacks", field=name)
    values = dict(receipt.settings)
    for name, kind in kinds.items():
        if kind is tuple and isinstance(values[name], (list, tuple)):
            values[name] = tuple(values[name])
        elif not isinstance(values[name], (int, float) if kind is float else kind) or isinstance(values[name], bool):
            raise UserError("engine.receipt_lacks", field=name)
    request = FaceRequest(**values)
    request.check()
    return request


def reproduce(receipt: Receipt) -> Face:
    """Paint again what a receipt records.

    Raises:
        UserError: the receipt is not in order, or its checkpoint is not the one that is here.
    """
    request = request_of(receipt)
    loaded = load(receipt.model)
    if loaded.checkpoint.id != receipt.checkpoint:
        raise UserError(
            "engine.other_checkpoint",
            wanted=receipt.checkpoint,
            found=loaded.checkpoint.id,
            folder=checkpoint_folder(receipt.model),
        )
    return paint([request], receipt.model)[0]


def warm() -> None:
    """Load every model that can be loaded, so that the first request need not wait."""
    for model in FOLDERS:
        if problem(model) is None:
            load(model)
