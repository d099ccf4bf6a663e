"""Four faces for a morph: of each kind the least odd."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from genai_demo.faces.requests import COUNT, USUAL_VARIETY, GalleryRequest
from genai_demo.faces.sampling import generation
from genai_demo.faces.sampling.choosing import choose
from genai_demo.faces.sampling.loading import load_encoder, load_reference_faces
from genai_demo.faces.sampling.reference_faces import ReferenceFaces, embed
from genai_demo.settings import settings

pytestmark = pytest.mark.usefixtures("tiny")


def oddness(pictures: torch.Tensor) -> torch.Tensor:
    return load_reference_faces().oddness(embed(load_encoder().network, pictures))


@pytest.mark.parametrize("model", ["gan", "vae"])
def test_the_least_odd_of_each_kind_are_chosen(model: str) -> None:
    faces = generation.gallery(GalleryRequest(model, COUNT[1], 5))
    odd = oddness(torch.stack([torch.from_numpy(face.picture) for face in faces]).permute(0, 3, 1, 2))
    chosen = choose(model, 5)
    assert len({request.index for request in chosen}) == 4
    assert choose(model, 5) == chosen
    assert float(odd[[request.index for request in chosen]].mean()) < float(odd.median())
    assert int(odd.argmin()) in {request.index for request in chosen}
    assert {request.variety for request in chosen} == {USUAL_VARIETY}
    middle = sorted(face.request.woman for face in faces)[31:33]
    assert sum(request.woman <= middle[0] for request in chosen) >= 2
    assert sum(request.woman >= middle[1] for request in chosen) >= 2


def test_without_the_encoder_four_are_chosen_all_the_same(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "faces-gan").symlink_to(tiny / "faces-gan")
    monkeypatch.setenv("GENAI_DEMO_CHECKPOINTS", str(tmp_path))
    settings.cache_clear()
    assert len(set(choose("gan", 5))) == 4


def test_odd_is_what_training_faces_do_not_have_in_common() -> None:
    spread = torch.randn(400, 3, generator=torch.Generator().manual_seed(0)) * torch.tensor([30.0, 30.0, 1.0])
    reference = ReferenceFaces(spread.round().to(torch.int8), torch.empty(0))
    usual, odd = torch.tensor([[30.0, 0.0, 0.0], [0.0, 0.0, 30.0]]) / 127
    distances = reference.oddness(torch.stack([usual, odd])).tolist()
    assert distances[0] < 3 < 100 < distances[1]
