"""What is shown stands in the address, and what was made stays in the browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Error, Page, expect

from tests.browser.axe import faults
from tests.browser.fields import set_number

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]

READ_ADDRESS = """() => {
    const said = new URLSearchParams(location.search);
    new URLSearchParams(location.hash.slice(1)).forEach((value, name) => said.set(name, value));
    return Object.fromEntries(said);
}"""


def wait_for_address(page: Page, /, **settings: str) -> dict[str, str]:
    """Wait until the address holds `settings`, "*" for any, and return all of it."""
    found: dict[str, str] = {}
    for _ in range(600):
        with suppress(Error):  # a page that goes back to before it was loaded is loaded again meanwhile
            found = page.evaluate(READ_ADDRESS)
        if all(name in found and value in ("*", found[name]) for name, value in settings.items()):
            return found
        page.wait_for_timeout(100)
    raise AssertionError(f"{settings} never stood in the address, but {found}")


def text_of(page: Page) -> str:
    expect(page.locator("#generate-results article.finished").first).to_be_visible()
    return page.locator("#generate-results article").first.get_attribute("data-text") or ""


def write(page: Page) -> str:
    page.locator("#generate-run").click()
    wait_for_address(page, tab="news", page="write", seed="*")
    return text_of(page)


def paint(page: Page) -> None:
    page.get_by_role("tab", name="Faces").click()
    expect(page.locator("#faces-grid .face").first).to_be_visible()


def test_a_reload_keeps_tab_fields_and_result(app: str, visit: Visit) -> None:
    page = visit(app)
    page.get_by_label("Opening words").fill("The coach said")
    text = write(page)
    page.get_by_label("Opening words").fill("Not asked for yet")
    page.locator("#generate-settings > button").click()
    set_number(page, "generate-length", 33)
    page.reload()
    assert text_of(page) == text
    expect(page.get_by_label("Opening words")).to_have_value("Not asked for yet")
    page.locator("#generate-settings > button").click()
    expect(page.locator("#generate-length input[type=number]")).to_have_value("33")
    expect(page.get_by_label("New seed each time")).to_be_checked()


def test_back_goes_to_what_was_shown_before(app: str, visit: Visit) -> None:
    page = visit(app)
    first = write(page)
    seed = wait_for_address(page, tab="news")["seed"]
    page.locator("#generate-run").click()
    expect(page.locator("#generate-results article.finished").first).not_to_have_attribute("data-text", first)
    second = text_of(page)
    assert second != first
    page.get_by_role("tab", name="Piano").click()
    wait_for_address(page, tab="music", page="compose")
    page.go_back()
    wait_for_address(page, tab="news", seed="*")
    expect(page.locator("#generate-run")).to_be_visible()
    assert text_of(page) == second
    page.go_back()
    wait_for_address(page, tab="news", seed=seed)
    expect(page.locator("#generate-results article.finished").first).to_have_attribute("data-text", first)


def test_a_link_shows_a_text_to_somebody_else(app: str, visit: Visit) -> None:
    page = visit(app)
    page.get_by_role("tab", name="Fill in").click()
    page.get_by_label("Text with blanks").fill("The ___ said on Monday that ___ would rise.")
    page.locator("#fill-run").click()
    expect(page.locator("#fill-results article.finished")).to_be_visible()
    wait_for_address(page, tab="news", page="fill", text="*")
    text = page.locator("#fill-results article").get_attribute("data-text") or ""
    other = visit(page.url, locale="zh-CN")
    expect(other.locator("#fill-results article.finished")).to_have_attribute("data-text", text)
    expect(other.locator("#fill-text textarea")).to_have_value("The ___ said on Monday that ___ would rise.")


@pytest.mark.parametrize("query", ["seed=seven", "topic=gossip", "tab=news&page=write&temperature=nan&seed=1"])
def test_a_link_that_cannot_be_followed_says_why(app: str, visit: Visit, query: str) -> None:
    page = visit(f"{app}?{query}")
    expect(page.locator("#generate-notice .notice")).to_be_visible()


@pytest.mark.parametrize("query", ["tab=smells", "tab=faces&page=hair", "page=%22%5D", "tab=news&page=open&seed=1"])
def test_a_place_that_does_not_exist_harms_nothing(app: str, visit: Visit, query: str) -> None:
    page = visit(f"{app}?{query}")
    page.wait_for_timeout(1500)
    expect(page.locator("#language")).to_be_visible()


def test_a_face_and_its_gallery_have_links(app: str, visit: Visit) -> None:
    page = visit(app)
    paint(page)
    wait_for_address(page, tab="faces", page="gallery", seed="0")
    page.locator("#faces-grid .face").nth(2).click()
    wait_for_address(page, tab="faces", page="face", seed="0", index="2")
    expect(page.locator("#faces-portrait img")).to_be_visible()
    set_number(page, "faces-steer-age", 25)
    wait_for_address(page, page="face", age="25.0")
    picture = page.locator("#faces-portrait img").get_attribute("src")
    other = visit(page.url)
    expect(other.locator("#faces-portrait img")).to_have_attribute("src", picture or "")
    expect(other.locator("#faces-portrait")).to_be_in_viewport()
    page.locator("#faces-close").click()
    wait_for_address(page, tab="faces", page="gallery")


def test_a_link_to_music_is_silent_and_holds_music_however_long(app: str, visit: Visit) -> None:
    page = visit(app)
    page.get_by_role("tab", name="Piano").click()
    page.locator("#music-run").click()
    wait_for_address(page, tab="music", page="compose", seed="*")
    page.locator("article.work.finished [data-do=rewrite]").click()
    wait_for_address(page, tab="music", page="rewrite", music="*")
    assert len(page.evaluate("location.search")) < 200
    key = page.locator("article.work").get_attribute("data-key")
    other = visit(page.url)
    expect(other.locator("article.work.finished")).to_have_attribute("data-key", key or "")
    other.wait_for_timeout(1000)
    expect(other.locator("article.work.sounding, article.work.waiting")).to_have_count(0)


def test_what_was_made_stays_in_the_browser(app: str, visit: Visit, tmp_path: Path) -> None:
    page = visit(app)
    strip = page.locator(".strip-of-results")
    expect(strip).to_be_hidden()
    text = write(page)
    paint(page)
    wait_for_address(page, tab="faces", page="gallery", seed="*")
    expect(strip.locator("li")).to_have_count(2)
    with page.expect_download() as download:
        strip.locator("li").nth(1).locator("[data-do=download]").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert json.loads(file.read_text(encoding="utf-8"))["action"] == "generate"

    for box in strip.locator("[data-do=choose]").all():
        box.check()
    strip.get_by_role("button", name="Compare").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("figure")).to_have_count(2)
    expect(dialog).to_contain_text(text.split("\n")[0][:40])
    assert faults(page, ".strip-of-results") == []
    dialog.get_by_role("button", name="Close").click()

    page.reload()
    expect(strip.locator("li")).to_have_count(2)
    strip.locator("li").nth(1).get_by_role("button").first.click()
    expect(page.locator("#generate-results article.finished")).to_have_attribute("data-text", text)
    expect(strip.locator("li").first).to_contain_text(text[:20])

    strip.locator("li").first.locator("[data-do=delete]").click()
    expect(strip.locator("li")).to_have_count(1)
    strip.get_by_role("button", name="Bring it back").click()
    expect(strip.locator("li")).to_have_count(2)


def test_settings_come_back_at_the_next_visit_if_wanted(app: str, visit: Visit) -> None:
    page = visit(app)
    write(page)
    page.get_by_label("Keep my settings").check()
    page.get_by_label("Opening words").fill("Once upon a time")
    page.get_by_label("Opening words").blur()
    page.wait_for_timeout(500)
    again = page.context.new_page()
    again.goto(app)
    expect(again.get_by_label("Opening words")).to_have_value("Once upon a time")
    again.get_by_label("Keep my settings").uncheck()
    third = page.context.new_page()
    third.goto(app)
    expect(third.locator("#generate-run")).to_be_visible()
    third.wait_for_timeout(1500)
    expect(third.get_by_label("Opening words")).to_have_value("")


def test_thirty_results_are_kept_and_no_more(app: str, visit: Visit) -> None:
    page = visit(app)
    page.evaluate(
        """() => {
            const rest = { text: "A text", receipt: "{}", picture: "", time: 0 };
            const one = (number) => ({ link: `?tab=news&page=write&seed=${number}`, title: `Text ${number}`, ...rest });
            localStorage.setItem("genai_demo_history", JSON.stringify([...Array(30).keys()].map(one)));
        }"""
    )
    page.reload()
    expect(page.locator(".strip-of-results li")).to_have_count(30)
    write(page)
    expect(page.locator(".strip-of-results li")).to_have_count(30)
    expect(page.locator(".strip-of-results li").last).to_contain_text("Text 28")
