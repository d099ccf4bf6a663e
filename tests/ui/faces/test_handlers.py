"""What the faces tab does, on debug models."""

from __future__ import annotations

import base64
import io
import json
import shutil
import zipfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from genai_demo.engine.generation.receipts import Receipt, read_receipt
from genai_demo.errors import UserError
from genai_demo.faces.requests import NUDGES, FaceRequest, GalleryRequest
from genai_demo.faces.sampling import generation
from genai_demo.settings import settings
from genai_demo.ui.faces import files, handlers
from genai_demo.ui.faces.gallery import GalleryPage, gallery_page
from genai_demo.ui.faces.handlers import Gallery, Steered
from genai_demo.ui.languages import Texts, sentence

pytestmark = pytest.mark.usefixtures("faces")
FIELDS: dict[str, Any] = {
    "model": "gan",
    "count": 4,
    "gender": "any",
    "smile": "any",
    "any_age": True,
    "age": 40,
    "variety": 0.8,
    "seed": 3,
}


def gallery(shown: Gallery | None = None, **changes: Any) -> Gallery:
    return handlers.gallery_of(shown, **(FIELDS | changes))


def page() -> GalleryPage:
    with gr.Blocks(), gr.Tab() as tab:
        return gallery_page(Texts(), tab, ("gan", "vae"))


def moved(steered: Steered, place: int, value: float, moment: float) -> Steered:
    values = [*steered.seen]
    values[place] = value
    return handlers.moved(steered, values, moment)


def same(a: np.ndarray, b: np.ndarray) -> bool:
    return np.array_equal(a, b)


def test_fields_make_the_gallery_they_show() -> None:
    assert gallery().request == GalleryRequest("gan", 4, 3, 0.8)
    assert gallery(count=4.0, any_age=False, age=30.0).request.age == 30


def test_moving_the_age_asks_for_it() -> None:
    first = gallery()
    assert gallery(first).request.age == 0, "nothing was moved"
    assert gallery(first, age=41).request.age == 41


@pytest.mark.parametrize(
    "change",
    [
        {"seed": None},
        {"seed": -1},
        {"count": 4.5},
        {"any_age": False, "age": 5},
        {"any_age": False, "age": 0},
        {"variety": None},
    ],
)
def test_what_is_half_typed_is_refused_by_name(change: dict[str, Any]) -> None:
    with pytest.raises(UserError) as refused:
        gallery(**change)
    name = next(iter(set(change) - {"any_age"}))
    assert sentence(refused.value, "en", "faces").lower().startswith({"count": "number of faces"}.get(name, name)), (
        sentence(refused.value, "en", "faces")
    )


def test_errors_name_settings_in_the_visitors_language() -> None:
    with pytest.raises(UserError) as refused:
        gallery(variety=9)
    assert sentence(refused.value, "zh", "faces").startswith("多样性")


def test_painting_shows_the_gallery() -> None:
    updates = page().painted(gallery(count=2), "en")
    notice, shown, grid, any_age = updates.values()
    assert (notice, shown, any_age) == ("", gallery(count=2), True)
    assert grid.count("<img") == 2


