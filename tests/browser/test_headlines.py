"""Chinese headlines stand beside English news, and a page in Chinese begins with them; they need their model."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from genai_demo.engine.models.export import export_checkpoint
from tests.browser.axe import faults
from tests.helpers.app import running_app
from tests.helpers.news import train_tiny

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def headlines(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app with all models that ship, and a model of headlines that has learnt little."""
    folder = tmp_path_factory.mktemp("headlines")
    for shipped in (root / "checkpoints").iterdir():
        if shipped.name != "headlines-gru":
            (folder / shipped.name).symlink_to(shipped)
    export_checkpoint(train_tiny("headlines", tmp_path_factory.mktemp("run")), folder / "headlines-gru")
    log = tmp_path_factory.mktemp("app") / "log"
    with running_app(root, log, GENAI_DEMO_CHECKPOINTS=str(folder)) as address:
        yield address


def text_of(page: Page) -> str:
    expect(page.locator("#headlines-results article.finished:not(.telling)")).to_be_visible()
    expect(page.locator("#headlines-run")).to_be_enabled()
    return page.locator("#headlines-results article").get_attribute("data-text") or ""


def test_a_page_in_chinese_begins_with_chinese(headlines: str, visit: Visit) -> None:
    page = visit(headlines, phone=True, bare=True, locale="zh-CN", reduced_motion="reduce")
    expect(page.locator("#tab-headlines-button")).to_have_attribute("aria-selected", "true")
    shipped = page.locator("#headlines-first article")
    expect(shipped.locator(".headline")).to_have_attribute("lang", "zh")
    expect(shipped).to_contain_text("机器生成")
    page.locator("#headlines-topic label", has_text="游戏").click()
    page.locator("#headlines-opening textarea").fill("网游")
    page.locator("#headlines-run").click()
    text = text_of(page)
    assert text.startswith("网游") and "\ufffd" not in text
    expect(page.locator("#headlines-results .kicker")).to_have_text("游戏")
    expect(page.locator("#headlines-results [data-action=send_to_rewrite]")).to_have_count(0)
    receipt = json.loads(page.locator("#headlines-results article").get_attribute("data-receipt") or "")
    assert (receipt["model"], receipt["settings"]["topic"]) == ("headlines-gru", "games")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert faults(page, but=("moderate",)) == []
    expect(page).to_have_url(re.compile("page=headlines"))
    # Whoever has the link sees the same headline, on a page in another language, too.
    other = visit(page.url, locale="en-US")
    assert text_of(other) == text
    other.locator("#headlines-opening textarea").fill("Oil prices rose to a record")
    other.locator("#headlines-run").click()
    expect(other.locator("#headlines-notice [role=alert]")).to_contain_text("Chinese headlines only")
    # The language of the text is a choice, and each has topics of its own.
    other.locator("#tab-news-write-button").click()
    expect(other.get_by_role("radio", name="World")).to_be_visible()
    expect(other.get_by_role("radio", name="Games")).to_be_hidden()


def test_a_page_in_english_begins_with_english(headlines: str, visit: Visit) -> None:
    page = visit(headlines)
    expect(page.locator("#tab-news-write-button")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#generate-first article")).to_be_visible()
    expect(page.locator("#headlines-run")).to_be_hidden()
