"""Faces like a given one: those nearest to it of many that the same model paints.

Near are faces whose features the encoder sees alike, and whose colours lie alike. The vector that the encoder was
taught to compare by is not enough: it was taught to overlook colours, which people do not.

No picture of anybody is searched: the model's own faces are, each of them known by its seed.
"""

from __future__ import annotations

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from genai_demo.faces.data.batches import to_floats
from genai_demo.faces.models.encoder import FaceEncoder
from genai_demo.faces.requests import COUNT, FaceRequest
from genai_demo.faces.results import Face
from genai_demo.faces.sampling.loading import load, load_encoder

SEARCHED = 12 * COUNT[1]
"""faces among which is searched: all of the first seeds"""
_AT_ONCE = 64
_THUMBNAIL = 8
"""side in pixels of the pictures whose colours are compared"""
_COLOURS = 0.6
"""how much colours count beside features: of 20 faces the six found are 3.0 years and 0.17 in skin colour away in the
mean, where the encoder's own vector finds some 3.3 and 0.23 away, and any six of the same model are 15 years away"""


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
    known = _known(model, name, load(name).checkpoint.id, encoder.checkpoint.id)
    picture = torch.from_numpy(face.picture).permute(2, 0, 1)[None]  # (1, 3, S, S)
    distances = torch.cdist(known.compare(_traits(encoder.network, picture)), known.compared)[0]  # (N,)
    same = (face.request.seed, face.request.index)
    requests = searched(model)
    order = (requests[index] for index in distances.argsort(stable=True).tolist())
    return [request for request in order if (request.seed, request.index) != same][:count]


class _Known:
    """The faces that are searched.

    Args:
        features: the encoder's (N, F).
        colours: (N, C) of their thumbnails.
    """

    def __init__(self, features: Tensor, colours: Tensor) -> None:
        self._middle, self._spread = features.mean(0), features.std(0).clamp_min(1e-6)
        self._colour_scale = _COLOURS / colours.var(0).sum().sqrt().clamp_min(1e-6)
        self.compared = self.compare((features, colours))

    def compare(self, traits: tuple[Tensor, Tensor]) -> Tensor:
        """Return (B, F + C), whose distances say how unlike faces of features (B, F) and colours (B, C) are."""
        features, colours = traits
        return torch.cat([F.normalize((features - self._middle) / self._spread), self._colour_scale * colours], 1)


def _traits(encoder: FaceEncoder, pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Return the encoder's features (B, F) of pictures (B, 3, S, S), uint8, and the colours (B, C) of thumbnails."""
    with torch.inference_mode():
        floats = to_floats(pictures)
        features = encoder(floats.to(next(encoder.parameters()).device)).float().cpu()
        return features, F.adaptive_avg_pool2d(floats, _THUMBNAIL).flatten(1)


@lru_cache(maxsize=4)
def _known(model: str, name: str, _checkpoint: str, _encoder: str) -> _Known:
    painter, network = load(name).painter, load_encoder().network
    requests, found = searched(model), []
    for start in range(0, len(requests), _AT_ONCE):
        painted = painter.paint([painter.code(request) for request in requests[start : start + _AT_ONCE]])
        found.append(_traits(network, painted))
    features, colours = zip(*found, strict=True)
    return _Known(torch.cat(features), torch.cat(colours))
