"""The pictures at the head of the READMEs: `python docs/pictures.py` starts the app, drives its page and takes them.

For each language it writes one picture of each tab, after something was made in it, and a short film of how that went,
into `pictures/`. Seeds are fixed, so that the same models show the same things.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "pictures"
LANGUAGES = {"en": "en-US", "zh": "zh-CN"}
"""locale of the browser by the language in the names of files"""
WINDOW = {"width": 1280, "height": 800}
_CHROMIUM = "/usr/bin/chromium"
_FILM_SIZE = (768, 480)
_QUALITY = {"picture": 62, "film": 50}
"""of WebP, 0 to 100: all pictures and films together stay under a megabyte"""
_PATIENCE = 120_000
"""milliseconds that a step may take on a busy machine"""


class Camera:
    """Takes pictures of a page, and the frames of a film.

    Args:
        page: what it looks at.
        frames: most frames that it takes of something that goes on by itself.
    """

    def __init__(self, page: Page, frames: int) -> None:
        self.page, self._frames = page, frames
        self._film: list[tuple[Image.Image, int]] = []

    def look(self, milliseconds: int) -> Image.Image:
        """Add a frame to the film that is shown for some time, and return it in full size."""
        picture = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        self._film.append((picture.resize(_FILM_SIZE, Image.Resampling.LANCZOS), milliseconds))
        return picture

    def follow(self, done: Callable[[], bool], milliseconds: int) -> None:
        """Add frames until something is done, each shown for some time, and wait for it."""
        for _ in range(self._frames):
            if done():
                return
            self.look(milliseconds)
            self.page.wait_for_timeout(milliseconds)
        while not done():
            self.page.wait_for_timeout(100)

    def write_film(self, file: Path) -> None:
        """Write the film, which begins again at its end."""
        first, *others = [frame for frame, _ in self._film]
        first.save(
            file,
            save_all=True,
            append_images=others,
            duration=[milliseconds for _, milliseconds in self._film],
            loop=0,
            quality=_QUALITY["film"],
            method=6,
        )


def news(camera: Camera) -> Image.Image:
    """Write a story and show how sure the model was of each word."""
    page = camera.page
    _set_seed(page, "generate", 1)
    page.locator("#generate-topic label").nth(3).click()
    page.locator("#generate-opening textarea").fill("Oil prices rose to a record")
    page.locator("#generate-run").click()
    story = page.locator("#generate-results article.finished:not(.telling)")
    camera.follow(lambda: story.count() > 0, 150)
    page.locator("#generate-results .result-status", has_text=" 1 · ").wait_for()  # the seed, in every language
    page.locator("[data-action=sureness]").click()
    page.locator("#heading").hover()
    return camera.look(2000)


def faces(camera: Camera) -> Image.Image:
    """Choose a face of the gallery and let it grow old."""
    page = camera.page
    page.locator("#tab-faces-button").click()
    chosen = page.locator("#faces-grid .face").nth(4)
    chosen.wait_for()
    page.locator("#faces-grid img").last.wait_for()
    camera.look(1200)
    chosen.click()
    portrait = page.locator("#faces-portrait img")
    portrait.wait_for()
    camera.look(700)
    shown = portrait.get_attribute("src")
    for age in (38, 52, 66, 80):
        page.locator("#faces-steer-age input[type=range]").evaluate(
            "(slider, age) => { slider.value = age; slider.dispatchEvent(new Event('input', { bubbles: true })); }", age
        )
        page.wait_for_function("old => document.querySelector('#faces-portrait img').src !== old", arg=shown)
        shown = portrait.get_attribute("src")
        picture = camera.look(450)
    return picture


def music(camera: Camera) -> Image.Image:
    """Compose a piece and hear how it begins."""
    page = camera.page
    page.locator("#tab-music-button").click()
    _set_seed(page, "music", 4)
    page.locator("#music-run").click()
    card = page.locator(".desk:not([data-shipped]) article.work.finished")
    camera.follow(lambda: card.count() > 0, 250)
    card.locator("[data-do=play]").click()
    page.locator("article.sounding").wait_for()
    page.evaluate("scrollTo(0, 0)")
    for _ in range(6):
        picture = camera.look(300)
        page.wait_for_timeout(300)
    return picture


def _set_seed(page: Page, prefix: str, value: int) -> None:
    """Set a seed, which lies among the further settings."""
    page.locator(f"#{prefix}-settings > button").click()
    seed, fresh = (page.locator(f"#{prefix}-{name} input") for name in ("seed", "fresh"))
    seed.wait_for()
    page.wait_for_timeout(500)  # until the fields have settled
    seed.fill(str(value))
    seed.blur()
    page.wait_for_timeout(500)
    for _ in range(5):  # fields that have only just been drawn may be drawn once more
        if not fresh.is_checked():
            break
        fresh.click()
        page.wait_for_timeout(500)
    page.locator(f"#{prefix}-settings > button").click()
    seed.wait_for(state="hidden")


TABS = {"news": news, "faces": faces, "music": music}


def take(address: str, browser: Browser, folder: Path, language: str, frames: int = 14) -> list[Path]:
    """Drive the page and return the files that were written: a picture of each tab, and the film.

    Args:
        address: of the page.
        browser: a Chromium.
        folder: where the files go.
        language: one of `LANGUAGES`.
        frames: most frames of what goes on by itself.
    """
    context = browser.new_context(locale=LANGUAGES[language], viewport=WINDOW, color_scheme="light")
    context.set_default_timeout(_PATIENCE)
    page = context.new_page()
    page.goto(f"{address}/?tab=news&page=write")
    page.locator("#generate-run").wait_for()
    camera, files = Camera(page, frames), []
    for name, show in TABS.items():
        files.append(folder / f"{name}.{language}.webp")
        show(camera).save(files[-1], quality=_QUALITY["picture"], method=6)
    files.append(folder / f"film.{language}.webp")
    camera.write_film(files[-1])
    context.close()
    return files


@contextmanager
def _app() -> Iterator[str]:
    """Start the app and give its address; nothing that it keeps stays behind."""
    with tempfile.TemporaryDirectory() as data:
        environment = os.environ | {"PORT": "0", "GENAI_DEMO_DATA": data, "GRADIO_TEMP_DIR": data}
        command = [sys.executable, "app.py"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout
            match = re.search(r"http://[^\s)]+", process.stdout.readline())
            if not match:
                sys.exit("The app did not start.")
            yield match[0]
        finally:
            process.terminate()
            process.wait()


def main() -> None:
    """Write all files, and say how large they are."""
    FOLDER.mkdir(exist_ok=True)
    with _app() as address, sync_playwright() as playwright:
        # As root, Chromium starts only without its sandbox; it opens nothing but our own page.
        options = {"executable_path": _CHROMIUM} if Path(_CHROMIUM).exists() else {}
        browser = playwright.chromium.launch(args=["--no-sandbox"], **options)
        files = [file for language in LANGUAGES for file in take(address, browser, FOLDER, language)]
        browser.close()
    for file in files:
        print(f"{file.relative_to(ROOT)}  {file.stat().st_size:,} bytes")
    print(f"together {sum(file.stat().st_size for file in files):,} bytes")


if __name__ == "__main__":
    main()
