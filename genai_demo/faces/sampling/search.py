"""Faces like a given one: those nearest to it, as the encoder sees them, of many that the same model paints.

No picture of anybody is searched: the model's own faces are, each of them known by its seed.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from genai_demo.faces.requests import COUNT, FaceRequest
from genai_demo.faces.results import Face
from genai_demo.faces.sampling.loading import load, load_encoder
from genai_demo.faces.sampling.reference_faces import embed

SEARCHED = 12 * COUNT[1]
"""faces among which is searched: all of the first seeds"""
_AT_ONCE = 64


def searched(model: str) -> list[FaceRequest]:
    """Return the faces of a model among which is searched."""
    return [FaceRequest(model, number // COUNT[1], number % COUNT[1]) for number in range(SEARCHED)]


def alike(face: Face, count: int) -> list[FaceRequest]:
    """Return what paints the faces that look most like one, the nearest first; it is not among them itself.

    The first search with a model paints all of them, which takes seconds; later ones take no time.

    Args:
        face: the one that was painted.
        count: faces to find, at most `SEARCHED` - 1.

    Raises:
        UserError: the model or the encoder cannot be used.
    """
    model, name = face.request.model, face.receipt.model
    encoder = load_encoder()
    vectors = _vectors(model, name, load(name).checkpoint.id, encoder.checkpoint.id)
    picture = torch.from_numpy(face.picture).permute(2, 0, 1)[None]  # (1, 3, S, S)
    similarity = vectors @ embed(encoder.network, picture)[0].float().cpu()  # (N,)
    same = (face.request.seed, face.request.index)
    requests = searched(model)
    order = (requests[index] for index in similarity.argsort(descending=True, stable=True).tolist())
    return [request for request in order if (request.seed, request.index) != same][:count]


@lru_cache(maxsize=4)
def _vectors(model: str, name: str, _checkpoint: str, _encoder: str) -> Tensor:
    """Return the encoder's vectors (N, E) of all faces that are searched, on the CPU; `name` is what paints them."""
    painter, network = load(name).painter, load_encoder().network
    requests, found = searched(model), []
    for start in range(0, len(requests), _AT_ONCE):
        painted = painter.paint([painter.code(request) for request in requests[start : start + _AT_ONCE]])
        found.append(embed(network, painted).float().cpu())
    return torch.cat(found)
