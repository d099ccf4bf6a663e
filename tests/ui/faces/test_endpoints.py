"""The faces tab as programs see it, and its words in both languages."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image

from genai_demo.engine.generation.receipts import Receipt, receipt_in
from genai_demo.faces.requests import GalleryRequest
from genai_demo.faces.results import enlarge
from genai_demo.faces.sampling import generation
from genai_demo.settings import settings
from tests.ui import test_languages as languages


@pytest.fixture
def client(faces: Path, connect: Callable[[], Client]) -> Client:
    return connect()


def picture(result: dict[str, Any]) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(base64.b64decode(result["image"]))))


def test_programs_get_faces_films_and_faces_again(client: Client) -> None:
    faces = client.predict(model="both", count=1, seed=5, age=30, api_name="/paint_faces")
    painted = generation.gallery(GalleryRequest("both", 1, 5, age=30))
    assert [np.array_equal(picture(a), np.array(enlarge(b.picture, 256))) for a, b in zip(faces, painted, strict=True)]
    assert [face["receipt"]["model"] for face in faces] == ["faces-gan", "faces-vae"]

    def again(face: dict[str, Any]) -> bool:
        made = client.predict(face["receipt"], api_name="/reproduce_face")
        return made["receipt"] == face["receipt"] and np.array_equal(picture(made), picture(face))

    assert again(faces[1])
    found = client.predict(faces[0]["receipt"], count=3, api_name="/search_faces")
    assert len({face["receipt"]["settings"]["index"] + 64 * face["receipt"]["settings"]["seed"] for face in found}) == 3
    assert all(map(again, found))
    pair = [face["receipt"] for face in client.predict(count=2, api_name="/paint_faces")]
    film = client.predict(pair, seconds=0.5, format="gif", api_name="/morph_faces")
    assert film["kind"] == "image/gif"
    assert film["receipt"]["action"] == "morph" and film["receipt"]["model"] == "faces-gan"
    assert receipt_in(base64.b64decode(film["film"]), "a film") == Receipt(**film["receipt"])
    with pytest.raises(AppError, match="not for a face"):
        client.predict(film["receipt"], api_name="/reproduce_face")
    assert Image.open(io.BytesIO(base64.b64decode(film["film"]))).n_frames == 24  # type: ignore[attr-defined]
    endpoints = client.view_api(return_format="dict", print_info=False)
    assert set(endpoints["named_endpoints"]) == {
        *("/start_run", "/runs", "/run", "/control_run"),
        *("/write_news", "/fill_blanks", "/rewrite_text", "/reproduce_text"),
        *("/explain_text", "/read_text", "/influence_text"),
        *("/paint_faces", "/morph_faces", "/reproduce_face", "/explain_faces", "/search_faces"),
    }
    assert not endpoints["unnamed_endpoints"]


def test_programs_are_told_what_is_not_allowed(client: Client) -> None:
    with pytest.raises(AppError, match="must be one of"):
        client.predict(model="crayon", api_name="/paint_faces")
    with pytest.raises(AppError, match="number of faces"):
        client.predict([], api_name="/morph_faces")
    (face,) = client.predict(api_name="/paint_faces")
    with pytest.raises(AppError, match="64"):
        client.predict(face["receipt"], count=65, api_name="/search_faces")
    with pytest.raises(AppError, match="does not ship"):
        client.predict(face["receipt"] | {"model": "/etc"}, api_name="/reproduce_face")


def test_the_tab_appears_when_a_model_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, faces: Path, tabs: Callable[[], set[str]]
) -> None:
    assert {"tab-faces", "tab-faces-photo"} <= tabs()
    monkeypatch.setenv("GENAI_DEMO_CHECKPOINTS", str(tmp_path))
    settings.cache_clear()
    assert "tab-faces" not in tabs()
    (tmp_path / "faces-gan").mkdir()
    assert {"tab-faces"} <= tabs()
    assert "tab-faces-photo" not in tabs(), "only the VAE can read a photo"


def test_the_tab_speaks_both_languages(faces: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    languages.speaks_both_languages(
        ["Any", "Woman", "Smil", "Variety", "photo", "film", "Download", "Direction", "Steer"]
    )


def test_importing_the_page_writes_no_file(root: Path) -> None:
    assert list((root / "genai_demo").rglob("*.pyi")) == []
