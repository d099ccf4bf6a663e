"""What the panel inside a face is sent, and what it refuses."""

from __future__ import annotations

import base64
import csv
import io
import json
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from PIL import Image

from genai_demo.errors import UserError
from genai_demo.faces.explaining import map, verdict
from genai_demo.faces.models.gan import DEBUG, Discriminator, GanConfig
from genai_demo.faces.models.judge import Judge
from genai_demo.faces.requests import FaceRequest
from genai_demo.faces.sampling.generation import paint
from genai_demo.ui.faces import api
from genai_demo.ui.faces.explaining.answers import KINDS, answer, moved

pytestmark = pytest.mark.usefixtures("faces")


def receipt(model: str = "gan", **settings: object) -> str:
    return paint([replace(FaceRequest(model, seed=4), **settings)])[0].receipt.to_json()


def picture(address: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))), float)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("model", ["gan", "vae"])
def test_every_explanation_brings_its_numbers_and_its_code(
    kind: str, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(map, "ACROSS", 4)
    judge = Judge(Discriminator(GanConfig(**DEBUG)), torch.tensor([-1.0, 0.0, 1.0]), torch.tensor([-2.0, 0.5]))
    monkeypatch.setattr(verdict, "judge_of", lambda checkpoint: judge if checkpoint.family == "gan" else None)
    told = json.loads(json.dumps(answer(kind, receipt(model))))
    assert told["kind"] == kind and "def " in told["code"]
    nothing = (kind, model) in {("verdict", "vae"), ("bits", "gan")}
    assert (len(list(csv.reader(io.StringIO(told["csv"])))) > 1) != nothing


def test_where_nothing_has_kept_a_discriminator_it_says_so() -> None:
    assert "score" not in answer("verdict", receipt())


def test_a_stage_is_switched_off_and_on() -> None:
    own = receipt()
    told = answer("stages", own)
    whole = picture(told["picture"])
    assert np.array_equal(picture(moved("stages", own, {"on": [True] * 3})["picture"]), whole)
    assert np.abs(picture(moved("stages", own, {"on": [True, False, True]})["picture"]) - whole).mean() > 0


def test_a_point_of_the_plane_at_a_corner_is_the_face() -> None:
    own = receipt()
    (face,) = paint([FaceRequest("gan", seed=4)])
    found = picture(moved("plane", own, {"across": 0, "down": 0.0})["picture"])
    assert np.abs(found - face.picture).mean() < 6, "but for what JPEG loses"
    assert not np.array_equal(picture(moved("plane", own, {"across": 1.0, "down": 0.5})["picture"]), found)


def test_what_cannot_be_is_refused() -> None:
    own = receipt()
    shipped = json.loads(own)
    for asked, key in (
        (lambda: answer("looks", own), "engine.not_one_of"),
        (lambda: answer("plane", own, -1), "engine.out_of_range_whole"),
        (lambda: answer("stages", json.dumps({**shipped, "model": "../elsewhere"})), "ui.faces_not_shipped"),
        (lambda: answer("stages", json.dumps({**shipped, "checkpoint": "c0ffee"})), "engine.other_checkpoint"),
        (lambda: moved("stages", own, {"on": [True]}), "ui.bad_request"),
        (lambda: moved("plane", own, {"across": 2, "down": 0}), "engine.out_of_range"),
        (lambda: moved("plane", own, {"across": "x", "down": 0}), "engine.out_of_range"),
        (lambda: moved("bits", own, {"number": 1}), "engine.not_one_of"),
        (lambda: moved("bits", receipt("vae"), {"number": 900}), "engine.out_of_range_whole"),
        (lambda: moved("pairs", own, {"turn": 3}), "engine.out_of_range"),
        (lambda: moved("map", own, {}), "engine.not_one_of"),
    ):
        with pytest.raises(UserError) as refusal:
            asked()
        assert refusal.value.key == key


def test_programs_are_told_the_same() -> None:
    (face,) = paint([FaceRequest("vae", seed=4)])
    told = api.explain_faces(asdict(face.receipt))
    assert json.loads(json.dumps(told))["checkpoint"] == face.receipt.checkpoint
    assert [one["adds"] for one in told["stages"]] == [
        one["adds"] for one in answer("stages", face.receipt.to_json())["stages"]
    ]
    with pytest.raises(UserError):
        api.explain_faces(asdict(replace(face.receipt, model="../elsewhere")))
