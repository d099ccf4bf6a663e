"""Faces like one are the nearest by the encoder's features and by their colours, found among the model's own faces."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from genai_demo.errors import UserError
from genai_demo.faces.data.batches import to_floats
from genai_demo.faces.requests import FaceRequest
from genai_demo.faces.sampling import generation, search
from genai_demo.faces.sampling.loading import load_encoder
from genai_demo.faces.sampling.search import alike, searched

FEW = 40


@pytest.fixture(autouse=True)
def few(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "SEARCHED", FEW)
    search._known.cache_clear()


@pytest.mark.parametrize("model", ["gan", "vae"])
def test_the_nearest_come_first_and_none_is_left_out(model: str) -> None:
    face = generation.paint([FaceRequest(model, 900, 3, 1.0)])[0]
    found = alike(face, FEW)
    assert {(request.seed, request.index) for request in found} == {(r.seed, r.index) for r in searched(model)}
    network = load_encoder().network

    def traits(requests: list[FaceRequest]) -> tuple[torch.Tensor, torch.Tensor]:
        pictures = torch.stack([torch.from_numpy(one.picture).permute(2, 0, 1) for one in generation.paint(requests)])
        with torch.no_grad():
            features = network(to_floats(pictures))
        return features, F.avg_pool2d(to_floats(pictures), pictures.shape[2] // 8).flatten(1)

    known, colours = traits(searched(model))
    scale = colours.var(0).sum().sqrt()

    def placed(requests: list[FaceRequest]) -> tuple[torch.Tensor, torch.Tensor]:
        features, own = traits(requests)
        return F.normalize((features - known.mean(0)) / known.std(0)), own / scale

    (features, own), (of, its) = placed(found), placed([face.request])
    unlike = (features - of).square().sum(1) + 0.36 * (own - its).square().sum(1)
    assert bool((unlike.diff() >= -1e-3).all())
    assert alike(face, 5) == found[:5]


def test_a_face_is_not_like_itself_but_a_steered_one_finds_its_kin() -> None:
    asked = FaceRequest("gan", 0, 7, 1.0)
    face = generation.paint([asked])[0]
    assert (0, 7) not in {(request.seed, request.index) for request in alike(face, FEW)}
    stranger = generation.paint([replace(asked, seed=901)])[0]
    assert len(alike(stranger, FEW)) == FEW


def test_without_an_encoder_the_search_says_what_is_missing(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    face = generation.paint([FaceRequest("gan", 1, 1)])[0]
    monkeypatch.setattr(search, "load_encoder", lambda: load_encoder(str(tmp_path / "none")))
    with pytest.raises(UserError, match="none"):
        alike(face, 3)
