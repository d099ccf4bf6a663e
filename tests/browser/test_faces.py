"""The faces tab in a real browser."""

from __future__ import annotations

import base64
import io
import logging
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import gradio as gr
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from genai_demo.engine.generation.receipts import read_receipt
from genai_demo.faces.data import alignment
from genai_demo.faces.data.alignment import Aligned, Square
from genai_demo.faces.data.pictures import MOST_BYTES
from genai_demo.settings import settings
from genai_demo.ui import serving
from genai_demo.ui.faces.upload import Code
from genai_demo.ui.fair_queue import FairQueue
from genai_demo.ui.files import fitting, opened_bytes
from tests.browser.axe import MILD, faults
from tests.browser.test_page import visible_words
from tests.helpers.face_models import write_face_models
from tests.helpers.faces import drawing

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]

ENGLISH_BY_NATURE = re.compile(r"GenAI Demo|English|GAN|VAE|API|PNG|ZIP|MP4|WebP|GIF| MB|\.png")
FACES = "#faces-grid .face"
PORTRAIT = "#faces-portrait img"
DRAWN_SIDE = 300
"""side of a photo in which the detector of these tests sees a face"""


class App(NamedTuple):
    address: str
    temporary: Path
    """where the app would write temporary files"""
    log: io.StringIO
    blocks: gr.Blocks


