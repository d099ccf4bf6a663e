"""Faces that nobody chose, but for a morph: four that differ, and the least odd ones of many."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from genai_demo.errors import UserError
from genai_demo.faces.requests import COUNT, FaceRequest, GalleryRequest
from genai_demo.faces.results import Face
from genai_demo.faces.sampling import generation
from genai_demo.faces.sampling.loading import load_encoder, load_reference_faces


def choose(model: str, seed: int, folder: str | None = None) -> tuple[FaceRequest, ...]:
    """Return four faces of a seed's first 64: of the younger and older men and women the least odd one each.

    How odd a face is, is how far the encoder sees it from training faces; without the encoder the first are taken.

    Args:
        model: family of the model that paints.
        seed: of the faces.
        folder: name or folder of a checkpoint of that family; None takes the one that ships.

    Raises:
        UserError: the model cannot be used.
    """
    faces = generation.gallery(GalleryRequest(model, COUNT[1], seed), folder)
    odd = _oddness(faces)
    order = sorted(range(len(faces)), key=lambda place: faces[place].request.woman)
    middle = len(order) // 2
    chosen = []
    for half in (order[:middle], order[middle:]):
        half.sort(key=lambda place: faces[place].request.age)
        quarter = len(half) // 2
        chosen += [min(part, key=lambda place: odd[place]) for part in (half[:quarter], half[quarter:])]
    return tuple(faces[place].request for place in chosen)


def _oddness(faces: Sequence[Face]) -> list[float]:
    from genai_demo.faces.sampling.reference_faces import embed

    try:
        encoder, reference = load_encoder(), load_reference_faces()
    except UserError:
        return [0.0] * len(faces)
    pictures = torch.stack([torch.from_numpy(face.picture) for face in faces]).permute(0, 3, 1, 2)  # (N, 3, S, S)
    odd: list[float] = reference.oddness(embed(encoder.network, pictures)).tolist()
    return odd
