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
    """The app with all models that ship, and models of headlines that have learnt little."""
    folder = tmp_path_factory.mktemp("headlines")
    kinds = {"headlines": "headlines-gru", "headlines-masked": "headlines-masked"}
    for shipped in (root / "checkpoints").iterdir():
        if shipped.name not in kinds.values():
            (folder / shipped.name).symlink_to(shipped)
    for kind, name in kinds.items():
        export_checkpoint(train_tiny(kind, tmp_path_factory.mktemp(kind)), folder / name)
    log = tmp_path_factory.mktemp("app") / "log"
    with running_app(root, log, GENAI_DEMO_CHECKPOINTS=str(folder)) as address:
        yield address


def text_of(page: Page, panel: str = "headlines") -> str:
    expect(page.locator(f"#{panel}-results article.finished:not(.telling)")).to_be_visible()
    expect(page.locator(f"#{panel}-run")).to_be_enabled()
    return page.locator(f"#{panel}-results article").get_attribute("data-text") or ""


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


def test_blanks_of_a_headline_are_filled_opened_and_rewritten(headlines: str, visit: Visit) -> None:
    page = visit(headlines, phone=True, bare=True, locale="zh-CN", reduced_motion="reduce", color_scheme="dark")
    page.locator("#tab-fill-button").click()
    expect(page.locator("#tab-fill-chinese-button")).to_have_attribute("aria-selected", "true")
    expect(page).to_have_url(re.compile("page=fill-chinese"))
    page.locator("#fill-chinese-topic label", has_text="体育").click()
    page.locator("#fill-chinese-text textarea").fill("主队__，__将于周一开始")
    page.locator("#fill-chinese-characters-per-blank input[type=number]").fill("2")
    page.locator("#fill-chinese-run").click()
    text = text_of(page, "fill-chinese")
    assert re.fullmatch(r"主队\S{2}，\S{2}将于周一开始", text)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert faults(page, but=("moderate",)) == []
    # A word is opened: what else could have come, what it rests on, and the code that computed it.
    page.locator("#fill-chinese-results .filled").first.click()
    rivals = page.locator("#rivals .rivals")
    expect(rivals).to_contain_text("headlines-masked")
    rivals.locator("button", has_text="哪些词").first.click()
    expect(rivals).to_contain_text("注意力")
    page.keyboard.press("Escape")
    page.locator("#fill-chinese-results [data-replay]").click()
    expect(page.locator("#replay .replay")).to_contain_text("空白")
    page.keyboard.press("Escape")
    # Whoever has the link sees the same, on a page in another language, too.
    other = visit(page.url, locale="en-US")
    assert text_of(other, "fill-chinese") == text
    other.locator("#fill-chinese-text textarea").fill("The president ___ on Monday")
    other.locator("#fill-chinese-run").click()
    expect(other.locator("#fill-chinese-notice [role=alert]")).to_contain_text("Chinese headlines only")
    other.locator("#tab-news-fill-button").click()
    other.locator("#fill-text textarea").fill("国足主场___伊朗")
    other.locator("#fill-run").click()
    expect(other.locator("#fill-notice [role=alert]")).to_contain_text("choose Chinese headlines")
    # A result goes on to be rewritten where its language is.
    page.locator("#fill-chinese-results [data-action=send_to_rewrite]").click()
    field = page.locator("#rewrite-chinese-text textarea")
    expect(field).to_have_value(text)
    field.fill("主队[[获胜]] 将于周一开始")
    page.locator("#rewrite-chinese-run").click()
    assert re.fullmatch(r"主队\S+ 将于周一开始", text_of(page, "rewrite-chinese"))
    expect(page.locator("#rewrite-chinese-results .old")).to_contain_text("主队")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page).to_have_url(re.compile("page=rewrite-chinese"))


def test_headlines_are_written_all_at_once_too(headlines: str, visit: Visit) -> None:
    page = visit(f"{headlines}?tab=news&page=headlines&model=headlines-masked&topic=games&steps=4&seed=3&length=30")
    text = text_of(page)
    receipt = json.loads(page.locator("#headlines-results article").get_attribute("data-receipt") or "")
    assert receipt["model"] == "headlines-masked" and 0 < len(text) <= 30
    page.locator("#headlines-settings").get_by_role("button").first.click()
    expect(page.locator("#headlines-steps")).to_be_visible()
    page.locator("#headlines-model label").first.click()
    expect(page.locator("#headlines-steps")).to_be_hidden()
