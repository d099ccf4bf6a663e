"""Faces are pure functions of their requests, and their files make them again."""

from __future__ import annotations

import io
import shutil
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image

from genai_demo.engine.generation.receipts import RECEIPT_KEY, Receipt, read_receipt
from genai_demo.engine.models.checkpoint import read_checkpoint, save_checkpoint
from genai_demo.errors import UserError
from genai_demo.faces.modality import MODALITY
from genai_demo.faces.requests import FaceRequest, GalleryRequest
from genai_demo.faces.results import Face, png
from genai_demo.faces.sampling.generation import gallery, paint, problem, reproduce, request_of
from genai_demo.faces.sampling.loading import FOLDERS, load
from tests.common.service import ServiceSuite

pytestmark = pytest.mark.usefixtures("tiny")
FAMILIES = tuple(FOLDERS)


def same(a: Face, b: Face) -> bool:
    return np.array_equal(a.picture, b.picture)


class TestService(ServiceSuite):
    modality = MODALITY
    requests: ClassVar = {
        "gan": FaceRequest("gan", 7, 1, 0.9, directions=(1.0, -0.5), nudges=(1, 2)),
        "vae": FaceRequest("vae", 7, 1, 0.9, directions=(1.0, -0.5), nudges=(1, 2)),
        "labels": FaceRequest("vae", 3, age=50.0, woman=1.0, smile=0.5),
    }
    wrong_settings: ClassVar = [
        ({"directions": "far"}, "engine.receipt_lacks"),
        ({"directions": [99.0]}, "engine.out_of_range"),
        ({"nudges": [1.5]}, "engine.out_of_range_whole"),
        ({"model": "crayon"}, "engine.not_one_of"),
        ({"woman": 0.5, "hat": 1}, "engine.receipt_lacks"),
        ({"variety": float("nan")}, "engine.out_of_range"),
    ]
    grows = False

    @staticmethod
    def variants(made: Face) -> list[tuple[bytes, FaceRequest]]:
        return [(made.picture.tobytes(), made.request)]


@pytest.mark.parametrize("model", FAMILIES)
def test_the_same_seed_gives_the_same_faces_however_many(model: str) -> None:
    many = gallery(GalleryRequest(model, count=9, seed=3))
    few = gallery(GalleryRequest(model, count=2, seed=3))
    assert same(many[0], few[0]) and same(many[1], few[1])
    assert len({face.picture.tobytes() for face in many}) == 9
    other = gallery(GalleryRequest(model, count=1, seed=4))
    assert not same(other[0], few[0])
    assert many[0].picture.shape == (16, 16, 3) and many[0].picture.dtype == np.uint8


def test_both_and_mix_are_the_faces_of_their_models() -> None:
    gan, vae = (gallery(GalleryRequest(model, count=4, seed=1)) for model in FAMILIES)
    both = gallery(GalleryRequest("both", count=4, seed=1))
    pairs = [face for pair in zip(gan, vae, strict=True) for face in pair]
    assert all(same(a, b) for a, b in zip(both, pairs, strict=True))
    mix = gallery(GalleryRequest("mix", count=4, seed=1))
    assert [face.request.model for face in mix] == ["gan", "vae", "gan", "vae"]
    assert same(mix[0], gan[0]) and same(mix[1], vae[1])


@pytest.mark.parametrize("model", FAMILIES)
def test_what_is_asked_for_acts(model: str) -> None:
    base = FaceRequest(model, seed=2)
    changed = {
        "age": replace(base, age=80.0),
        "woman": replace(base, woman=1.0),
        "man": replace(base, woman=0.0),
        "smile": replace(base, smile=1.0),
        "variety": replace(base, variety=0.3),
        "direction": replace(base, directions=(0.0, 2.0)),
        "nudge": replace(base, nudges=(5,)),
    }
    first, *others = paint([base, *changed.values()])
    # Of woman and man, one may be what the face was already.
    different = [name for name, face in zip(changed, others, strict=True) if not same(first, face)]
    assert set(different) >= changed.keys() - {"woman", "man", "smile"}
    assert {"woman", "man"} & set(different)


@pytest.mark.parametrize("model", FAMILIES)
def test_filling_in_what_was_left_open_changes_nothing(model: str) -> None:
    (face,) = paint([FaceRequest(model, seed=5, index=2)])
    assert face.request.age > 0 and face.request.woman >= 0 and face.request.smile >= 0
    (again,) = paint([face.request])
    # A VAE's labels are readings of its code: setting them to what is read moves it by a rounding error, no more.
    assert np.abs(again.picture.astype(int) - face.picture).max() <= (0 if model == "gan" else 40)


@pytest.mark.parametrize("model", FAMILIES)
def test_a_file_makes_its_face_again(model: str, tmp_path: Path) -> None:
    request = FaceRequest(model, 7, 1, 0.9, directions=(1.0, -0.5), nudges=(1, 2))
    (face,) = paint([request])
    file = tmp_path / "face.png"
    file.write_bytes(png(face.picture, face.receipt, 128))
    receipt = read_receipt(file)
    assert receipt == face.receipt and request_of(receipt) == request
    assert same(reproduce(receipt), face)


def test_a_file_says_that_a_machine_made_it() -> None:
    (face,) = paint([FaceRequest()])
    image = Image.open(io.BytesIO(png(face.picture, face.receipt, 64)))
    assert image.size == (64, 64)
    assert "trainedAlgorithmicMedia" in image.text["XML:com.adobe.xmp"]
    assert "machine" in image.text["Description"]
    bare = Image.open(io.BytesIO(png(face.picture, None, 64)))
    assert RECEIPT_KEY not in bare.text


@pytest.mark.parametrize("model", FAMILIES)
def test_whole_numbers_push_as_well(model: str) -> None:
    (face,) = paint([FaceRequest(model, directions=(1.0, -2.0))])
    whole = replace(face.receipt, settings={**face.receipt.settings, "directions": [1, -2]})
    assert same(reproduce(whole), face)


def test_a_label_that_the_model_does_not_know_is_refused(tiny: Path, tmp_path: Path) -> None:
    folder = tmp_path / "unlabelled"
    shutil.copytree(tiny / FOLDERS["vae"], folder)
    assert load(str(tiny / FOLDERS["vae"])).known == (True, True, True)
    (folder / "latents.safetensors").unlink()
    with pytest.raises(UserError, match=r"latents\.safetensors"):
        load(str(folder))
    (folder / "about.json").unlink()
    whole = read_checkpoint(tiny / FOLDERS["vae"])
    save_checkpoint(folder, whole.weights(), whole.family, whole.model, whole.trained)
    assert load(str(folder)).known == (False, False, False)
    assert paint([FaceRequest("vae")], str(folder))[0].request.age == 0
    with pytest.raises(UserError, match="age"):
        paint([FaceRequest("vae", age=30.0)], str(folder))


def test_an_encoder_paints_nothing(tiny: Path) -> None:
    with pytest.raises(UserError, match="encoder"):
        paint([FaceRequest("gan")], str(tiny / "faces-encoder"))
    assert problem("encoder") is None


def test_receipts_differ_by_face_only() -> None:
    faces = gallery(GalleryRequest(count=3, seed=8, age=30, gender="woman", smile="yes"))
    assert len({face.receipt.to_json() for face in faces}) == 3
    assert all(isinstance(face.receipt, Receipt) and face.receipt.settings["age"] == 30 for face in faces)
