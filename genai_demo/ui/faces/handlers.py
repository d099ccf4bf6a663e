"""What the faces tab does: plain functions from values to values, without components."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from threading import Lock
from typing import NamedTuple

import numpy as np

from genai_demo.errors import UserError
from genai_demo.faces.requests import (
    AGE,
    CHOICES,
    COUNT,
    DIRECTIONS,
    MODELS,
    NUDGES,
    PUSH,
    STATIONS,
    VARIETY,
    FaceRequest,
    GalleryRequest,
    MorphRequest,
)
from genai_demo.faces.results import Face, Film
from genai_demo.faces.sampling import generation
from genai_demo.faces.sampling.loading import checkpoint_folder, load, load_encoder, load_reference_faces
from genai_demo.ui.forms import whole
from genai_demo.ui.languages import text
from genai_demo.ui.training.in_use import model_in_use

PAUSE = 1.0
"""seconds after which moving the same slider again is a new step to undo"""
_REMEMBERED = 100
"""steps that can be undone"""
_MIDDLE, _OPEN = (35.0, 0.5, 0.5), (0.0, -1.0, -1.0)
"""age, woman and smile of the face that directions are shown on, and left open"""


def models_here() -> tuple[str, ...]:
    """Return the models that paint and whose checkpoint is here, be it whole or not."""
    return tuple(model for model in MODELS if checkpoint_folder(model).is_dir())


def models_of(choice: str) -> tuple[str, ...]:
    """Return the models that a gallery's choice needs."""
    return (choice,) if choice in MODELS else MODELS


def painters() -> dict[str, str]:
    """Return the folders of what stands in for models that ship, for the visitor who asks, by model."""
    return {model: folder for model in MODELS if (folder := model_in_use("faces", model))}


def painter_of(model: str) -> str:
    """Return the name or the folder of what paints for a model, for the visitor who asks."""
    return model_in_use("faces", model) or model


class Gallery(NamedTuple):
    """A gallery as it is shown."""

    request: GalleryRequest
    age: float
    """where the slider of the age stands, which counts only if an age is asked for"""


def gallery_of(
    shown: Gallery | None,
    model: str,
    count: float,
    gender: str,
    smile: str,
    any_age: bool,
    age: float,
    variety: float,
    seed: int | None,
) -> Gallery:
    """Return the gallery that the fields ask for; moving the slider of the age asks for one.

    Raises:
        UserError: a setting is not allowed.
    """
    if shown is not None and shown.age != age:
        any_age = False
    request = GalleryRequest(
        model=model,
        count=whole(count),
        seed=whole(seed),
        variety=variety,
        age=0 if any_age else whole(age),
        gender=gender,
        smile=smile,
    )
    request.check()
    if not any_age and request.age == 0:
        raise UserError("engine.out_of_range_whole", name="age", value=age, low=AGE[0], high=AGE[1])
    return Gallery(request, age)


def painted(request: GalleryRequest) -> tuple[list[Face], float]:
    """Return the faces of a gallery, and the seconds that they took; what visitors see first is painted once for all.

    Raises:
        UserError: a setting is not allowed, or a model cannot be used.
    """
    if request != GalleryRequest(request.model):
        return _timed(request)
    checkpoints = tuple(load(painter_of(model), model).checkpoint.id for model in models_of(request.model))
    with _PAINTING_FIRST:
        return _painted_first(request, checkpoints)


_PAINTING_FIRST = Lock()
"""whoever comes while the first gallery is painted waits for it"""


@lru_cache(maxsize=4 * len(CHOICES))
def _painted_first(request: GalleryRequest, _checkpoints: tuple[str, ...]) -> tuple[list[Face], float]:
    return _timed(request)


def _timed(request: GalleryRequest) -> tuple[list[Face], float]:
    started = time.perf_counter()
    return generation.gallery(request, painters()), time.perf_counter() - started


class Step(NamedTuple):
    """A face as it was before a step."""

    request: FaceRequest
    """what made it"""
    first: FaceRequest
    """as it had been chosen"""


@dataclass(frozen=True)
class Steered:
    """A face that is being steered."""

    face: Face
    first: FaceRequest
    """as it was chosen; what is open in it shows as the model has it"""
    seen: tuple[float, ...]
    """where the sliders stand"""
    past: tuple[Step, ...] = ()
    """what it was before each step, the oldest first"""
    control: int = -1
    """place of the slider that made the last change"""
    moment: float = 0.0
    """when, in seconds"""

    @property
    def request(self) -> FaceRequest:
        """What made the face, with its labels as the model has them."""
        return self.face.request

    @property
    def source(self) -> FaceRequest:
        """What made the face: what was left open is open."""
        return generation.face_of(self.face.receipt)