@pytest.fixture(scope="module")
def faces(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The page with untrained models, and a detector that sees a face where no real one would."""
    checkpoints = tmp_path_factory.mktemp("checkpoints")
    for folder in (root / "checkpoints").glob("news-*"):
        (checkpoints / folder.name).symlink_to(folder)
    write_face_models(checkpoints, tmp_path_factory.mktemp("faces"))
    temporary = tmp_path_factory.mktemp("temporary")
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    real = alignment.align

    def align(photo: Image.Image, size: int) -> Aligned:
        if photo.width != DRAWN_SIDE:
            return real(photo, size)
        square = Square(complex(photo.width, photo.height) / 2, 0.9 * DRAWN_SIDE)
        return Aligned(alignment.cut(photo, square, size), square, ())

    with pytest.MonkeyPatch.context() as house:
        house.setenv("GENAI_DEMO_CHECKPOINTS", str(checkpoints))
        house.setenv("GRADIO_TEMP_DIR", str(temporary / "gradio"))
        house.setenv("PORT", "0")
        house.setattr(tempfile, "tempdir", str(temporary))
        house.setattr(alignment, "align", align)
        settings.cache_clear()
        logging.getLogger().addHandler(handler)
        page = serving.serve(*serving.address())
        yield App(page.local_url, temporary, log, page)
        page.close()
        logging.getLogger().removeHandler(handler)
    settings.cache_clear()


@pytest.fixture
def enter(faces: App, visit: Visit) -> Visit:
    """Open the faces tab as a visitor with their own browser."""

    def enter_tab(**options: Any) -> Page:
        page = visit(faces.address, **options)
        page.locator("#tab-faces-button").click()
        expect(page.locator(FACES).first).to_be_visible()
        return page

    return enter_tab


def show(page: Page, name: str) -> None:
    page.locator(f"#tab-faces-{name}-button").click()


def move(page: Page, slider: str, *values: float) -> None:
    """Move a slider as a quick hand does, without a pause between its places."""
    page.locator(f"#{slider} input[type=range]").evaluate(
        """(slider, values) => values.forEach((value) => {
            slider.value = value;
            slider.dispatchEvent(new Event("input", { bubbles: true }));
        })""",
        list(values),
    )


def source(page: Page, image: str) -> str:
    return page.locator(image).first.get_attribute("src") or ""


def changed(page: Page, image: str, before: str) -> None:
    """Wait until another picture is shown."""
    page.wait_for_function("([image, src]) => document.querySelector(image).src !== src", arg=[image, before])


def became(page: Page, image: str, wanted: str) -> None:
    """Wait until that very picture is shown."""
    page.wait_for_function("([image, src]) => document.querySelector(image).src === src", arg=[image, wanted])


def steer(page: Page, place: int = 0) -> None:
    before = source(page, PORTRAIT) if page.locator(PORTRAIT).count() else ""
    page.locator(FACES).nth(place).click()
    expect(page.locator(PORTRAIT)).to_be_visible()
    changed(page, PORTRAIT, before)


def pressed(page: Page, where: str) -> list[int]:
    """Return the places of the faces that stand in a frame."""
    faces = page.locator(f"#faces-{where} .face").all()
    return [place for place, face in enumerate(faces) if face.get_attribute("aria-pressed") == "true"]


def photo(folder: Path) -> Path:
    file = folder / "the-visitor.jpg"
    drawing(40, 1, 1, seed=1, side=DRAWN_SIDE).save(file)
    return file


def give_photo(page: Page, folder: Path) -> None:
    """Choose a photo, and wait until it stands where the example of the page has been."""
    rebuilt = "#faces-rebuilt img"
    expect(page.locator(rebuilt)).to_be_visible()
    example = source(page, rebuilt)
    page.locator("#faces-intake input[type=file]").set_input_files(photo(folder))
    changed(page, rebuilt, example)


def test_the_gallery_repaints_while_a_slider_moves_and_nothing_jumps(enter: Visit) -> None:
    page = enter()
    expect(page.locator(FACES)).to_have_count(16)
    expect(page.locator("#faces-gallery")).to_contain_text("none of these people exists")
    before, box = source(page, f"{FACES} img"), page.locator("#faces-grid").bounding_box()
    page.evaluate("document.querySelector('#faces-grid .face').dataset.kept = 'yes'")
    move(page, "faces-variety", 0.3, 0.4, 0.5, 1.2)
    changed(page, f"{FACES} img", before)
    assert page.locator("#faces-grid").bounding_box() == box
    assert page.locator("#faces-grid .face img").first.evaluate("(image) => image.naturalWidth") == 224


def test_the_last_place_of_a_slider_is_what_is_painted(enter: Visit) -> None:
    page = enter()
    move(page, "faces-variety", 1.1)
    expect(page.locator("#faces-variety input[type=number]")).to_have_value("1.1")
    page.wait_for_timeout(500)
    wanted = source(page, f"{FACES} img")
    move(page, "faces-variety", *[0.2 + 0.05 * step for step in range(18)], 1.1)
    became(page, f"{FACES} img", wanted)
    page.wait_for_timeout(500)
    assert (source(page, f"{FACES} img") == wanted) is True


def test_what_is_asked_for_is_said_and_the_seed_is_shown(enter: Visit) -> None:
    page = enter()
    page.locator("#faces-gender").get_by_text("Woman").click()
    page.locator("#faces-smile").get_by_text("Smiling", exact=True).click()
    move(page, "faces-age", 70)
    expect(page.locator("#faces-any-age input")).not_to_be_checked()
    expect(page.get_by_role("button", name="Face 3: woman, about 70, smiling", exact=True)).to_be_visible()
    page.locator("#faces-new-seed").click()
    expect(page.locator("#faces-seed input")).not_to_have_value("0")
    seed = page.locator("#faces-seed input").input_value()
    expect(page.locator("#faces-grid .result-status")).to_contain_text(f"seed {seed} ")
    page.locator("#faces-any-age input").check()
    expect(page.get_by_role("button", name=re.compile("about (?!70)")).first).to_be_visible()


def test_both_models_stand_side_by_side(enter: Visit) -> None:
    page = enter()
    page.locator("#faces-model").get_by_text("Both (different people)").click()
    expect(page.locator("#faces-grid .pair")).to_have_count(16)
    expect(page.locator(FACES)).to_have_count(32)
    left, right = (page.locator(FACES).nth(place).bounding_box() for place in (0, 1))
    assert left and right
    assert left["y"] == right["y"]


def test_a_number_that_is_half_typed_is_refused_in_words(enter: Visit) -> None:
    page = enter()
    before = source(page, f"{FACES} img")
    page.locator("#faces-seed input").fill("-1")
    expect(page.locator("#faces-notice [role=alert]")).to_contain_text("2147483647")
    assert (source(page, f"{FACES} img") == before) is True
    page.locator("#faces-seed input").fill("12")
    expect(page.locator("#faces-notice [role=alert]")).to_have_count(0)
    expect(page.locator("#faces-grid .result-status")).to_contain_text("seed 12 ")


def test_a_face_is_steered_step_by_step_and_back(enter: Visit) -> None:
    page = enter()
    steer(page, 5)
    expect(page.locator(FACES).nth(5)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#faces-undo")).to_be_disabled()
    expect(page.locator("#faces-nearest")).to_contain_text("Closest training face")
    pictures = [source(page, PORTRAIT)]
    for slider, value in (("faces-steer-age", 88), ("faces-steer-smile", 0.3), ("faces-steer-direction-2", 3)):
        move(page, slider, value)
        changed(page, PORTRAIT, pictures[-1])
        pictures.append(source(page, PORTRAIT))
    page.locator("#faces-nudge").click()
    changed(page, PORTRAIT, pictures[-1])
    for picture in reversed(pictures):
        page.locator("#faces-undo").click()
        became(page, PORTRAIT, picture)
    expect(page.locator("#faces-undo")).to_be_disabled()
    move(page, "faces-steer-age", 20)
    changed(page, PORTRAIT, pictures[0])
    page.locator("#faces-reset").click()
    became(page, PORTRAIT, pictures[0])


def test_faces_like_one_are_found_and_opened(enter: Visit) -> None:
    page = enter()
    steer(page, 2)
    page.locator("#faces-search").click()
    found = page.locator("#faces-alike .face")
    expect(found).to_have_count(8)
    expect(page.locator("#faces-alike h3")).to_contain_text("face 3 of seed 0")
    expect(page.locator("#faces-alike h3")).to_be_in_viewport()
    expect(found.first).to_be_in_viewport()
    expect(found.first).to_have_attribute("aria-pressed", "true")
    title, portrait = found.nth(1).locator("img").get_attribute("alt") or "", source(page, PORTRAIT)
    found.nth(1).click()
    changed(page, PORTRAIT, portrait)
    seed, number = re.findall(r"Face (\d+) of seed (\d+)", title)[0][::-1]
    expect(page.locator("#faces-portrait figcaption")).to_contain_text(f"seed {seed} · face {number}")
    expect(page.locator(PORTRAIT)).to_be_in_viewport()
    assert pressed(page, "alike") == [1]
    expect(found).to_have_count(8)
    other = source(page, PORTRAIT)
    move(page, "faces-steer-smile", 0.35)
    changed(page, PORTRAIT, other)
    for picture in (other, portrait):
        page.locator("#faces-undo").click()
        became(page, PORTRAIT, picture)
    expect(page.locator("#faces-undo")).to_be_disabled()
    assert (pressed(page, "alike"), pressed(page, "grid")) == ([0], [2])
    found.nth(3).click()
    changed(page, PORTRAIT, portrait)
    found.first.click()
    became(page, PORTRAIT, portrait)
    page.locator("#language").get_by_text("中文").click()
    expect(page.locator("#faces-alike h3")).to_contain_text("种子 0 的第 3 张")


def test_the_keyboard_is_enough(enter: Visit) -> None:
    page = enter()
    page.locator(FACES).first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.dataset.place") == "5"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.locator(PORTRAIT)).to_be_visible()
    assert page.evaluate("document.activeElement.id") == "faces-steer-heading"
    before = source(page, PORTRAIT)
    page.locator("#faces-steer-age input[type=range]").focus()
    page.keyboard.press("End")
    changed(page, PORTRAIT, before)
    page.keyboard.press("Escape")
    expect(page.locator(PORTRAIT)).to_be_hidden()
    assert page.evaluate("document.activeElement.dataset.place") == "5"


def test_a_downloaded_face_is_painted_again_and_steered_on(enter: Visit, tmp_path: Path) -> None:
    page = enter()
    page.locator("#faces-model").get_by_text("VAE", exact=True).click()
    expect(page.get_by_role("button", name="Face 3").first).to_be_visible()
    steer(page, 2)
    before = source(page, PORTRAIT)
    move(page, "faces-steer-direction-1", 2.5)
    changed(page, PORTRAIT, before)
    picture = source(page, PORTRAIT)
    with page.expect_download() as download:
        page.locator("#faces-download").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    settings_ = read_receipt(file).settings
    assert settings_["directions"][0] == 2.5

    other = enter()
    show(other, "open")
    drop = """(place, { name, content }) => {
        const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([bytes], name, { type: "image/png" }));
        place.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
    }"""
    content = base64.b64encode(file.read_bytes()).decode()
    other.locator("#faces-open-drop .drop").evaluate(drop, {"name": file.name, "content": content})
    expect(other.locator("#faces-open-results .verdict")).to_contain_text("equal in every pixel")
    other.locator("#faces-open-steer").click()
    became(other, PORTRAIT, picture)
    expect(other.locator("#faces-seed input")).to_have_value(str(settings_["seed"]))
    expect(other.locator("#faces-steer-direction-1 input[type=number]")).to_have_value("2.5")


@pytest.mark.parametrize(
    ("content", "sentence"), [(b"no receipt", "no receipt"), (b"\x89PNG\r\n\x1a\nbroken", "damaged")]
)
def test_files_that_are_no_faces_are_refused(enter: Visit, tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "wrong.png").write_bytes(content)
    page = enter()
    show(page, "open")
    page.locator("#faces-open input[type=file]").set_input_files(tmp_path / "wrong.png")
    expect(page.locator("#faces-open-notice [role=alert]")).to_contain_text(sentence)
    expect(page.locator("#faces-open-notice .marks")).to_contain_text("no mark of a machine")


def test_the_archive_holds_what_is_shown(enter: Visit, tmp_path: Path) -> None:
    page = enter()
    with page.expect_download() as download:
        page.locator("#faces-zip").click()
    download.value.save_as(tmp_path / "faces.zip")
    with zipfile.ZipFile(tmp_path / "faces.zip") as archive:
        assert len(archive.namelist()) == 17


def test_chosen_faces_become_a_film(enter: Visit, tmp_path: Path) -> None:
    page = enter()
    for place in (0, 3):
        steer(page, place)
        page.locator("#faces-add").click()
        expect(page.locator("#faces-steer-notice [role=status]")).to_contain_text(f"{1 + place // 3} of 6")
    show(page, "morph")
    pictures = page.locator("#faces-strip img")
    expect(pictures).to_have_count(2)
    first = source(page, "#faces-strip img")
    page.get_by_role("button", name="Move face 1 one place back").click()
    became(page, "#faces-strip li:nth-child(2) img", first)
    move(page, "faces-seconds", 0.5)
    page.locator("#faces-format").get_by_text("WebP").click()
    page.locator("#faces-morph-run").click()
    film = page.locator("#faces-film .film img")
    expect(film).to_be_visible()
    expect(page.locator("#faces-morph-run")).to_be_enabled()
    assert film.evaluate("(film) => film.decode().then(() => film.naturalWidth)") == 256
    with page.expect_download() as download:
        page.locator("#faces-film-download").click()
    assert download.value.suggested_filename == "morph.webp"
    download.value.save_as(tmp_path / "morph.webp")
    assert Image.open(tmp_path / "morph.webp").n_frames > 12  # type: ignore[attr-defined]
    other = enter()
    show(other, "open")
    other.locator("#faces-open input[type=file]").set_input_files(tmp_path / "morph.webp")
    expect(other.locator("#faces-open-results .verdict")).to_contain_text("Filmed again")
    expect(other.locator("#faces-open-results .film img")).to_be_visible()
    expect(other.locator("#faces-open-results .marks")).to_contain_text("unchanged since this installation signed it")
    show(other, "morph")
    expect(other.locator("#faces-strip img")).to_have_count(
        len(read_receipt(tmp_path / "morph.webp").settings["faces"])
    )
    page.get_by_role("button", name="Remove face 1").click()
    expect(pictures).to_have_count(1)
    expect(page.locator("#faces-morph-run")).to_be_disabled()
    page.locator("#faces-choose").click()
    expect(pictures).to_have_count(4)


def test_a_film_can_be_stopped(enter: Visit) -> None:
    page = enter()
    show(page, "morph")
    expect(page.locator("#faces-film video")).to_be_visible()
    expect(page.locator("#faces-morph-run")).to_be_enabled()
    page.locator("#faces-choose").click()
    expect(page.locator("#faces-strip img")).to_have_count(4)
    move(page, "faces-seconds", 5)
    # In the page itself: a test that waits outside of it may come when the film is done.
    page.evaluate(
        """() => new Promise((done) => {
            document.getElementById("faces-morph-run").click();
            const look = () => {
                const stop = document.getElementById("faces-morph-stop");
                if (!document.querySelector("#faces-film .film-progress")) { setTimeout(look, 20); return; }
                stop.click();
                done();
            };
            look();
        })"""
    )
    expect(page.locator("#faces-film")).to_contain_text("There is no film")
    expect(page.locator("#faces-morph-run")).to_be_enabled()


def test_faces_of_two_models_do_not_mix(enter: Visit) -> None:
    page = enter()
    page.locator("#faces-model").get_by_text("Mix").click()
    expect(page.locator("#faces-grid .maker").first).to_be_visible()
    for place in (0, 1):
        steer(page, place)
        page.locator("#faces-add").click()
    expect(page.locator("#faces-steer-notice [role=alert]")).to_contain_text("must all come from one")


def test_a_photo_is_rebuilt_edited_forgotten_and_leaves_no_trace(
    enter: Visit, faces: App, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    page = enter()
    show(page, "photo")
    expect(page.locator("#faces-photo")).to_contain_text("not kept")
    # Before there is a photo, a face of a machine can be edited; it cannot be forgotten.
    expect(page.locator("#faces-original-caption")).to_contain_text("a machine painted")
    expect(page.locator("#faces-rebuilt img")).to_be_visible()
    expect(page.locator("#faces-forget")).to_be_disabled()
    kept = {file for file in faces.temporary.rglob("*") if file.is_file()}
    faces.log.seek(0)
    faces.log.truncate()
    capfd.readouterr()
    give_photo(page, tmp_path)
    expect(page.locator("#faces-original-caption")).to_contain_text("Your photo")
    expect(page.locator("#faces-original img")).to_be_visible()
    rebuilt = source(page, "#faces-rebuilt img")
    move(page, "faces-photo-direction-1", 3)
    changed(page, "#faces-rebuilt img", rebuilt)
    with page.expect_download() as download:
        page.locator("#faces-photo-download").click()
    download.value.save_as(tmp_path / "edited.png")
    page.locator("#faces-photo-reset").click()
    became(page, "#faces-rebuilt img", rebuilt)
    expect(page.locator("#faces-photo-direction-1 input[type=number]")).to_have_value("0")
    page.locator("#faces-forget").click()
    expect(page.locator("#faces-photo .frame img")).to_have_count(0)
    expect(page.locator("#faces-photo-age")).to_be_hidden()
    assert {file for file in faces.temporary.rglob("*") if file.is_file()} == kept
    assert faces.log.getvalue() == ""
    assert capfd.readouterr() == ("", "")
    # What is kept there are the faces that the page made.
    kept_there = page.evaluate("JSON.parse(localStorage.genai_demo_history || '[]').map(({ link }) => link)")
    assert all("page=gallery" in link for link in kept_there)
    page.evaluate("localStorage.removeItem('genai_demo_history')")
    stored = page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])")
    assert "base64" not in stored and len(stored) < 4000
    with pytest.raises(ValueError):
        read_receipt(tmp_path / "edited.png")


def test_a_link_to_the_face_of_a_photo_is_only_copied(enter: Visit, visit: Visit, tmp_path: Path) -> None:
    page = enter(permissions=["clipboard-read", "clipboard-write"])
    show(page, "photo")
    expect(page.locator("#faces-rebuilt img")).to_be_visible()
    give_photo(page, tmp_path)
    rebuilt = source(page, "#faces-rebuilt img")
    move(page, "faces-photo-direction-1", 3)
    changed(page, "#faces-rebuilt img", rebuilt)
    edited = source(page, "#faces-rebuilt img")
    page.locator("#faces-photo-link").click()
    expect(page.locator("#faces-photo-link")).to_have_text("Link copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert "code=" in urlsplit(link).fragment and "code=" not in urlsplit(link).query, "servers see no fragment"
    page.wait_for_timeout(1000)
    assert "code=" not in page.url + page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])")
    other = visit(link)
    expect(other.locator("#faces-rebuilt img")).to_have_attribute("src", edited)
    expect(other.locator("#faces-original")).to_contain_text("did not come")
    expect(other.locator("#faces-photo-direction-1 input[type=number]")).to_have_value("3")


def test_every_page_shows_something_made_and_chosen_faces_take_its_place(enter: Visit) -> None:
    page = enter()
    show(page, "open")
    expect(page.locator("#faces-open-results .verdict")).to_contain_text("An example")
    expect(page.locator("#faces-open-results img")).to_have_count(2)
    show(page, "morph")
    expect(page.locator("#faces-strip img")).to_have_count(4)
    film = page.locator("#faces-film video")
    expect(film).to_be_visible()
    expect(page.locator("#faces-morph-run")).to_be_enabled()
    assert film.evaluate("film => film.paused"), "nothing plays that nobody asked for"
    assert "page=morph&" not in page.url, "it is nobody's result"
    show(page, "gallery")
    steer(page, 1)
    page.locator("#faces-add").click()
    expect(page.locator("#faces-steer-notice [role=status]")).to_contain_text("1 of 6")


@pytest.mark.parametrize("act", ["direction-1", "reset", "download"])
def test_a_photo_whose_time_is_up_is_asked_for_again(enter: Visit, faces: App, tmp_path: Path, act: str) -> None:
    page = enter()
    show(page, "photo")
    give_photo(page, tmp_path)
    for session in faces.blocks.state_holder.session_data.values():
        for key, value in session.state_data.items():
            session.state_data[key] = None if isinstance(value, Code) else value
    notice = page.locator("#faces-photo-notice [role=alert]")
    if act.startswith("direction"):
        move(page, f"faces-photo-{act}", 3)
    else:
        page.locator(f"#faces-photo-{act}").click()
    expect(notice).to_contain_text("no photo here any more")
    page.locator("#faces-intake input[type=file]").set_input_files(photo(tmp_path))
    expect(notice).to_have_count(0)


def test_an_opened_file_is_not_written_to_a_disk(enter: Visit, faces: App, tmp_path: Path) -> None:
    page = enter()
    kept = {file for file in faces.temporary.rglob("*") if file.is_file()}
    show(page, "open")
    page.locator("#faces-open input[type=file]").set_input_files(photo(tmp_path))
    expect(page.locator("#faces-open-notice [role=alert]")).to_be_visible()
    expect(page.locator("#faces-open-drop .file-said")).to_be_empty()
    most = opened_bytes()
    (tmp_path / "large.png").write_bytes(bytes(most + 1))
    page.locator("#faces-open input[type=file]").set_input_files(tmp_path / "large.png")
    expect(page.locator("#faces-open-drop .file-said")).to_contain_text(
        f"large.png is larger than {most / 10**6:.1f} MB"
    )
    assert {file for file in faces.temporary.rglob("*") if file.is_file()} == kept


def test_a_photo_without_a_face_is_refused(enter: Visit, tmp_path: Path) -> None:
    page = enter(locale="zh-CN")
    show(page, "photo")
    Image.linear_gradient("L").convert("RGB").save(tmp_path / "sky.png")
    page.locator("#faces-intake input[type=file]").set_input_files(tmp_path / "sky.png")
    expect(page.locator("#faces-photo-notice [role=alert]")).to_contain_text("没有找到人脸")
    (tmp_path / "text.jpg").write_text("no picture")
    page.locator("#faces-intake input[type=file]").set_input_files(tmp_path / "text.jpg")
    expect(page.locator("#faces-photo-notice [role=alert]")).not_to_contain_text("没有找到人脸")
    expect(page.locator("#faces-original-caption")).to_contain_text("机器画的脸")


def test_a_file_that_is_too_large_stays_in_the_browser(enter: Visit, tmp_path: Path) -> None:
    most = fitting(MOST_BYTES)
    (tmp_path / "large.jpg").write_bytes(bytes(most + 1))
    page = enter()
    show(page, "photo")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator("#faces-intake input[type=file]").set_input_files(tmp_path / "large.jpg")
    expect(page.locator("#faces-intake .file-said")).to_contain_text(f"{most // 2**20} MB")
    assert not [address for address in asked if "queue/join" in address]


def test_the_camera_takes_one_picture_and_is_switched_off(enter: Visit) -> None:
    page = enter()
    show(page, "photo")
    page.evaluate(
        """(side) => {
            const canvas = document.createElement("canvas");
            canvas.width = canvas.height = side;
            const brush = canvas.getContext("2d");
            setInterval(() => {
                brush.fillStyle = `hsl(${Date.now() % 360} 50% 60%)`;
                brush.fillRect(0, 0, side, side);
            }, 30);
            window.seen = canvas.captureStream();
            navigator.mediaDevices.getUserMedia = async () => window.seen;
        }""",
        DRAWN_SIDE,
    )
    state = "window.seen.getTracks().map((track) => track.readyState).join()"
    page.get_by_role("button", name="Use the camera").click()
    expect(page.locator("#faces-intake video")).to_be_visible()
    page.wait_for_function("document.querySelector('#faces-intake video').videoWidth > 0")
    assert page.evaluate(state) == "live"
    page.get_by_role("button", name="Take the picture").click()
    expect(page.locator("#faces-original-caption")).to_contain_text("Your photo")
    assert page.evaluate(state) == "ended"
    expect(page.locator("#faces-intake video")).to_be_hidden()


def test_without_a_camera_the_page_says_so(enter: Visit) -> None:
    page = enter()
    show(page, "photo")
    page.evaluate("() => { navigator.mediaDevices.getUserMedia = async () => { throw new Error('none'); }; }")
    page.get_by_role("button", name="Use the camera").click()
    expect(page.locator("#faces-intake .file-said")).to_contain_text("cannot be used")


def test_the_switch_changes_everything_and_keeps_the_work(enter: Visit, tmp_path: Path) -> None:
    page = enter()
    steer(page, 1)
    picture = source(page, PORTRAIT)
    page.locator("#faces-add").click()
    show(page, "photo")
    give_photo(page, tmp_path)
    page.get_by_role("radio", name="中文").check(force=True)
    for name, words in (("photo", "选择照片"), ("open", "打开"), ("morph", "制作影片"), ("gallery", "调整这张脸")):
        show(page, name)
        expect(page.locator(f"#tab-faces-{name}")).to_contain_text(words)
        seen = ENGLISH_BY_NATURE.sub("", visible_words(page)).replace("Use via", "")
        # Names of marks, of models, and ids of checkpoints and receipts.
        seen = re.sub(r"IPTC|AIGC|C2PA|GB \d+|faces-(gan|vae)|\b[0-9a-f]{6,}\b", "", seen)
        assert re.findall("[A-Za-z]{2,}", seen) == [], (name, seen)
    became(page, PORTRAIT, picture)
    expect(page.locator(PORTRAIT)).to_have_attribute("alt", re.compile("机器生成"))
    expect(page.locator("#faces-nearest")).to_contain_text("训练")


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_a_phone_needs_no_sideways_scrolling_and_goes_to_the_face(enter: Visit, locale: str, tmp_path: Path) -> None:
    page = enter(phone=True, locale=locale, has_touch=True, reduced_motion="reduce")
    page.locator(FACES).nth(4).tap()
    expect(page.locator(PORTRAIT)).to_be_in_viewport()
    page.locator("#faces-add").click()
    small = page.locator("#tab-faces-gallery button:visible").evaluate_all(
        "all => all.filter(one => one.getBoundingClientRect().height < 24).map(one => one.textContent)"
    )
    assert small == []
    for name in ("gallery", "morph", "photo", "open"):
        show(page, name)
        if name == "photo":
            give_photo(page, tmp_path)
        if name == "morph":
            page.locator("#faces-choose").click()
            expect(page.locator("#faces-strip img")).to_have_count(4)
            move(page, "faces-seconds", 0.5)
            page.locator("#faces-morph-run").click()
            expect(page.locator("#faces-film-download")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
        outside = page.locator(f"#tab-faces-{name} button:visible").evaluate_all(
            "all => all.filter(one => one.getBoundingClientRect().right > 390).map(one => one.textContent)"
        )
        assert outside == [], name


SCREENS = [
    {"viewport": {"width": 1280, "height": 720}},
    {"viewport": {"width": 390, "height": 844}, "has_touch": True},
]
IN_THE_MIDDLE = """(element) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    const seen = document.elementFromPoint(left + width / 2, top + height / 2);
    return seen === element || element.contains(seen);
}"""
"""whether nothing else is seen in the middle of an element"""


@pytest.mark.parametrize("screen", SCREENS, ids=["desk", "phone"])
def test_a_photo_stays_in_view_while_any_slider_moves(enter: Visit, screen: dict[str, Any], tmp_path: Path) -> None:
    page = enter(**screen, reduced_motion="reduce")
    show(page, "photo")
    give_photo(page, tmp_path)
    page.locator("#faces-photo-more > button").click()
    for slider in ("age", "direction-1", "direction-8"):
        handle = page.locator(f"#faces-photo-{slider} input[type=range]")
        handle.evaluate("(element) => element.scrollIntoView({ block: 'center' })")
        assert handle.evaluate(IN_THE_MIDDLE), slider
        expect(page.locator("#faces-rebuilt img")).to_be_in_viewport(ratio=0.95)
        assert page.locator("#faces-rebuilt img").evaluate(IN_THE_MIDDLE), slider


@pytest.mark.parametrize("screen", SCREENS, ids=["desk", "phone"])
def test_the_face_and_the_way_back_stay_in_view_while_any_slider_moves(enter: Visit, screen: dict[str, Any]) -> None:
    page = enter(**screen, reduced_motion="reduce")
    steer(page)
    page.locator("#faces-steer-more > button").click()
    expect(page.locator("#faces-steer-direction-8")).to_be_visible()
    for slider in ("age", "woman", "smile", *(f"direction-{number}" for number in range(1, 9))):
        handle = page.locator(f"#faces-steer-{slider} input[type=range]")
        handle.evaluate("(element) => element.scrollIntoView({ block: 'center' })")
        assert handle.evaluate(IN_THE_MIDDLE), slider
        for there in (PORTRAIT, "#faces-undo"):
            expect(page.locator(there)).to_be_in_viewport(ratio=0.95)
            assert page.locator(there).evaluate(IN_THE_MIDDLE), (slider, there)
        assert page.locator(PORTRAIT).evaluate("(image) => image.getBoundingClientRect().width") >= 240
        covered = page.locator(PORTRAIT).evaluate(
            """(image) => {
                const { left, right, top, bottom } = image.getBoundingClientRect();
                const labels = [...document.querySelectorAll("#faces-steer label")].map((one) => one.firstElementChild);
                return labels.filter((one) => {
                    const box = one.getBoundingClientRect();
                    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
                    const inside = left < x && x < right && top < y && y < bottom;
                    return inside && one.contains(document.elementFromPoint(x, y));
                }).map((one) => one.textContent);
            }"""
        )
        assert covered == [], slider


def test_a_direction_shows_what_it_does_at_either_end(enter: Visit) -> None:
    page = enter()
    steer(page)
    seen = """([end, direction]) => {
        const style = getComputedStyle(document.getElementById(`faces-steer-direction-${direction}`), end);
        return [style.backgroundImage, style.backgroundPosition, style.width];
    }"""
    page.wait_for_function(f"({seen})(['::before', 1])[0].startsWith('url(\"data:image/jpeg')")
    ends = [page.evaluate(seen, [end, number]) for end in ("::before", "::after") for number in (1, 2, 3, 4)]
    assert len({sheet for sheet, _, _ in ends}) == 1
    assert len({place for _, place, _ in ends}) == 8
    assert {width for _, _, width in ends} == {"44px"}
    page.locator("#faces-close").click()
    before = source(page, f"{FACES} img")
    page.locator("#faces-model").get_by_text("VAE", exact=True).click()
    changed(page, f"{FACES} img", before)
    steer(page)
    assert page.evaluate(seen, ["::before", 1])[0] not in {ends[0][0], "none"}


def test_faces_look_as_if_they_could_be_pressed(enter: Visit) -> None:
    page = enter()
    face = page.locator(FACES).nth(3)
    look = "(face) => [getComputedStyle(face).cursor, getComputedStyle(face).outlineStyle]"
    assert face.evaluate(look) == ["pointer", "none"]
    expect(page.locator("#faces-made")).to_contain_text("Press a face")
    face.hover()
    assert face.evaluate(look) == ["pointer", "solid"]


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Let the queue refuse everything, or nothing any more."""

    def fill(refusing: bool) -> None:
        said = "There is no room in this test." if refusing else ""
        monkeypatch.setattr(FairQueue, "_no_room", lambda *_: said)

    return fill


