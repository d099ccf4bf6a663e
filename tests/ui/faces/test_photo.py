"""A visitor's photo: found, rebuilt, edited, and nowhere to be found afterwards."""

from __future__ import annotations

import base64
import io
import json
import tempfile
from dataclasses import fields
from pathlib import Path
from urllib.parse import parse_qsl

import numpy as np
import pytest
from PIL import Image

from genai_demo.engine.generation.receipts import RECEIPT_KEY
from genai_demo.errors import UserError
from genai_demo.faces.data import alignment
from genai_demo.faces.data.alignment import Aligned, Square
from genai_demo.faces.data.pictures import MOST_BYTES
from genai_demo.ui.address import linked
from genai_demo.ui.faces import upload
from tests.helpers.faces import drawing

pytestmark = pytest.mark.usefixtures("faces")


def photo(kind: str = "PNG", side: int = 200) -> str:
    stream = io.BytesIO()
    drawing(40, 1, 1, seed=1, side=side).save(stream, kind)
    return base64.b64encode(stream.getvalue()).decode()


@pytest.fixture
def detector(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sees a face in the middle of every picture: the detector knows none that are drawn."""

    def align(picture: Image.Image, size: int) -> Aligned:
        square = Square(complex(picture.width, picture.height) / 2, min(picture.size) * 0.9)
        return Aligned(alignment.cut(picture, square, size), square, ("faces.several_faces",))

    monkeypatch.setattr(alignment, "align", align)


@pytest.mark.usefixtures("detector")
def test_a_photo_is_cut_out_and_encoded() -> None:
    reading = upload.read_photo(photo())
    assert reading.aligned.size == (448, 448)
    assert reading.notes == ("faces.several_faces",)
    assert len(reading.code.numbers) == 8
    assert np.isfinite(reading.code.numbers).all()
    rebuilt = upload.edited(reading.code, reading.code.start)
    assert rebuilt.shape == (16, 16, 3)
    assert rebuilt.dtype == np.uint8


@pytest.mark.usefixtures("detector")
def test_every_slider_edits_the_photo() -> None:
    code = upload.read_photo(photo()).code
    rebuilt = upload.edited(code, code.start)
    for place, value in ((0, 85), (3, 3), (10, -3)):
        values = [*code.start[:3], *[0] * 8]  # a page's script sends whole numbers
        values[place] = value
        assert not np.array_equal(upload.edited(code, values), rebuilt), place


@pytest.mark.usefixtures("detector")
def test_what_was_not_moved_stays_as_it_was_read() -> None:
    code = upload.read_photo(photo()).code
    nearly = [*code.start]
    nearly[3] = 0.001
    difference = np.abs(upload.edited(code, nearly).astype(int) - upload.edited(code, code.start))
    assert difference.max() <= 2, "no jump at the first touch of a slider"


@pytest.mark.usefixtures("detector")
def test_a_value_beyond_its_slider_is_refused() -> None:
    code = upload.read_photo(photo()).code
    with pytest.raises(UserError):
        upload.edited(code, [5.0, *code.start[1:]])


@pytest.mark.usefixtures("detector")
def test_nothing_but_numbers_is_kept_of_a_photo() -> None:
    code = upload.read_photo(photo()).code
    assert (code.origin, code.painter) == ("photo", "vae")
    for field in fields(code):
        if field.name in ("origin", "painter"):
            continue
        values = getattr(code, field.name)
        assert len(values) <= 11
        assert all(isinstance(value, (int, float)) for value in values)


@pytest.mark.usefixtures("detector")
def test_an_edited_photo_says_that_a_machine_made_it_and_has_no_receipt() -> None:
    code = upload.read_photo(photo()).code
    file = json.loads(upload.edited_file(code, code.start))
    image = Image.open(io.BytesIO(base64.b64decode(file["content"])))
    image.load()
    assert image.size == (512, 512)
    assert "machine" in image.text["Description"]  # type: ignore[attr-defined]
    assert RECEIPT_KEY not in image.text  # type: ignore[attr-defined]


@pytest.mark.usefixtures("detector")
def test_no_file_is_written_while_a_photo_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    code = upload.read_photo(photo("JPEG")).code
    upload.edited_file(code, code.start)
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ("", "faces.empty_picture"),
        ("not base64!", "faces.not_a_picture"),
        (base64.b64encode(b"hello").decode(), "faces.not_a_picture"),
        (photo()[:800], "faces.damaged_file"),
        (photo(side=20), "faces.too_few_pixels"),
        ("A" * (4 * (MOST_BYTES // 3 + 2)), "faces.too_many_bytes"),
        (photo(), "faces.no_face"),
    ],
    ids=["empty", "no base64", "no picture", "cut off", "tiny", "large", "no face"],
)
def test_what_is_no_photo_of_a_face_is_refused(content: str, key: str) -> None:
    with pytest.raises(UserError) as refused:
        upload.read_photo(content)
    assert refused.value.key == key


@pytest.mark.usefixtures("detector")
def test_a_link_holds_the_numbers_of_a_photo_and_shows_the_same_face() -> None:
    code = upload.read_photo(photo()).code
    values = (40.0, *code.start[1:])
    settings = dict(parse_qsl(upload.link_to(code, values).removeprefix("?")))
    asked = linked(upload.LinkedPhoto, settings)
    assert asked is not None
    there = upload.from_link(asked)
    assert (there.numbers, there.labels, there.start) == (code.numbers, code.labels, code.start)
    assert there.origin == "link", "of a photo that is not here nobody says that it is"
    np.testing.assert_array_equal(upload.edited(there, asked.values), upload.edited(code, values))


@pytest.mark.usefixtures("detector")
@pytest.mark.parametrize(
    "changed",
    [{"code": "AAAA"}, {"code": "%"}, {"code": "_38" * 64}, {"model": "c0ffee"}, {"woman": "2"}, {"directions": "[9]"}],
)
def test_a_link_that_holds_no_face_of_this_model_is_refused(changed: dict[str, str]) -> None:
    code = upload.read_photo(photo()).code
    settings = dict(parse_qsl(upload.link_to(code, code.start).removeprefix("?"))) | changed
    with pytest.raises(UserError):
        upload.from_link(linked(upload.LinkedPhoto, settings))  # type: ignore[arg-type]


def test_before_there_is_a_photo_a_face_of_a_machine_is_shown() -> None:
    first, again = upload.example(), upload.example()
    assert first is again and first.code.origin == "example"
    assert upload.edited(first.code, first.code.start).shape[2] == 3
