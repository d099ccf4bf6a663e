"""The pictures of the READMEs can be taken again."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser

from docs import pictures

pytestmark = pytest.mark.browser


def test_the_pictures_can_be_taken_again(app: str, browser: Browser, tmp_path: Path) -> None:
    files = pictures.take(app, browser, tmp_path, "zh", frames=2)
    assert [file.name for file in files] == [f"{name}.zh.webp" for name in (*pictures.TABS, "film")]
    for file in files[:-1]:
        with Image.open(file) as picture:
            assert picture.size == (1280, 800)
            assert len(picture.convert("L").getcolors()) > 100  # not an empty page
    with Image.open(files[-1]) as film:
        assert film.n_frames > 10