def test_the_first_faces_wait_in_no_queue(enter: Visit, full: Callable[[bool], None]) -> None:
    full(True)
    page = enter()
    expect(page.locator(FACES)).to_have_count(16)
    page.locator("#faces-new-seed").click()
    expect(page.locator("#faces-notice [role=alert]")).to_contain_text("Try again")
    full(False)
    before = source(page, f"{FACES} img")
    page.locator("#faces-new-seed").click()
    changed(page, f"{FACES} img", before)
    expect(page.locator("#faces-notice [role=alert]")).to_have_count(0)


def test_fields_that_come_back_are_what_is_painted_first(
    enter: Visit, faces: App, full: Callable[[bool], None]
) -> None:
    page = enter()
    page.get_by_label("Keep my settings").check()
    page.locator("#faces-seed input").fill("12")
    expect(page.locator("#faces-grid .result-status")).to_contain_text("seed 12 ")
    page.wait_for_timeout(500)
    again = page.context.new_page()
    full(True)
    again.goto(faces.address)
    again.locator("#tab-faces-button").click()
    expect(again.locator("#faces-notice [role=alert]")).to_contain_text("Try again")
    expect(again.locator("#faces-grid")).not_to_contain_text("Painting")
    full(False)
    again.locator("#tab-news-button").click()
    again.locator("#tab-faces-button").click()
    expect(again.locator("#faces-grid .result-status")).to_contain_text("seed 12 ")
    expect(again.locator("#faces-notice [role=alert]")).to_have_count(0)


