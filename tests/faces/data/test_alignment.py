"""The face of a photo is found and cut out upright, its eyes and mouth where the training set's are."""

from __future__ import annotations

import cmath
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from genai_demo.catalogue import LANGUAGES
from genai_demo.errors import UserError
from genai_demo.faces.data.alignment import EYES, MOUTH, SMALLEST_FACE, Square, align, cut
from tests.helpers.pictures import cartoon, picture

BACKGROUND = (120, 130, 140)


def with_sunglasses(drawn: Image.Image) -> Image.Image:
    """Return a drawn face with its eyes behind dark glasses."""
    side, draw = drawn.width, ImageDraw.Draw(drawn)
    for eye in EYES:
        middle = side * complex(eye)
        first, last = middle - side * (0.13 + 0.09j), middle + side * (0.13 + 0.1j)
        draw.ellipse((first.real, first.imag, last.real, last.imag), (12, 12, 15))
    return drawn


def scene(size: tuple[int, int], *faces: Square, dark: bool = False) -> Image.Image:
    """Return a picture with a drawn face in each square, with sunglasses if `dark`."""
    image = Image.new("RGB", size, BACKGROUND)
    for face in faces:
        drawn = with_sunglasses(cartoon()) if dark else cartoon()
        step = drawn.width / face.edge
        corner = drawn.width * (0.5 + 0.5j) - step * face.middle
        matrix = (step.real, -step.imag, corner.real, step.imag, step.real, corner.imag)
        warped = drawn.transform(size, Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC)
        mask = Image.new("L", drawn.size, 255).transform(size, Image.Transform.AFFINE, matrix)
        image.paste(warped, mask=mask)
    return image


def rolled(middle: complex, side: float, degrees: float = 0) -> Square:
    return Square(middle, cmath.rect(side, math.radians(degrees)))


def error(found: Square, true: Square) -> float:
    """Return the mean distance of eyes and mouth, in pixels of a picture of 64."""
    marks = np.array([*EYES, MOUTH])
    return float(np.abs(64 * (found.place(marks) - true.place(marks)) / true.edge).mean())


@pytest.mark.parametrize(
    "face",
    [rolled(250 + 180j, 220), rolled(300 + 200j, 160, 14), rolled(160 + 170j, 200, -14), rolled(250 + 190j, 70, 5)],
    ids=["upright", "clockwise", "anticlockwise", "small"],
)
def test_a_face_is_found_where_it_is(face: Square) -> None:
    aligned = align(scene((500, 380), face))
    assert error(aligned.square, face) < 2.5
    assert (aligned.picture.mode, aligned.picture.size, aligned.notes) == ("RGB", (64, 64), ())
    drawn = np.asarray(cartoon(64), np.float32)
    away = np.abs(np.asarray(aligned.picture, np.float32) - drawn).mean()
    assert away < 0.5 * np.abs(np.asarray(aligned.picture.rotate(30), np.float32) - drawn).mean()


@pytest.mark.parametrize("degrees", [20, -20, 30])
@pytest.mark.parametrize("dark", [False, True], ids=["", "sunglasses"])
def test_a_tilted_face_is_found_with_sunglasses_too(degrees: float, dark: bool) -> None:
    face = rolled(250 + 190j, 220, degrees)
    aligned = align(scene((500, 380), face, dark=dark))
    assert error(aligned.square, face) < 3
    roll = math.degrees(cmath.phase(aligned.square.edge))
    assert abs(roll - degrees) < 4


def test_an_aligned_picture_stays_as_it_is() -> None:
    aligned = align(cartoon(200), size=48)
    assert aligned.picture.size == (48, 48)
    assert error(aligned.square, rolled(100 + 100j, 200)) < 2.5


def test_the_largest_of_several_faces_is_taken() -> None:
    small, large = rolled(120 + 160j, 110), rolled(380 + 190j, 220)
    aligned = align(scene((560, 380), small, large))
    assert error(aligned.square, large) < 2.5
    assert aligned.notes == ("faces.several_faces",)


