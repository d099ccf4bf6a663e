"""Faces as HTML: every picture says what it shows, whoever asked for it."""

from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import asdict

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from genai_demo.engine.generation.receipts import Receipt
from genai_demo.faces.requests import FaceRequest, GalleryRequest
from genai_demo.faces.results import Face
from genai_demo.marks.reading import Marks
from genai_demo.ui import languages
from genai_demo.ui.components import photo
from genai_demo.ui.faces import cards
from genai_demo.ui.languages import Texts
from tests.helpers.markup import HOSTILE, Reader

WOMAN = FaceRequest("gan", 7, 2, age=34.2, woman=0.9, smile=0.8)
PICTURE = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)


class Loose(Reader):
    """A reader that knows that an image needs no end."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        super().handle_starttag(tag, attrs)
        if tag in ("img", "input"):
            self.open.pop()


def face(request: FaceRequest = WOMAN) -> Face:
    settings = json.loads(json.dumps(asdict(request)))
    return Face(PICTURE, request, (Receipt("faces", "paint", "faces-gan", "c0ffee", settings),))


def decoded(address: str) -> Image.Image:
    kind, _, content = address.partition(",")
    assert kind == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(content)))


@pytest.mark.parametrize(
    ("request_", "english"),
    [
        (WOMAN, "woman, about 34, smiling; machine-made"),
        (FaceRequest(woman=0.1, smile=0.2, age=70), "man, about 70, not smiling; machine-made"),
        (FaceRequest(smile=0.2), "not smiling; machine-made"),
        (FaceRequest(), "a person; machine-made"),
    ],
)
def test_a_face_is_described_as_it_was_asked_for(request_: FaceRequest, english: str) -> None:
    assert cards.described(request_, "en") == english
    assert "机器生成" in cards.described(request_, "zh")


@pytest.mark.parametrize(("count", "side"), [(1, 512), (4, 384), (9, 288), (16, 224), (64, 144)])
def test_few_faces_are_large_and_all_are_sharp(count: int, side: int) -> None:
    page = Loose(cards.gallery(GalleryRequest(count=count), [face()] * count, 0.1, "en"))
    images = page.attributes("img")
    assert len(images) == len(page.attributes("button")) == count
    assert decoded(images[0]["src"] or "").size == (side, side)


def test_every_button_of_a_gallery_has_a_name_of_its_own() -> None:
    request = GalleryRequest("both", count=3)
    faces = [face(one) for one in request.faces()]
    page = Loose(cards.gallery(request, faces, 0.1, "en"))
    names = [image["alt"] for image in page.attributes("img")]
    assert len(set(names)) == 6
    assert [button["data-place"] for button in page.attributes("button")] == [str(place) for place in range(6)]
    assert page.classes("pair") == 3
    assert "GAN" in page.words and "VAE" in page.words


def test_a_gallery_of_one_model_does_not_repeat_its_name() -> None:
    assert "maker" not in cards.gallery(GalleryRequest("vae", count=1), [face()], 0.1, "en")


def test_the_seed_is_always_shown() -> None:
    for language in ("en", "zh"):
        assert "4711" in Loose(cards.gallery(GalleryRequest(seed=4711, count=1), [face()], 0.1, language)).words


def test_that_several_faces_are_machine_made_is_said_once() -> None:
    for drawn in (
        cards.gallery(GalleryRequest(count=4), [face()] * 4, 0.1, "en"),
        cards.strip([face()] * 4, "en"),
    ):
        assert drawn.lower().count("machine-made") == 1
        assert all("woman, about 34" in (image["alt"] or "") for image in Loose(drawn).attributes("img"))
    assert cards.portrait(face(), "en").count('alt="woman, about 34, smiling; machine-made"') == 1


def test_a_strip_says_how_many_faces_it_has_room_for() -> None:
    assert "3 of at most 6" in Loose(cards.strip([face()] * 3, "en")).words
    assert "One more face" in Loose(cards.strip([face()], "en")).words


def test_the_ends_of_directions_are_one_sheet_for_each_model() -> None:
    ends = np.zeros((2, 8, 16, 16, 3), np.uint8)
    ends[1, 3] = 255
    sheet = cards.direction_ends({"gan": ends, "vae": ends})
    addresses = re.findall(r'--ends: url\("([^"]+)"\)', sheet)
    assert len(addresses) == 2
    assert "#faces-photo" in sheet.partition("vae")[2]
    picture = decoded(addresses[0])
    assert picture.size == (8 * 16, 2 * 16)
    assert picture.getpixel((3 * 16 + 8, 16 + 8)) == (255, 255, 255)
    assert picture.getpixel((3 * 16 + 8, 8)) == (0, 0, 0)


@pytest.mark.parametrize(
    ("share", "words"), [(0.8, "80 %"), (0.2, "nearer than usual"), (0.01, "partly remembered"), (0.0, "At most 1 %")]
)
def test_nearness_is_told_in_words(share: float, words: str) -> None:
    assert words in Loose(cards.nearest(share, "en")).words


def test_without_an_encoder_nothing_is_said_of_nearness() -> None:
    assert cards.nearest(None, "en") == ""


def test_a_morphs_first_and_last_faces_move_one_way_only() -> None:
    page = Loose(cards.strip([face()] * 3, "en"))
    off = [(button["data-edit"], button["data-place"]) for button in page.attributes("button") if "disabled" in button]
    assert off == [("earlier", "0"), ("later", "2")]
    assert all(button["aria-label"] for button in page.attributes("button"))


@pytest.mark.parametrize(("difference", "words"), [(0.0, "every pixel"), (1.0, "rounds"), (40.0, "changed")])
def test_a_verdict_says_how_near_the_pictures_are(difference: float, words: str) -> None:
    assert words in Loose(cards.verdict(Marks("image/png"), face(), PICTURE, difference, "en")).words


def test_a_receipt_without_a_picture_is_not_compared() -> None:
    page = Loose(cards.verdict(Marks("image/png"), face(), None, 0.0, "en"))
    assert "pixel" not in page.words
    assert len(page.attributes("img")) == 1


def test_an_example_says_that_it_is_one() -> None:
    shown = [
        Loose(cards.verdict(Marks("image/png"), face(), PICTURE, 0.0, "en", there)).words for there in (True, False)
    ]
    assert ["An example" in words for words in shown] == [True, False]


def test_a_film_plays_itself_or_is_a_picture() -> None:
    assert re.search(
        r'<video src="data:video/mp4;base64,\w+=*" .*autoplay loop muted', cards.film("video/mp4", b"film")
    )
    assert '<img src="data:image/gif' in cards.film("image/gif", b"film")


def test_a_film_that_nobody_asked_for_waits_to_be_played() -> None:
    film = cards.film("video/mp4", b"film", shipped=True)
    assert "autoplay" not in film and "controls" in film and "data-shipped" in film


def test_no_sentence_becomes_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    def hostile(key: str, language: str, **values: object) -> str:
        return HOSTILE

    for module in (cards, photo, languages):
        monkeypatch.setattr(module, "text", hostile)
    with gr.Blocks():
        intake = photo.photo(Texts(), "faces-intake", "faces_photo", 1, lambda language: HOSTILE)
    pages = [
        cards.gallery(GalleryRequest("mix", count=2), [face(), face()], 0.1, "en"),
        cards.portrait(face(), "en"),
        cards.nearest(0.5, "en"),
        cards.strip([face()], "en"),
        cards.strip([], "en"),
        cards.progress(1, 2, 3.0, "en"),
        cards.verdict(Marks("image/png"), face(), PICTURE, 1.0, "en"),
        intake.value,
    ]
    for page in map(Loose, pages):
        assert not {tag for tag, _ in page.elements} & {"script"}
        assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
        assert not any(image.get("src") == "x" for image in page.attributes("img"))


@pytest.mark.parametrize(
    ("done", "seconds", "said"), [(30, 2.0, "about 6 s left"), (30, 0.5, ""), (0, 3.0, ""), (120, 9.0, "")]
)
def test_a_film_tells_how_long_it_takes_once_that_is_known(done: int, seconds: float, said: str) -> None:
    page = cards.progress(done, 120, seconds, "en")
    assert f"{done} of 120" in page and (said in page if said else "left" not in page)
