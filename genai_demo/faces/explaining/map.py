"""A map of what a model paints: a thousand of its faces, those that look alike to the encoder beside each other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from genai_demo.faces.requests import COUNT, FaceRequest
from genai_demo.faces.sampling.loading import load, load_encoder
from genai_demo.faces.sampling.reference_faces import embed

ACROSS = 32
"""faces in a row, and rows"""
SIDE = 32
"""pixels of a face on the map"""
_AT_ONCE = 64
_STEPS = 500
"""of the layout's optimisation: half as many as usual leave the same neighbourhoods"""


@dataclass(frozen=True)
class FaceMap:
    """Faces on a grid."""

    requests: tuple[FaceRequest, ...]
    """of each cell, row by row"""
    pictures: Tensor
    """(N, 3, SIDE, SIDE) uint8, in the same order"""


def faces_of(model: str, across: int = ACROSS) -> list[FaceRequest]:
    """Return the faces of a model that its map shows: the first seeds, as different as training faces are."""
    return [FaceRequest(model, number // COUNT[1], number % COUNT[1], 1.0) for number in range(across**2)]


def face_map(model: str, across: int = ACROSS) -> FaceMap:
    """Return the map of a model that ships; the first call paints all faces, which takes many seconds.

    Args:
        model: its family.
        across: faces in a row, and rows.

    Raises:
        UserError: the model or the encoder cannot be used.
    """
    return _face_map(model, across, load(model).checkpoint.id, load_encoder().checkpoint.id)


@lru_cache(maxsize=4)
def _face_map(model: str, across: int, _checkpoint: str, _encoder: str) -> FaceMap:
    painter, network = load(model).painter, load_encoder().network
    requests = faces_of(model, across)
    vectors, small = [], []
    for start in range(0, len(requests), _AT_ONCE):
        painted = painter.paint([painter.code(request) for request in requests[start : start + _AT_ONCE]])
        vectors.append(embed(network, painted).float().cpu())
        small.append(F.interpolate(painted.float(), (SIDE, SIDE), mode="area").round().to(torch.uint8))
    order = arrange(torch.cat(vectors), across)
    return FaceMap(tuple(requests[index] for index in order.tolist()), torch.cat(small)[order])


def arrange(vectors: Tensor, across: int) -> Tensor:
    """Return which vector stands in each cell of a square grid, row by row: (across * across,).

    A t-SNE (van der Maaten and Hinton 2008) lays them out; each then gets the cell that makes the sum of squared ways
    smallest, so that none hides another (Jonker and Volgenant 1987).

    Args:
        vectors: (across * across, E) of length 1.
        across: cells in a row, and rows.
    """
    from scipy.optimize import linear_sum_assignment
    from sklearn.manifold import TSNE

    perplexity = min(30.0, (len(vectors) - 1) / 3)
    layout = TSNE(perplexity=perplexity, init="pca", max_iter=_STEPS, random_state=0).fit_transform(vectors.numpy())
    places = torch.from_numpy(layout).double()  # (N, 2)
    low, high = places.amin(0), places.amax(0)
    places = (places - low) / (high - low).clamp_min(1e-9)
    line = torch.linspace(0, 1, across, dtype=torch.float64)
    cells = torch.cartesian_prod(line, line).flip(1)  # (N, 2) across and down, row by row
    rows, columns = linear_sum_assignment(torch.cdist(cells, places).square().numpy())
    order = torch.empty(len(vectors), dtype=torch.long)
    order[torch.from_numpy(rows)] = torch.from_numpy(columns)
    return order