def test_a_face_that_is_cut_by_the_edge() -> None:
    face = rolled(250 + 80j, 200)
    aligned = align(scene((500, 380), face))
    assert error(aligned.square, face) < 3
    assert aligned.notes == ("faces.face_at_the_edge",)


def refused(photo: Image.Image, key: str, *parts: str) -> None:
    with pytest.raises(UserError) as refusal:
        align(photo)
    assert refusal.value.key == key
    for language in LANGUAGES:
        sentence = refusal.value.in_language(language)
        assert all(part in sentence for part in parts), sentence


def test_pictures_without_a_face() -> None:
    refused(Image.new("RGB", (300, 200), "white"), "faces.no_face")
    refused(picture(3, (400, 300)), "faces.no_face")
    refused(scene((500, 380), rolled(250 + 180j, 220, 180)), "faces.no_face")
    refused(Image.new("RGB", (1200, 32)), "faces.no_face")


def test_a_face_that_is_too_small() -> None:
    refused(cartoon(SMALLEST_FACE - 6), "faces.face_too_small", str(SMALLEST_FACE))


def test_a_face_in_a_large_photo_is_cut_out_sharp() -> None:
    face = rolled(1700 + 1300j, 900, 4)
    aligned = align(scene((3000, 2600), face), size=128)
    assert error(aligned.square, face) < 2.5
    assert aligned.picture.size == (128, 128)


def test_the_photo_itself_is_not_changed() -> None:
    photo = scene((300, 260), rolled(150 + 130j, 180))
    before = photo.tobytes()
    align(photo)
    assert photo.tobytes() == before


@given(
    st.floats(20, 80), st.floats(20, 80), st.floats(10, 120), st.floats(-180, 180), st.complex_numbers(max_magnitude=2)
)
def test_parts_of_squares_lie_where_they_should(
    x: float, y: float, side: float, degrees: float, point: complex
) -> None:
    square = rolled(complex(x, y), side, degrees)
    assert abs(square.place(0.5 + 0.5j) - square.middle) < 1e-9
    assert abs(square.place(1) - square.place(0) - square.edge) < 1e-9
    # Clockwise, seen with y downwards: from the upper left corner the left edge is a quarter turn after the upper one.
    assert abs(square.place(1j) - square.place(0) - 1j * square.edge) < 1e-9
    part = square.part(0.25 + 0.75j, 0.5)
    assert abs(part.place(point) - square.place(point / 2 + 0.5j)) < 1e-6
    assert (
        abs(square.rolled(90).place(1j) - square.place(0)) < 1e-9
        or abs(square.rolled(90).place(0) - square.place(1)) < 1e-9
    )


@pytest.mark.parametrize("oversampling", [1, 4])
def test_a_whole_picture_is_cut_out_unchanged(oversampling: int) -> None:
    image = picture(size=(64, 64))
    same = cut(image, rolled(32 + 32j, 64), 64, oversampling)
    assert np.abs(np.asarray(same, int) - np.asarray(image, int)).max() <= (0 if oversampling == 1 else 8)


@pytest.mark.parametrize(("degrees", "turn"), [(90, 1), (180, 2), (-90, 3)])
def test_a_rolled_square_is_cut_out_upright(degrees: float, turn: int) -> None:
    image = picture(size=(64, 64))
    upright = cut(image, rolled(32 + 32j, 64, degrees), 64, 1)
    assert np.abs(np.asarray(upright, int) - np.rot90(np.asarray(image, int), turn)).max() <= 1


@given(st.floats(-300, 300), st.floats(-300, 300), st.floats(1, 400), st.floats(-180, 180))
def test_beyond_the_edge_its_colours_go_on(x: float, y: float, side: float, degrees: float) -> None:
    image = Image.new("RGB", (40, 30), (10, 200, 90))
    colours = np.asarray(cut(image, rolled(complex(x, y), side, degrees), 8))
    assert colours.shape == (8, 8, 3)
    assert np.abs(colours.astype(int) - (10, 200, 90)).max() <= 1