def test_a_damaged_checkpoint_is_named(faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "checkpoints"
    shutil.copytree(faces, broken)
    (broken / "faces-vae" / "model.safetensors").write_bytes(b"no weights")
    monkeypatch.setenv("GENAI_DEMO_CHECKPOINTS", str(broken))
    settings.cache_clear()
    page().painted(gallery(), "en")
    for model in ("vae", "both", "mix"):
        with pytest.raises(UserError, match="faces-vae"):
            page().painted(gallery(model=model), "en")
    assert handlers.models_here() == ("gan", "vae")
    shutil.rmtree(broken / "faces-gan")
    assert handlers.models_here() == ("vae",)


@pytest.mark.parametrize("model", ["gan", "vae"])
def test_a_face_opens_as_it_stood_in_the_gallery(model: str) -> None:
    request = GalleryRequest(model, count=3, seed=3)
    steered = handlers.picked(request, 2)
    stood = generation.gallery(request)[2]
    assert same(steered.face.picture, stood.picture)
    assert steered.request.index == 2
    with pytest.raises(UserError):
        handlers.picked(request, 3)


@pytest.mark.parametrize("model", ["gan", "vae"])
def test_only_the_slider_that_moved_changes_the_face(model: str) -> None:
    before = handlers.steer(FaceRequest(model, seed=4))
    after = moved(before, 0, 80.0, 0.0)
    assert after.request == replace(before.request, age=80.0, directions=(0.0,) * 8)
    assert not same(after.face.picture, before.face.picture)
    pushed = moved(after, 4, 2.5, 1.0)
    assert pushed.request.directions == (0.0, 2.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    assert handlers.positions(pushed.request)[:1] == (80,)


def test_whole_numbers_from_a_script_are_as_good_as_others() -> None:
    before = handlers.steer(FaceRequest("vae"))
    after = handlers.moved(before, [*before.seen[:3], *[1] * 8], 0.0)
    assert after.request.directions == (1.0,) * 8


def test_nothing_is_painted_when_nothing_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    steered = handlers.steer(FaceRequest())
    monkeypatch.setattr(generation, "paint", lambda *_: pytest.fail("painted"))
    assert handlers.moved(steered, steered.seen, 0.0) is steered


def test_a_drag_is_one_step_to_undo_and_another_slider_a_second_one() -> None:
    first = handlers.steer(FaceRequest(seed=6))
    dragged = first
    for number, age in enumerate((30.0, 40.0, 50.0)):
        dragged = moved(dragged, 0, age, 0.1 * number)
    smiling = moved(dragged, 2, 1.0, 0.4)
    later = moved(smiling, 2, 0.0, 9.0)
    for before, after in ((smiling, later), (dragged, smiling), (first, dragged)):
        back = handlers.undone(after)
        assert same(back.face.picture, before.face.picture)
        assert back.seen == handlers.positions(before.request)
        assert len(back.past) == len(after.past) - 1
    assert handlers.undone(first) is first


def test_a_value_beyond_its_slider_is_refused_and_nothing_is_lost() -> None:
    steered = handlers.steer(FaceRequest())
    with pytest.raises(UserError) as refused:
        moved(steered, 0, 5.0, 0.0)
    assert sentence(refused.value, "zh", "faces").startswith("年龄")


def test_reset_and_nudges_can_be_undone() -> None:
    first = handlers.steer(FaceRequest("vae", seed=2))
    different = handlers.nudged(first, 11)
    assert not same(different.face.picture, first.face.picture)
    assert different.request.nudges == (11,)
    back = handlers.reset(different)
    assert same(back.face.picture, first.face.picture)
    assert same(handlers.undone(back).face.picture, different.face.picture)
    assert handlers.reset(first) is first


def test_after_the_last_nudge_the_face_stays() -> None:
    steered = handlers.steer(FaceRequest(nudges=tuple(range(NUDGES))))
    assert handlers.nudged(steered, 1) is steered


def test_another_face_in_its_place_is_a_step_that_can_be_undone() -> None:
    first = moved(handlers.steer(FaceRequest(seed=6)), 2, 1.0, 0.0)
    other = handlers.exchanged(first, FaceRequest(seed=7, index=3))
    assert other.request.seed == 7
    assert same(handlers.reset(moved(other, 0, 80.0, 0.0)).face.picture, other.face.picture)
    back = handlers.undone(other)
    assert same(back.face.picture, first.face.picture)
    assert handlers.reset(back).source == FaceRequest(seed=6)


def test_what_is_seen_first_is_painted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    faces, seconds = handlers.painted(GalleryRequest())
    assert same(faces[3].picture, generation.gallery(GalleryRequest())[3].picture)
    monkeypatch.setattr(generation, "gallery", lambda *_: pytest.fail("painted"))
    again = handlers.painted(GalleryRequest())
    assert again == (faces, seconds)


def test_the_ends_of_a_direction_are_what_its_slider_does() -> None:
    ends = handlers.direction_ends(("gan", "vae", "nothing"))
    assert ends.keys() == {"gan", "vae"}
    for model, pictures in ends.items():
        assert pictures.shape[:2] == (2, 8) and pictures.shape[-1] == 3
        typical = FaceRequest(model, variety=0.2, age=35.0, woman=0.5, smile=0.5)
        for end, push in enumerate((-3.0, 3.0)):
            pushed = handlers.paint(replace(typical, directions=(0.0, push)))
            # Painted beside others, and alone: some processors round their last digits another way.
            assert np.abs(pictures[end, 1].astype(int) - pushed.picture).max() <= 1


def test_directions_have_names_or_numbers() -> None:
    names = handlers.direction_names("vae", "en")
    assert len(names) == 8
    assert all(names)
    assert handlers.usable("gan")[:3] == (True, True, True)


def test_the_share_of_strangers_as_near_is_a_share() -> None:
    share = handlers.nearness(handlers.paint(FaceRequest()))
    assert share is not None
    assert 0 <= share <= 1


def test_without_the_encoder_nearness_is_unknown(faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    face = handlers.paint(FaceRequest())
    shutil.copytree(faces / "faces-gan", tmp_path / "faces-gan")
    monkeypatch.setenv("GENAI_DEMO_CHECKPOINTS", str(tmp_path))
    settings.cache_clear()
    assert handlers.nearness(face) is None


def test_a_morphs_faces_are_moved_and_removed() -> None:
    a, b, c = (FaceRequest(index=place) for place in range(3))
    assert handlers.rearranged((a, b, c), "earlier", 2) == (a, c, b)
    assert handlers.rearranged((a, b, c), "later", 0) == (b, a, c)
    assert handlers.rearranged((a, b, c), "remove", 1) == (a, c)
    assert handlers.rearranged((a, b, c), "earlier", 0) == (a, b, c)
    assert handlers.rearranged((a,), "remove", 7) == (a,)


def test_a_morph_takes_six_faces_of_one_model() -> None:
    faces = (FaceRequest(),) * 5
    assert handlers.added(faces, FaceRequest(index=1))[-1].index == 1
    with pytest.raises(UserError) as full:
        handlers.added((*faces, FaceRequest()), FaceRequest())
    assert "6" in str(full.value)
    with pytest.raises(UserError) as mixed:
        handlers.added(faces, FaceRequest("vae"))
    assert mixed.value.key == "faces.morph_one_model"


def unpacked(download: str) -> tuple[str, bytes]:
    file = json.loads(download)
    return file["name"], base64.b64decode(file["content"])


def test_a_downloaded_face_is_opened_pixel_by_pixel() -> None:
    steered = moved(handlers.steer(FaceRequest("vae", seed=9)), 3, 1.5, 0.0)
    name, content = unpacked(files.portrait_file(steered.face))
    assert name == "face-vae-9-0.png"
    found = files.opened(content, name)
    assert found.face.request == steered.request
    assert found.difference == 0
    # a receipt alone is enough
    assert files.opened(steered.face.receipt.to_json().encode(), "receipt.json").picture is None


def test_a_changed_picture_is_noticed() -> None:
    steered = handlers.steer(FaceRequest(seed=9))
    _, content = unpacked(files.portrait_file(steered.face))
    image = Image.open(io.BytesIO(content))
    image.load()
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_itxt("genai-demo-receipt", steered.face.receipt.to_json())
    stream = io.BytesIO()
    image.transpose(Image.Transpose.FLIP_TOP_BOTTOM).save(stream, "PNG", pnginfo=info)
    assert files.opened(stream.getvalue(), "face.png").difference > 3


def test_the_archive_holds_every_face_with_its_receipt(tmp_path: Path) -> None:
    request = GalleryRequest("both", count=2, seed=8)
    name, content = unpacked(files.gallery_file(request))
    assert name == "faces-both-8.zip"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert set(archive.namelist()) == {
            "contact-sheet.png",
            *(f"face-{model}-8-{index}.png" for model in ("gan", "vae") for index in range(2)),
        }
        archive.extractall(tmp_path)
    for face, asked in zip(generation.gallery(request), request.faces(), strict=True):
        assert read_receipt(tmp_path / files.file_name(asked)) == face.receipt


@pytest.mark.parametrize("model", ["/etc", "../secret", "runs/mine", ""])
def test_a_visitors_receipt_cannot_name_a_folder(model: str) -> None:
    receipt = Receipt("faces", "paint", model, "c0ffee", asdict(FaceRequest()))
    with pytest.raises(UserError) as refused:
        files.reproduced(receipt)
    assert refused.value.key == "ui.faces_not_shipped"


def test_the_gallery_of_an_opened_face_holds_it() -> None:
    restored = handlers.restored(FaceRequest("vae", 5, 40, 0.6, age=50.0, nudges=(1,)), 16)
    assert restored.request == GalleryRequest("vae", 41, 5, 0.6)
    restored.request.check()
    assert handlers.restored(FaceRequest(index=9_999), 16).request.count == 64