def test_a_full_queue_leaves_nothing_waiting_in_the_panel(enter: Visit, full: Callable[[bool], None]) -> None:
    page = enter()
    notice = page.locator("#faces-steer-notice [role=alert]")
    full(True)
    page.locator(FACES).first.click()
    expect(notice).to_contain_text("Try again")
    full(False)
    page.locator(FACES).first.click()
    expect(page.locator(PORTRAIT)).to_be_visible()
    expect(notice).to_have_count(0)
    before = source(page, PORTRAIT)
    for act in ("slider", "faces-nudge", "faces-search", "faces-add"):
        full(True)
        if act == "slider":
            move(page, "faces-steer-direction-2", 3)
        else:
            page.locator(f"#{act}").click()
        expect(notice).to_contain_text("Try again")
        expect(page.locator("#faces-steer .searching")).to_be_hidden()
        assert (source(page, PORTRAIT) == before) is True
        full(False)
        page.locator("#faces-reset").click()
        expect(notice).to_have_count(0)
    page.locator("#faces-search").click()
    expect(page.locator("#faces-alike .face")).to_have_count(8)
    full(True)
    page.locator("#faces-alike .face").nth(2).click()
    expect(notice).to_contain_text("Try again")


def test_a_full_queue_leaves_nothing_waiting_on_the_other_pages(
    enter: Visit, full: Callable[[bool], None], tmp_path: Path
) -> None:
    page = enter()
    show(page, "photo")
    expect(page.locator("#faces-rebuilt img")).to_be_visible()
    full(True)
    page.locator("#faces-intake input[type=file]").set_input_files(photo(tmp_path))
    expect(page.locator("#faces-photo-notice [role=alert]")).to_contain_text("Try again")
    expect(page.locator("#faces-intake .file-said")).to_be_empty()
    full(False)
    give_photo(page, tmp_path)
    full(True)
    move(page, "faces-photo-direction-1", 3)
    expect(page.locator("#faces-photo-notice [role=alert]")).to_contain_text("Try again")
    show(page, "open")
    page.locator("#faces-open input[type=file]").set_input_files(photo(tmp_path))
    expect(page.locator("#faces-open-notice [role=alert]")).to_contain_text("Try again")
    expect(page.locator("#faces-open-drop .file-said")).to_be_empty()
    show(page, "morph")
    page.locator("#faces-choose").click()
    expect(page.locator("#faces-morph-notice [role=alert]")).to_contain_text("Try again")
    full(False)
    page.locator("#faces-choose").click()
    expect(page.locator("#faces-strip img")).to_have_count(4)
    expect(page.locator("#faces-morph-notice [role=alert]")).to_have_count(0)
    full(True)
    page.locator("#faces-morph-run").click()
    expect(page.locator("#faces-film")).to_contain_text("There is no film")
    expect(page.locator("#faces-morph-run")).to_be_enabled()


