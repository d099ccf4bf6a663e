"""Films of faces that turn into one another."""

from __future__ import annotations

import io
import tempfile
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from genai_demo.errors import UserError
from genai_demo.faces.requests import FaceRequest, MorphRequest
from genai_demo.faces.results import enlarge
from genai_demo.faces.sampling.generation import morph, paint
from genai_demo.faces.sampling.morph import RATE, SIDE

pytestmark = pytest.mark.usefixtures("tiny")
FACES = tuple(FaceRequest("gan", seed=seed) for seed in (1, 2, 3))


@pytest.mark.parametrize("kind", ["webp", "gif"])
def test_an_animation_goes_round_for_ever(kind: str) -> None:
    *steps, last = morph(MorphRequest(FACES, 0.5, kind))
    assert [film.done for film in steps] == [12, 24, 36] and all(film.total == 36 for film in steps)
    image = Image.open(io.BytesIO(last.content))
    assert image.format == kind.upper() and image.size == (SIDE, SIDE)
    assert image.info["loop"] == 0
    assert image.n_frames <= 36


def test_a_gif_keeps_the_colours_and_looks_for_them_among_few_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    quantize, looked_at = Image.Image.quantize, []

    def counted(image: Image.Image, *values: object, **named: object) -> Image.Image:
        if named.get("palette") is None:
            looked_at.append(image.width * image.height)
        return quantize(image, *values, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Image.Image, "quantize", counted)
    film = list(morph(MorphRequest(FACES, 0.5, "gif")))[-1]
    assert 0 < sum(looked_at) <= 64 * 64 * 4
    image = Image.open(io.BytesIO(film.content))
    shown = np.asarray(image.convert("RGB")).astype(int)
    painted = np.asarray(enlarge(paint(FACES[:1])[0].picture, SIDE)).astype(int)
    assert np.abs(shown - painted).mean() < 6


def test_a_film_shows_every_face_in_turn() -> None:
    film = list(morph(MorphRequest(FACES, 0.5, "mp4")))[-1]
    with av.open(io.BytesIO(film.content)) as opened:
        track = opened.streams.video[0]
        assert track.codec_context.name == "h264" and track.average_rate == RATE
        frames = [frame.to_ndarray(format="rgb24").astype(int) for frame in opened.decode(track)]
        assert "machine" in opened.metadata["comment"]
    assert len(frames) == 36
    for number, face in enumerate(paint(FACES)):
        shown = np.asarray(enlarge(face.picture, SIDE)).astype(int)
        differences = [np.abs(frames[12 * station] - shown).mean() for station in range(3)]
        assert int(np.argmin(differences)) == number


@pytest.mark.parametrize("kind", ["mp4", "webp"])
def test_a_film_that_is_stopped_leaves_nothing(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with closing(morph(MorphRequest(FACES, 5.0, kind))) as films:
        assert next(films).done == 12
        if kind == "mp4":
            assert [file.name for file in tmp_path.rglob("*.mp4")] == ["morph.mp4"], "encoded as it is painted"
    assert not list(tmp_path.iterdir())


def test_steps_are_small_at_the_faces() -> None:
    content = list(morph(MorphRequest(FACES[:2], 1.0, "webp")))[-1].content
    image = Image.open(io.BytesIO(content))
    frames = []
    for number in range(image.n_frames):
        image.seek(number)
        frames.append(np.asarray(image.convert("RGB")).astype(int))
    changes = [np.abs(a - b).mean() for a, b in pairwise(frames)]
    assert changes[0] < max(changes[:24]) / 2


@pytest.mark.parametrize(
    "request_",
    [
        MorphRequest(FACES[:1]),
        MorphRequest(FACES * 3),
        MorphRequest((FaceRequest("gan"), FaceRequest("vae"))),
        MorphRequest(FACES, 60.0),
        MorphRequest(FACES, 1.0, "exe"),
        MorphRequest((FaceRequest(seed=-1), *FACES)),
    ],
    ids=lambda request: f"{len(request.faces)}-{request.seconds}-{request.format}",
)
def test_what_cannot_be_filmed_is_refused(request_: MorphRequest) -> None:
    with pytest.raises(UserError):
        next(morph(request_))
