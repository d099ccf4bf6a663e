from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.axe import MILD, faults
from tests.browser.news_pages import show_english
from tests.helpers.app import running_app

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]

ENGLISH_BY_NATURE = re.compile(r"GenAI Demo|English|GRU|API|Top-p|Min-p|\.txt|\.json")


def visible_words(page: Page) -> str:
    """Return what can be read on the page, less the texts that models or their prompts wrote."""
    return str(
        page.evaluate(
            """() => {
                const copy = [...document.querySelectorAll("[lang=en], .chip, textarea, #announcements")];
                const kept = copy.map((element) => element.style.display);
                copy.forEach((element) => { element.style.display = "none"; });
                const words = document.body.innerText;
                copy.forEach((element, index) => { element.style.display = kept[index]; });
                return words;
            }"""
        )
    )


@pytest.mark.parametrize(
    ("locale", "shown", "button"),
    [
        ("zh", "zh-CN", "开始写"),
        ("zh-CN", "zh-CN", "开始写"),
        ("zh-Hans-CN", "zh-CN", "开始写"),
        ("zh-HK", "zh-TW", "開始寫"),
        ("zh-TW", "zh-TW", "開始寫"),
    ],
)
def test_every_chinese_browser_gets_chinese(app: str, visit: Visit, locale: str, shown: str, button: str) -> None:
    page = visit(app, locale=locale)
    expect(page.locator("#generate-run")).to_have_text(button)
    assert page.evaluate("document.documentElement.lang") == shown
    expect(page.locator("footer")).to_contain_text("使用")


def test_a_press_is_seen_before_the_server_answers(app: str, visit: Visit) -> None:
    page = visit(app)
    held: list[Route] = []
    page.route("**/gradio_api/run/predict", lambda call: held.append(call), times=1)
    run, mark = page.locator("#generate-run"), page.locator("#pressed")
    run.click()
    expect(mark).to_be_visible()
    button, line = run.bounding_box(), mark.bounding_box()
    assert button and line
    assert (line["x"], line["width"]) == pytest.approx((button["x"], button["width"]), abs=1)
    assert button["y"] < line["y"] < button["y"] + button["height"], "it lies on the button"
    held[0].continue_()
    expect(mark).to_have_count(0)
    expect(page.locator("#generate-results article.finished")).to_be_visible()


def test_what_needs_no_server_shows_nothing(app: str, visit: Visit) -> None:
    page = visit(app)
    page.locator("#generate-settings > button").click()
    page.locator("#theme").click()
    page.wait_for_timeout(300)
    expect(page.locator("#pressed")).to_have_count(0)


def test_in_chinese_nothing_stays_english(app: str, visit: Visit) -> None:
    page = visit(app, locale="zh-SG")
    page.locator("#generate-settings > button").click()
    page.locator("#generate-model label").last.click()
    expect(page.locator("#generate-steps")).to_be_visible()
    page.locator("#generate-example-0").click()
    expect(page.locator("#generate-results article.finished")).to_be_visible()
    page.locator("[data-action=sureness]").click()
    for tab, panel in (("写作", "generate"), ("填空", "fill"), ("改写", "rewrite"), ("打开结果", "open")):
        page.get_by_role("tab", name=tab).click()
        if panel in ("fill", "rewrite"):
            show_english(page, panel)
        expect(page.locator(f"#{panel}-results")).to_be_visible()
        if panel in ("fill", "rewrite"):
            page.locator(f"#{panel}-settings > button").click()
            expect(page.locator(f"#{panel}-seed")).to_be_visible()
            page.locator(f"#{panel}-example-0").click()
            expect(page.locator(f"#{panel}-results article.finished")).to_be_visible()
        words = ENGLISH_BY_NATURE.sub("", visible_words(page))
        assert re.findall("[A-Za-z]{2,}", words) == [], words