def test_every_press_is_answered_before_the_server_does(enter: Visit) -> None:
    page = enter()
    held: list[Any] = []
    page.route("**/queue/join*", lambda route: held.append(route))
    working = "([id, end]) => getComputedStyle(document.getElementById(id), end).animationName"

    def press(button: str, where: str) -> None:
        assert page.evaluate(working, [where, "::after"]) == "none", button
        with page.expect_request("**/queue/join*"):
            page.locator(f"#{button}").click()
        page.wait_for_function(f"({working})(['{where}', '::after']) === 'faces-working'")
        if button == "faces-search":
            expect(page.locator("#faces-alike .searching")).to_be_in_viewport()
        held.pop().continue_()
        page.wait_for_function(f"({working})(['{where}', '::after']) === 'none'")

    press("faces-new-seed", "faces-grid")
    press("faces-zip", "faces-zip")
    page.locator(FACES).first.click()
    page.wait_for_function(f"({working})(['faces-portrait', '::after']) === 'faces-working'")
    held.pop().continue_()
    expect(page.locator(PORTRAIT)).to_be_visible()
    press("faces-download", "faces-download")
    press("faces-add", "faces-portrait")
    press("faces-nudge", "faces-portrait")
    press("faces-search", "faces-alike")
    with page.expect_response("**/run/predict*"):
        show(page, "morph")  # which asks for faces to begin with where it has none
    page.wait_for_function(f"({working})(['faces-choose', '::after']) === 'none'")
    press("faces-choose", "faces-choose")
    with page.expect_request("**/queue/join*"):
        page.locator("#faces-morph-run").click()
    expect(page.locator("#faces-morph-run")).to_contain_text("Filming")
    held.pop().continue_()
    expect(page.locator("#faces-film video")).to_be_visible()


