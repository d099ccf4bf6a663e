"""A visitor's own text is read, its words and the network's units are opened, and a text is replayed token by token."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import faults

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]


def test_a_text_is_read_and_its_words_are_opened_by_key(app: str, visit: Visit, tmp_path: Path) -> None:
    page = visit(f"{app}?tab=news&page=read")
    page.locator("#read-text textarea").fill("Oil prices rose to a record on Monday, the company said.")
    page.locator("#read-run").click()
    words = page.locator(".read-word")
    expect(words).to_have_count(11)
    expect(page.locator(".read-totals tbody tr")).to_have_count(4)
    words.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    about = page.locator(".read-about")
    expect(about.locator(".read-title")).to_have_text("rose")
    expect(about.locator(".read-guesses tbody tr")).to_have_count(5)
    about.get_by_role("button", name="Which words mattered for it?").click()
    expect(page.locator(".read-text.painted :is(.plus, .minus)")).not_to_have_count(0)
    expect(about).to_contain_text("Adebayo")
    about.locator("summary").click()
    expect(about.locator("pre")).to_contain_text("def gradient_times_input")
    with page.expect_download() as download:
        about.get_by_role("button", name="CSV").click()
    download.value.save_as(tmp_path / "mattered.csv")
    assert (tmp_path / "mattered.csv").read_text(encoding="utf-8").startswith("place,token,gradient")
    page.locator("details.read-units > summary").click()
    page.locator(".read-units input").fill("7")
    page.keyboard.press("Enter")
    expect(page.locator(".unit-curve")).to_be_visible()
    assert faults(page, "#tab-news") == []
    assert "word=u7" in page.url

    other = visit(page.url, phone=True, locale="zh-CN", color_scheme="dark")
    expect(other.locator(".unit-curve")).to_be_visible()
    assert other.evaluate("document.documentElement.scrollWidth") <= 390
    assert faults(other, "#tab-news") == []


def test_a_text_is_written_one_token_at_a_time(app: str, visit: Visit) -> None:
    page = visit(f"{app}?tab=news&page=write")
    page.get_by_label("Opening words").fill("Oil prices")
    page.locator("#generate-slowly").click()
    player = page.locator(".replay")
    expect(player.locator(".on")).to_be_focused()
    words = page.locator("#generate-results .story .filled")
    later = page.locator("#generate-results .story .filled.later")
    count = words.count()
    expect(later).to_have_count(count)
    page.keyboard.press("Enter")
    expect(later).to_have_count(count - 1)
    expect(player.locator(".strip .own")).to_have_count(1)
    expect(player).to_contain_text("Drawn: 0.")
    expect(player.locator("canvas.state")).to_be_visible()
    place = player.evaluate(
        """(panel) => {
          const at = (one) => parseFloat(one.style.left);
          const own = panel.querySelector(".strip .own");
          return [at(own), at(panel.querySelector(".needle")), at(own) + parseFloat(own.style.width)];
        }"""
    )
    assert place[0] <= place[1] <= place[2], "the number that was drawn falls on the token's share"
    assert faults(page, ".replay") == []
    page.keyboard.press("Escape")
    expect(player).to_be_hidden()
    expect(later).to_have_count(0)