def paint(request: FaceRequest) -> Face:
    """Return the face of one request."""
    return generation.paint([request], painters())[0]


def steer(request: FaceRequest) -> Steered:
    """Return a face to be steered, as its request paints it.

    Raises:
        UserError: the request is not allowed, or its model cannot be used.
    """
    face = paint(request)
    return Steered(face, request, positions(face.request))


def picked(gallery: GalleryRequest, place: int) -> Steered:
    """Return the face at a place of a gallery, to be steered.

    Raises:
        UserError: there is no such place.
    """
    requests = gallery.faces()
    if not 0 <= place < len(requests):
        raise UserError("engine.out_of_range_whole", name="face", value=place, low=0, high=len(requests) - 1)
    return steer(requests[place])


def positions(request: FaceRequest) -> tuple[float, ...]:
    """Return where the sliders of a face stand: age, woman, smile, and every direction."""
    labels = (round(request.age) or AGE[0], round(max(request.woman, 0), 2), round(max(request.smile, 0), 2))
    return (*labels, *request.directions, *[0.0] * (DIRECTIONS - len(request.directions)))


def moved(steered: Steered, values: Sequence[float], moment: float) -> Steered:
    """Return the face after its sliders moved to `values`; only what moved is changed.

    Args:
        steered: the face before.
        values: as `positions`.
        moment: when, in seconds; moves of one slider in quick succession are one step to undo.

    Raises:
        UserError: a value is not allowed.
    """
    changed = [place for place, pair in enumerate(zip(values, steered.seen, strict=True)) if pair[0] != pair[1]]
    if not changed:
        return steered
    request = steered.request
    sliders = [request.age, request.woman, request.smile, *positions(request)[3:]]
    for place in changed:
        sliders[place] = values[place]
    age, woman, smile, *directions = sliders
    request = replace(request, age=age, woman=woman, smile=smile, directions=tuple(directions))
    request.check()
    request = replace(request, directions=tuple(map(float, request.directions)))  # a page's script sends 1.0 as 1
    going_on = steered.control == changed[0] and moment - steered.moment < PAUSE
    past = steered.past if going_on else _remember(steered)
    return Steered(paint(request), steered.first, tuple(values), past, changed[0], moment)


def _remember(steered: Steered) -> tuple[Step, ...]:
    return (*steered.past, Step(steered.source, steered.first))[-_REMEMBERED:]


def undone(steered: Steered) -> Steered:
    """Return the face before its last step."""
    if not steered.past:
        return steered
    *past, step = steered.past
    return replace(steer(step.request), first=step.first, past=tuple(past))


def exchanged(steered: Steered, request: FaceRequest) -> Steered:
    """Return another face in the place of one, which is a step that can be undone."""
    return replace(steer(request), past=_remember(steered))


def reset(steered: Steered) -> Steered:
    """Return the face as it was chosen; this can be undone as well."""
    if steered.source == steered.first:
        return steered
    return replace(steer(steered.first), past=_remember(steered))


def nudged(steered: Steered, seed: int) -> Steered:
    """Return a face that is a bit different; after `NUDGES` of them it stays as it is."""
    if len(steered.request.nudges) >= NUDGES:
        return steered
    request = replace(steered.source, nudges=(*steered.source.nudges, seed))
    return replace(steer(request), first=steered.first, past=_remember(steered))


def usable(model: str) -> tuple[bool, ...]:
    """Return for every slider, in the order of `positions`, whether it does anything."""
    loaded = load(painter_of(model), model)
    found = len(loaded.directions)
    return (*loaded.known, *(number < found for number in range(DIRECTIONS)))


def direction_names(model: str, language: str) -> list[str]:
    """Return the names of a model's directions, as they stand beside their sliders."""
    names = (*load(painter_of(model), model).directions, *[""] * DIRECTIONS)[:DIRECTIONS]
    return [
        text(f"faces_direction_{name}", language) if name else text("faces_direction", language, number=number)
        for number, name in enumerate(names, 1)
    ]


def direction_ends(models: Sequence[str]) -> dict[str, np.ndarray]:
    """Return what the directions of models do to a typical face of each; those that cannot be used are left out.

    Returns:
        For each model pictures (2, DIRECTIONS, S, S, 3), uint8: at the lower end of each direction's slider, and at
        the upper one.
    """
    ends = {}
    for model in models:
        with suppress(UserError):
            ends[model] = _direction_ends(model, painter_of(model), load(painter_of(model), model).checkpoint.id)
    return ends