def test_in_chinese_no_label_stays_english(app: str, visit: Visit) -> None:
    """Neither do names that are only heard, nor those that Gradio gives."""
    page = visit(app, locale="zh-CN")
    page.locator("#generate-settings > button").click()
    expect(page.locator("#generate-length input[type=range]")).to_have_attribute("aria-label", "长度（滑块）")
    assert [name for name in spoken_names(page) if re.search("[A-Za-z]{2,}", ENGLISH_BY_NATURE.sub("", name))] == []
    page.get_by_role("radio", name="English").check(force=True)
    expect(page.locator("#generate-length input[type=range]")).to_have_attribute(
        "aria-label", "range slider for Length"
    )
    expect(page.locator("footer a")).to_have_text(["How it works", "Use via API"])
    assert [name for name in spoken_names(page) if re.search("[\u4e00-\u9fff]", name)] == []


def spoken_names(page: Page) -> list[str]:
    return list(
        page.evaluate(
            """() => ["aria-label", "title", "alt"].flatMap((name) =>
                [...document.querySelectorAll(`[${name}]`)].map((element) => element.getAttribute(name)))"""
        )
    )


def test_a_lost_connection_is_told_in_the_visitors_language(app: str, visit: Visit) -> None:
    page = visit(app, locale="zh-CN")
    page.context.set_offline(True)
    page.locator("#generate-run").click()
    expect(page.get_by_text("与服务器的连接断开了")).to_be_visible()
    expect(page.get_by_text("Error", exact=True)).to_have_count(0)
    page.context.set_offline(False)


def test_the_switch_changes_everything_and_keeps_the_work(app: str, visit: Visit) -> None:
    page = visit(app)
    page.locator("#generate-example-1").click()
    expect(page.locator("#generate-results article.finished")).to_be_visible()
    expect(page.locator("#generate-run")).to_be_enabled()
    text = page.locator("#generate-results article").get_attribute("data-text")
    opening = page.locator("#generate-opening textarea").input_value()
    page.get_by_role("radio", name="中文").check(force=True)
    expect(page.locator("#generate-run")).to_have_text("开始写")
    expect(page.locator("#generate-results article")).to_contain_text("机器生成")
    expect(page.locator("#generate-results .kicker")).to_have_text("体育")
    expect(page.get_by_role("tab", name="填空")).to_be_visible()
    assert page.locator("#generate-results article").get_attribute("data-text") == text
    assert page.locator("#generate-opening textarea").input_value() == opening
    expect(page.get_by_role("radio", name="体育")).to_be_checked()
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    assert re.findall("[A-Za-z]{2,}", ENGLISH_BY_NATURE.sub("", visible_words(page))) == []
    page.reload()
    expect(page.locator("#generate-run")).to_have_text("开始写")
    expect(page.get_by_role("radio", name="中文")).to_be_checked()


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_a_phone_needs_no_sideways_scrolling(app: str, visit: Visit, locale: str) -> None:
    page = visit(app, phone=True, locale=locale, has_touch=True)
    page.locator("#generate-settings > button").click()
    page.locator("#generate-example-3").click()
    expect(page.locator("#generate-results article.finished")).to_be_visible()
    for name in ("write", "fill", "rewrite", "open"):
        page.locator(f"#tab-{name}-button").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("#tab-write-button").click()
    button, result = (page.locator(f"#generate-{part}").bounding_box() for part in ("run", "results"))
    assert button
    assert result
    assert 0 < result["y"] - (button["y"] + button["height"]) < 100
    small = page.locator("#tab-write button:visible").evaluate_all(
        "all => all.filter(one => one.getBoundingClientRect().height < 24).map(one => one.textContent)"
    )
    assert small == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_axe_finds_nothing_serious(app: str, visit: Visit, scheme: str, locale: str) -> None:
    page = visit(app, color_scheme=scheme, locale=locale, reduced_motion="reduce")
    expect(page.locator("body.dark")).to_have_count(1 if scheme == "dark" else 0)
    page.locator("#generate-settings > button").click()
    page.locator("#generate-example-0").click()
    expect(page.locator("#generate-results article.finished")).to_be_visible()
    expect(page.locator("#generate-run")).to_be_enabled()
    for name, panel in (("write", "generate"), ("fill", "fill"), ("rewrite", "rewrite"), ("open", "open")):
        page.locator(f"#tab-{name}-button").click()
        if panel in ("fill", "rewrite"):
            show_english(page, panel)
        expect(page.locator(f"#{panel}-results")).to_be_visible()
        if panel in ("fill", "rewrite"):
            page.locator(f"#{panel}-example-0").click()
            expect(page.locator(f"#{panel}-results article.finished")).to_be_visible()
            expect(page.locator(f"#{panel}-run")).to_be_enabled()
        assert faults(page, but=MILD) == []
    assert page.locator("h1").count() == 1