def test_notices_shift_nothing(enter: Visit) -> None:
    page = enter()
    steer(page)
    # What is hidden has no place.
    places = """() => [...document.querySelectorAll("#faces-gallery :is(button, input)")]
        .filter((one) => one.offsetParent).map((one) => Math.round(one.getBoundingClientRect().top + scrollY))"""
    before = page.evaluate(places)
    page.locator("#faces-add").click()
    expect(page.locator("#faces-steer-notice [role=status]")).to_be_visible()
    expect(page.locator("#faces-steer-notice [role=status]")).to_be_in_viewport()
    assert page.evaluate(places) == before
    page.locator("#faces-close").click()
    before = page.evaluate(places)
    page.locator("#faces-seed input").fill("-1")
    expect(page.locator("#faces-notice [role=alert]")).to_be_visible()
    assert page.evaluate(places) == before


def test_a_closed_accordion_points_right(enter: Visit) -> None:
    page = enter(reduced_motion="reduce")
    steer(page)
    turn = """(icon) => {
        const { a, b } = new DOMMatrix(getComputedStyle(icon).transform);
        return Math.round(Math.atan2(b, a) * 180 / Math.PI);
    }"""
    icon = page.locator("#faces-steer-more .label-wrap .icon")
    assert (icon.text_content(), icon.evaluate(turn)) == ("▼", -90)
    page.locator("#faces-steer-more > button").click()
    expect(page.locator("#faces-steer-direction-8")).to_be_visible()
    assert icon.evaluate(turn) == 0


