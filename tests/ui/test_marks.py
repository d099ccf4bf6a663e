"""What the page says of any file that is opened."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from genai_demo.errors import UserError
from genai_demo.ui import marks
from tests.helpers.music import midi_file, note

NO_RECEIPT = UserError("engine.no_receipt", file="file")
NEWS = "title,text,label\n" + "".join(
    f"Title {row},Something happened again in town {row}.,Sports\n" for row in range(60)
)


def said(content: bytes, name: str, language: str = "en") -> str:
    return marks.refused(NO_RECEIPT, content, name, language)


def photos(count: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number in range(count):
            picture = io.BytesIO()
            Image.effect_noise((80, 80), 20 + number).convert("RGB").save(picture, "PNG")
            archive.writestr(f"{number}.png", picture.getvalue())
    return stream.getvalue()


@pytest.mark.parametrize(("language", "words"), [("en", "60 to learn from"), ("zh", "60")])
def test_a_table_says_what_there_is_to_learn(language: str, words: str) -> None:
    page = said(NEWS.encode(), "news.csv", language)
    assert words in page and 'class="notice"' in page


def test_an_archive_of_photos_says_how_many_there_are() -> None:
    page = said(photos(3), "photos.zip")
    used, held_out = (int(found) for found in re.search(r"(\d+) to learn from, (\d+) held out", page).groups())  # type: ignore[union-attr]
    assert used + held_out == 3


def test_music_says_how_it_is_read() -> None:
    page = said(midi_file([*note(60, 480), *note(64, 480)]), "tune.mid")
    assert "bar" in page.split('class="marks"')[1]


def test_a_table_that_cannot_be_read_says_why_by_its_own_name() -> None:
    page = said(b"a,b\n1,2\n", "numbers.csv")
    assert "numbers.csv" in page and "/tmp" not in page


@pytest.mark.parametrize("name", ["..", "../../etc/passwd.csv", "", "a" * 300 + ".csv", "<b>.csv", "x\x00.csv"])
def test_a_name_is_only_a_name(name: str) -> None:
    page = said(NEWS.encode(), name)
    assert "<b>" not in page


def test_a_picture_is_written_nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(marks, "TemporaryDirectory", lambda: pytest.fail("a file was written"))
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    assert 'class="notice"' in said(picture.getvalue(), "me.png")
