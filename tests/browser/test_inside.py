"""A face that is opened tells what its model says of it: beside the face, by mouse, key and address."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from genai_demo.settings import settings
from genai_demo.ui import serving
from tests.browser.axe import MILD, faults
from tests.helpers.face_models import write_face_models

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]
FACE = "?tab=faces&page=face&model={model}&seed=5&index=2&variety=0.8&age=0.0&woman=-1.0&smile=-1.0&inside={inside}"


@pytest.fixture(scope="module")
def address(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page with untrained models of faces."""
    checkpoints = write_face_models(tmp_path_factory.mktemp("checkpoints"), tmp_path_factory.mktemp("faces"))
    for folder in (root / "checkpoints").glob("news-*"):
        (checkpoints / folder.name).symlink_to(folder)
    with pytest.MonkeyPatch.context() as house:
        house.setenv("GENAI_DEMO_CHECKPOINTS", str(checkpoints))
        house.setenv("PORT", "0")
        settings.cache_clear()
        page = serving.serve(*serving.address())
        yield page.local_url
        page.close()
    settings.cache_clear()


def test_a_face_is_opened_and_played_with(visit: Visit, address: str, tmp_path: Path) -> None:
    page = visit(address)
    page.locator("#tab-faces-button").click()
    page.locator("#faces-grid .face").nth(1).click()
    page.locator("#faces-portrait img").click()
    opened = page.locator(".inside")
    expect(opened.get_by_role("heading")).to_be_focused()
    expect(page.locator("#faces-grid")).to_be_hidden()
    expect(opened.locator(".inside-stages-row li")).to_have_count(3)
    expect(page).to_have_url(re.compile("inside=stages"))
    picture = opened.locator(".inside-large img")
    before = picture.get_attribute("src")
    opened.locator("input[type=checkbox]").nth(0).uncheck()
    expect(opened.locator(".inside-large figcaption")).to_have_text("Without 4×4")
    assert picture.get_attribute("src") != before
    opened.locator("input[type=checkbox]").nth(0).check()
    expect(picture).to_have_attribute("src", before or "")

    opened.get_by_role("button", name="Between four faces").click()
    field = opened.get_by_role("application")
    expect(field).to_be_visible()
    start = picture.get_attribute("src")
    field.press("ArrowRight")
    expect(opened.locator("figcaption")).to_have_text("5 % to the right, 0 % down")
    expect(picture).not_to_have_attribute("src", start or "")
    opened.get_by_role("button", name="Three other faces").click()
    expect(page).to_have_url(re.compile(r"inside=plane\.1"))

    opened.locator("summary").click()
    with page.expect_download() as download:
        opened.get_by_role("button", name="The numbers as CSV").click()
    download.value.save_as(tmp_path / "plane.csv")
    assert (tmp_path / "plane.csv").read_text(encoding="utf-8").startswith("corner,seed,face\n")
    expect(opened.locator("pre")).to_contain_text("def paint_points(")
    opened.get_by_role("heading").press("Escape")
    expect(page.locator("#faces-inside-open")).to_be_focused()
    expect(page.locator("#faces-grid")).to_be_visible()
    assert "inside=" not in page.url


@pytest.mark.parametrize(("locale", "phone"), [("en-US", False), ("zh-CN", True)])
def test_a_link_opens_the_same_and_axe_finds_nothing_serious(
    visit: Visit, address: str, locale: str, phone: bool
) -> None:
    scheme = "dark" if phone else "light"
    link = f"{address}{FACE.format(model='vae', inside='bits')}"
    page = visit(link, phone=phone, locale=locale, color_scheme=scheme)
    opened = page.locator(".inside")
    expect(opened.locator(".inside-bars rect.own")).to_have_count(1)
    before = opened.locator(".inside-strip img").first.get_attribute("src")
    opened.locator("input[type=range]").press("End")
    expect(opened.locator(".inside-strip img").first).not_to_have_attribute("src", before or "")
    for kind in ("stages", "variety", "verdict", "plane", "bits", "pairs"):
        opened.locator(f"[data-kind={kind}]").click()
        expect(opened.locator(f".inside-{kind}[aria-busy=false]")).to_be_visible()
        assert faults(page, ".inside", but=MILD) == [], kind
    width = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert width[0] <= width[1]