@pytest.mark.parametrize("width", [390, 1920])
def test_no_chinese_words_break_into_single_characters(enter: Visit, width: int, tmp_path: Path) -> None:
    page = enter(locale="zh-CN", viewport={"width": width, "height": 1080 if width > 1000 else 844})
    steer(page)
    page.locator("#faces-steer-more > button").click()
    page.locator("#faces-search").click()
    expect(page.locator("#faces-alike .face")).to_have_count(8)
    lonely = """(tab) => {
        const found = [], walker = document.createTreeWalker(document.getElementById(tab), NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
            const node = walker.currentNode, lines = new Map();
            if (!/[\u4e00-\u9fff]{2}/.test(node.data) || !node.parentElement.checkVisibility()) continue;
            [...node.data].forEach((letter, place) => {
                const range = document.createRange();
                range.setStart(node, place);
                range.setEnd(node, place + 1);
                const top = Math.round(range.getBoundingClientRect().top);
                lines.set(top, (lines.get(top) || "") + letter.trim());
            });
            const said = [...lines.values()];
            if (said.length > 1 && said.some((line) => line.length === 1)) found.push(said);
        }
        return found;
    }"""
    for name in ("gallery", "morph", "photo", "open"):
        show(page, name)
        if name == "morph":
            page.locator("#faces-choose").click()
            expect(page.locator("#faces-strip img")).to_have_count(4)
        if name == "photo":
            give_photo(page, tmp_path)
        assert page.evaluate(lonely, f"tab-faces-{name}") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_axe_finds_nothing_serious(enter: Visit, scheme: str, locale: str, tmp_path: Path) -> None:
    page = enter(color_scheme=scheme, locale=locale, reduced_motion="reduce")

    def check() -> None:
        assert faults(page, but=MILD) == []

    check()
    steer(page)
    page.locator("#faces-add").click()
    page.locator("#faces-steer-more > button").click()
    expect(page.locator("#faces-steer-direction-8")).to_be_visible()
    check()
    show(page, "morph")
    page.locator("#faces-choose").click()
    expect(page.locator("#faces-strip img")).to_have_count(4)
    move(page, "faces-seconds", 0.5)
    page.locator("#faces-morph-run").click()
    expect(page.locator("#faces-film video")).to_be_visible()
    expect(page.locator("#faces-morph-run")).to_be_enabled()
    check()
    show(page, "photo")
    give_photo(page, tmp_path)
    check()
    show(page, "open")
    expect(page.locator("#faces-open-drop button")).to_be_visible()
    check()
