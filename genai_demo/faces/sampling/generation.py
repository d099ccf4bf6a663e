"""Paints faces: a request in, pictures out, each with its receipt."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing

from genai_demo.engine.generation.receipts import Receipt
from genai_demo.engine.generation.service import Service
from genai_demo.errors import UserError
from genai_demo.faces.requests import FaceRequest, GalleryRequest, MorphRequest, Request
from genai_demo.faces.results import Face, Film
from genai_demo.faces.sampling.loading import LoadedEncoder, LoadedPainter, load, registry

Models = str | Mapping[str, str] | None
"""a checkpoint's name or folder for all families, or one by family; those that ship where none is given"""


def gallery(request: GalleryRequest, model: Models = None) -> list[Face]:
    """Return the faces of a gallery.

    Args:
        request: what to show.
        model: what paints.

    Raises:
        UserError: a setting is not allowed, or a checkpoint cannot be used.
    """
    request.check()
    return paint(request.faces(), model)


def paint(requests: Sequence[FaceRequest], model: Models = None) -> list[Face]:
    """Return one face per request, in the same order; those of one model are painted together.

    Args:
        requests: what to paint.
        model: what paints.

    Raises:
        UserError: a setting is not allowed, or a checkpoint cannot be used.
    """
    for request in requests:
        request.check()
    faces: dict[int, Face] = {}
    for family in dict.fromkeys(request.model for request in requests):
        name = (model.get(family) if isinstance(model, Mapping) else model) or family
        loaded = load(name, family)
        places = [place for place, request in enumerate(requests) if request.model == family]
        painted = _paint(loaded, [requests[place] for place in places])
        for place, face in zip(places, painted, strict=True):
            signed = service.signed(face, requests[place], name, loaded)
            assert isinstance(signed, Face)
            faces[place] = signed
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


def morph(request: MorphRequest, model: str | None = None) -> Generator[Film, None, None]:
    """Paint a morph and yield how far it has come; the last one carries the file, and its receipt.

    Args:
        request: which faces, how fast, and as what.
        model: name or folder of a checkpoint; None takes the one that ships.

    Raises:
        UserError: a setting is not allowed, or the checkpoint cannot be used.
    """
    with closing(service.run(request, model)) as films:
        for film in films:
            assert isinstance(film, Film)
            yield film


def _produce(loaded: LoadedPainter | LoadedEncoder, request: Request) -> Iterator[Face | Film]:
    assert isinstance(loaded, LoadedPainter)
    if isinstance(request, FaceRequest):
        yield from _paint(loaded, [request])
        return
    from genai_demo.faces.sampling.morph import shoot

    with closing(shoot(loaded.painter, request)) as films:
        yield from films


ACTIONS: dict[str, type[Request]] = {"paint": FaceRequest, "morph": MorphRequest}
service: Service[Request, LoadedPainter | LoadedEncoder, Face | Film] = Service("faces", ACTIONS, registry, _produce)
reproduce, request_of = service.reproduce, service.request_of


def face_of(receipt: Receipt) -> FaceRequest:
    """Return the request of a single face that a receipt records.

    Raises:
        UserError: the receipt is not in order, or of something else.
    """
    request = request_of(receipt)
    if not isinstance(request, FaceRequest):
        raise UserError("faces.not_its_receipt", modality=receipt.modality, action=receipt.action)
    return request


problem, warm = registry.problem, service.warm
