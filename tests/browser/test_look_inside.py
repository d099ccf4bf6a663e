"""Any word of a text can be opened: what else could have come, and a text that goes on from there, and back."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import faults

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]


def shown(page: Page, panel: str) -> tuple[Locator, Locator, str]:
    """Return a finished text, its words and what it says."""
    article = page.locator(f"#{panel}-results article.finished:not(.telling)")
    expect(article).to_be_visible()
    return article, article.locator(".story .filled"), article.get_attribute("data-text") or ""


def chosen(page: Page, place: str | None) -> list[dict[str, int]]:
    """Return what the address says was chosen, once it names a place."""
    page.wait_for_function("place => location.search.includes(`place%22%3A${place}%2C`)", arg=place)
    found: str = page.evaluate("new URLSearchParams(location.search).get('chosen') || '[]'")
    return list(json.loads(found))


def test_a_word_is_opened_by_key_and_the_text_goes_on_from_another(app: str, visit: Visit, tmp_path: Path) -> None:
    page = visit(f"{app}?tab=news&page=write&seed=3&length=40&topic=sports")
    page.locator("#generate-pace label").first.click()
    article, words, text = shown(page, "generate")
    opened = page.locator(".rivals")
    assert words.first.get_attribute("tabindex") is None
    page.get_by_label("Opening words").fill("Not asked for yet")
    article.get_by_role("button", name="Look inside").click()
    words.nth(3).hover()
    expect(opened.locator("header strong")).to_have_text(words.nth(3).inner_text())
    page.locator("#heading h1").hover()
    expect(opened).to_be_hidden()
    words.first.focus()
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    expect(words.nth(6)).to_be_focused()
    page.keyboard.press("Enter")
    expect(opened.locator("tbody tr")).not_to_have_count(0)
    expect(opened.locator("header strong")).to_have_text(words.nth(6).inner_text())
    expect(opened).to_contain_text("checkpoint")
    expect(opened).to_contain_text("The page's rules took away")
    expect(opened.locator("tr.own")).to_have_count(1)
    assert faults(page, "#tab-news") == []

    opened.locator("summary").click()
    expect(opened.locator("pre")).to_contain_text("def token_probabilities")
    with page.expect_download() as download:
        opened.get_by_role("button", name="CSV").click()
    download.value.save_as(tmp_path / "rivals.csv")
    with (tmp_path / "rivals.csv").open(encoding="utf-8", newline="") as table:
        assert "".join(dict.fromkeys(row["place"] + row["token"] for row in csv.DictReader(table)))
    place = words.nth(6).get_attribute("data-place")
    assert page.evaluate("new URLSearchParams(location.search).get('word')") == f"1.{place}"
    other = visit(page.url, locale="zh-CN")
    expect(other.locator(".rivals tr.own")).to_have_count(1)
    expect(other.locator(".rivals header strong")).to_have_text(words.nth(6).inner_text())
    expect(other.locator(".rivals")).to_contain_text("页面的规则")

    page.keyboard.press("Escape")
    expect(opened).to_be_hidden()
    expect(words.nth(6)).to_be_focused()
    assert "word=" not in page.url
    page.keyboard.press("Enter")
    rival = opened.locator("tbody button").filter(has_not_text="(new line)").nth(1)
    name, before = rival.inner_text(), words.all_inner_texts()[:6]
    rival.press("Enter")
    expect(article).not_to_have_attribute("data-text", text)
    expect(words.nth(6)).to_have_text(name)
    assert words.all_inner_texts()[:6] == before
    expect(article).to_have_class(re.compile("shaded"))
    assert len(chosen(page, place)) == 1
    expect(page.get_by_label("Opening words")).to_have_value("Not asked for yet")
    second = article.get_attribute("data-text") or ""

    # Another choice before the first one: what was chosen there was another telling, which one can go back to.
    earlier = words.nth(2).get_attribute("data-place")
    words.nth(2).click()
    opened.locator("tbody button").first.click()
    expect(article).not_to_have_attribute("data-text", second)
    expect(article).to_have_class(re.compile("shaded"))
    assert len(chosen(page, earlier)) == 1
    for former in (second, text):
        page.get_by_role("button", name="Back to the former telling").click()
        expect(article).to_have_attribute("data-text", former)
        expect(article).to_have_class(re.compile("shaded"))
    expect(page.get_by_role("button", name="Back to the former telling")).to_have_count(0)


def test_on_a_phone_a_touch_opens_a_word_that_was_filled_in(app: str, visit: Visit) -> None:
    query = "tab=news&page=fill&seed=4&steps=4&tokens_per_blank=2&text=The+___+won+___+in+Paris."
    page = visit(f"{app}?{query}", phone=True, locale="zh-CN", has_touch=True)
    article, words, text = shown(page, "fill")
    assert words.count() == 4
    words.nth(2).tap()
    opened = page.locator(".rivals")
    expect(opened.locator("tr.own")).to_have_count(1)
    expect(opened).to_contain_text("检查点")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = opened.bounding_box()
    assert box and box["x"] >= 0 and box["x"] + box["width"] <= 390
    assert faults(page, ".rivals") == []
    page.locator("#heading h1").tap()
    expect(opened).to_be_hidden()

    words.nth(2).tap()
    rival = opened.locator("tbody button").first
    name = rival.inner_text()
    rival.tap()
    expect(article).not_to_have_attribute("data-text", text)
    expect(words.nth(2)).to_have_text(name)
    page.wait_for_function("location.search.includes('chosen')")
    page.reload()
    expect(article.locator(".story .filled").nth(2)).to_have_text(name)
    page.get_by_role("button", name="回到之前的版本").tap()
    expect(article).to_have_attribute("data-text", text)