def test_the_theme_follows_the_system_until_the_visitor_chooses(app: str, visit: Visit) -> None:
    page = visit(app, color_scheme="dark")
    expect(page.locator("body.dark")).to_have_count(1)
    page.get_by_role("button", name="Light / dark").click()
    expect(page.locator("body.dark")).to_have_count(0)
    page.reload()
    expect(page.locator("#generate-run")).to_be_visible()
    expect(page.locator("body.dark")).to_have_count(0)


def test_the_keyboard_is_enough(app: str, visit: Visit) -> None:
    page = visit(app)
    page.get_by_label("Opening words").focus()
    page.keyboard.type("The mayor")
    # Over the temperature's two fields and the pace.
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "generate-run":
            break
    assert page.evaluate("document.activeElement.id") == "generate-run"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.locator("#generate-results article.finished")).to_be_visible()
    expect(page.locator("#generate-run")).to_be_enabled()
    page.locator("#generate-run").focus()
    # Over the button that goes on by one token.
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.action") == "copy"


def test_a_full_queue_is_told_and_can_be_tried_again(root: Path, visit: Visit, tmp_path: Path) -> None:
    with running_app(root, tmp_path / "log", GENAI_DEMO_QUEUE="1") as app:
        pages = [visit(app, locale="zh-CN") for _ in range(4)]
        for page in pages:
            show_english(page, "fill")
            page.locator("#fill-settings > button").click()
            page.locator("#fill-pace label").last.click()
            page.locator("#fill-steps input[type=number]").fill("32")
            page.locator("#fill-steps input[type=number]").blur()
            page.get_by_label("带空白的文本").fill("___ " * 40)
        for page in pages[:2]:
            page.locator("#fill-run").click()
            expect(page.locator("#fill-results article.running")).to_be_visible()
        pages[2].locator("#fill-run").click()
        expect(pages[2].locator("#fill-results")).to_contain_text("正在等待")
        pages[2].wait_for_timeout(1000)  # until it stands in the queue
        pages[3].locator("#fill-run").click()
        expect(pages[3].get_by_text("请稍后再试")).to_be_visible()
        expect(pages[3].locator("#fill-run")).to_be_enabled()
        expect(pages[3].locator("#fill-stop")).to_be_hidden()
        for page in pages:
            page.context.close()


def test_arrow_keys_move_within_a_row(app: str, visit: Visit) -> None:
    page = visit(app)
    page.get_by_role("radio", name="Any").focus()
    for key, chosen in (("ArrowRight", "World"), ("ArrowDown", "Sports"), ("ArrowLeft", "World")):
        page.keyboard.press(key)
        expect(page.get_by_role("radio", name=chosen)).to_be_checked()
        expect(page.get_by_role("radio", name=chosen)).to_be_focused()
    page.get_by_role("tab", name="Write", exact=True).focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#tab-news-train-button")).to_be_focused()
    expect(page.locator("#tab-news-train-button")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#generate-run")).to_be_visible()


def test_without_checkpoints_the_page_says_what_to_do(root: Path, visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    with running_app(root, tmp_path / "log", GENAI_DEMO_CHECKPOINTS=str(tmp_path / "checkpoints")) as app:
        page = visit(app)
        expect(page.locator("#generate-problem [role=alert]")).to_contain_text("news-gru")
        expect(page.locator("#generate-run")).to_be_disabled()
        page.get_by_role("tab", name="Fill in").click()
        expect(page.locator("#fill-problem [role=alert]")).to_contain_text("news-masked")
        page.get_by_role("radio", name="中文").check(force=True)
        expect(page.locator("#fill-problem [role=alert]")).to_contain_text("缺少")
        page.context.close()
