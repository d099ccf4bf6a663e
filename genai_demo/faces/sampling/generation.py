"""Paints faces: a request in, pictures out, each with its receipt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from genai_demo.engine.generation.service import Service
from genai_demo.errors import UserError
from genai_demo.faces.requests import FaceRequest, GalleryRequest
from genai_demo.faces.results import Face
from genai_demo.faces.sampling.loading import LoadedEncoder, LoadedPainter, load, registry


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
    """Return one face per request, in the same order; those of one model are painted together.

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
        loaded = load(name, family)
        places = [place for place, request in enumerate(requests) if request.model == family]
        painted = _paint(loaded, [requests[place] for place in places])
        for place, face in zip(places, painted, strict=True):
            faces[place] = service.signed(face, requests[place], name, loaded)
    return [faces[place] for place in range(len(requests))]


def _paint(loaded: LoadedPainter, requests: Sequence[FaceRequest]) -> list[Face]:
    for request in requests:
        set_labels = (request.age != 0, request.woman != -1, request.smile != -1)
        for name, wanted, able in zip(("age", "gender", "smile"), set_labels, loaded.known, strict=True):
            if wanted and not able:
                raise UserError("faces.label_unknown", name=name)
    painter = loaded.painter
    pictures = painter.paint([painter.code(request) for request in requests]).permute(0, 2, 3, 1)  # (N, S, S, 3)
    return [Face(picture.numpy(), painter.fill_in(asked)) for picture, asked in zip(pictures, requests, strict=True)]


def _produce(loaded: LoadedPainter | LoadedEncoder, request: FaceRequest) -> Iterator[Face]:
    assert isinstance(loaded, LoadedPainter)
    yield from _paint(loaded, [request])


service: Service[FaceRequest, LoadedPainter | LoadedEncoder, Face] = Service(
    "faces", {"paint": FaceRequest}, registry, _produce
)
reproduce, request_of = service.reproduce, service.request_of
problem, warm = registry.problem, service.warm