@lru_cache(maxsize=4 * len(MODELS))
def _direction_ends(model: str, painter: str, _checkpoint: str) -> np.ndarray:
    known = load(painter).known
    age, woman, smile = (middle if able else open_ for middle, able, open_ in zip(_MIDDLE, known, _OPEN, strict=True))
    typical = FaceRequest(model, variety=VARIETY[0], age=age, woman=woman, smile=smile)
    pushes = [tuple(end * (place == one) for place in range(DIRECTIONS)) for end in PUSH for one in range(DIRECTIONS)]
    faces = generation.paint([replace(typical, directions=push) for push in pushes], painter)
    pictures = np.stack([face.picture for face in faces])  # (2 D, S, S, 3)
    return pictures.reshape(2, DIRECTIONS, *pictures.shape[1:])


def nearness(face: Face) -> float | None:
    """Return the share of held-out faces that are at least as near to a training face; None without the encoder."""
    try:
        encoder, index = load_encoder(), load_reference_faces()
    except UserError:
        return None
    import torch

    from genai_demo.faces.sampling.reference_faces import embed

    picture = torch.from_numpy(face.picture).permute(2, 0, 1)[None]  # (1, 3, S, S)
    return index.nearness(embed(encoder.network, picture))[0].share_nearer


def added(strip: tuple[FaceRequest, ...], request: FaceRequest) -> tuple[FaceRequest, ...]:
    """Return the faces of a morph with one more, which takes the place of those that nobody chose.

    Raises:
        UserError: there are enough, or it is another model's.
    """
    if strip in _FIRST_STRIPS:
        strip = ()
    if len(strip) >= STATIONS[1]:
        raise UserError("ui.faces_strip_full", most=STATIONS[1])
    if strip and strip[0].model != request.model:
        raise UserError("faces.morph_one_model")
    return (*strip, request)


def rearranged(strip: tuple[FaceRequest, ...], edit: str, place: int) -> tuple[FaceRequest, ...]:
    """Return the faces of a morph with the one at `place` "earlier", "later", or without it: "remove"."""
    faces = list(strip)
    if not 0 <= place < len(faces):
        return strip
    face = faces.pop(place)
    if edit != "remove":
        faces.insert(max(0, place - 1) if edit == "earlier" else place + 1, face)
    return tuple(faces)


def first_film(choice: str) -> MorphRequest:
    """Return the film that is there before anybody chose faces: of a gallery's first model, always the same.

    Raises:
        UserError: the model cannot be used.
    """
    model = models_of(choice)[0]
    with _PAINTING_FIRST:
        painter = painter_of(model)
        faces = _first_faces(model, painter, load(painter, model).checkpoint.id)
    _FIRST_STRIPS.add(faces)
    return MorphRequest(faces)


_FIRST_STRIPS: set[tuple[FaceRequest, ...]] = set()
"""faces of morphs that nobody chose: one strip of each model"""


@lru_cache(maxsize=4 * len(MODELS))
def _first_faces(model: str, painter: str, _checkpoint: str) -> tuple[FaceRequest, ...]:
    from genai_demo.faces.sampling.choosing import choose

    return choose(model, 0, painter)


_FIRST_FILMS: dict[tuple[MorphRequest, str], Film] = {}
"""films that are there before anybody asked, the latest ones as long as this process lives: one of each model"""


def filmed(request: MorphRequest, once: bool) -> Generator[Film, None, None]:
    """Yield how far a film has come, and the film at last.

    Args:
        request: checked.
        once: whether it is made for whoever comes first, and shown to all.

    Raises:
        UserError: its model cannot be used.
    """
    painter = painter_of(request.model)
    key = request, load(painter, request.model).checkpoint.id
    if once and key in _FIRST_FILMS:
        yield _FIRST_FILMS[key]
        return
    with closing(generation.morph(request, painter)) as films:
        for film in films:
            if film.finished and once:
                while len(_FIRST_FILMS) >= 4 * len(MODELS):
                    _FIRST_FILMS.pop(next(iter(_FIRST_FILMS)), None)
                _FIRST_FILMS[key] = film
            yield film


def restored(request: FaceRequest, count: int) -> Gallery:
    """Return the gallery in which a face stood, with at least `count` faces, before it was steered."""
    count = min(COUNT[1], max(count, request.index + 1))
    return Gallery(GalleryRequest(request.model, count, request.seed, request.variety), AGE[0])
