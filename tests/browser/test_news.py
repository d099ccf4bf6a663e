from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from genai_demo.catalogue import message
from genai_demo.engine.generation.receipts import parse_receipt, read_receipt, text_with_receipt
from genai_demo.marks.origin import TRAINED
from genai_demo.marks.reading import read_marks
from tests.browser.fields import set_number
from tests.browser.news_pages import show_english

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]


def finished(page: Page, panel: str) -> None:
    """Wait until the panel's result is complete and its button is free again."""
    expect(page.locator(f"#{panel}-results article.finished").first).to_be_visible()
    expect(page.locator(f"#{panel}-run")).to_be_enabled()


def text_of(page: Page, panel: str) -> str:
    return page.locator(f"#{panel}-results article").first.get_attribute("data-text") or ""


def open_settings(page: Page, panel: str) -> None:
    page.locator(f"#{panel}-settings > button").click()
    expect(page.locator(f"#{panel}-seed input")).to_be_visible()


def choose(page: Page, topic: str) -> None:
    """Choose a topic; a page that is only just there may draw its buttons once more and forget the first click."""
    radio = page.get_by_role("radio", name=topic)
    for _ in range(5):
        radio.click(force=True)
        page.wait_for_timeout(300)
        if radio.is_checked():
            break
    expect(radio).to_be_checked()


def test_a_topic_and_an_opening_become_news(app: str, visit: Visit) -> None:
    page = visit(app)
    choose(page, "Sports")
    page.get_by_label("Opening words").fill("The coach said")
    page.get_by_role("button", name="Write", exact=True).click()
    finished(page, "generate")
    article = page.locator("#generate-results article")
    assert text_of(page, "generate").startswith("The coach said")
    expect(article.locator(".given")).to_have_text("The coach said")
    expect(article).to_contain_text("Machine-made")
    expect(article.locator(".kicker")).to_have_text("Sports")
    expect(page.locator("#generate-results .result-status")).to_contain_text(re.compile(r"Seed \d+ · \d+ tokens"))
    expect(page.locator("#announcements")).to_contain_text("Ready. The coach said")


def test_an_example_works_at_one_click_and_another_takes_its_place(app: str, visit: Visit) -> None:
    page = visit(app)
    page.locator("#generate-example-0").click()
    page.locator("#generate-example-1").click()
    finished(page, "generate")
    expect(page.locator("#generate-results .given")).to_have_text(page.get_by_label("Opening words").input_value())
    expect(page.get_by_role("radio", name="Sports")).to_be_checked()


def test_the_same_seed_gives_the_same_texts_and_another_does_not(app: str, visit: Visit) -> None:
    page = visit(f"{app}?seed=7&variants=2&length=24")
    texts = []
    for seed in (7, 8, 7):
        open_settings(page, "generate") if not texts else None
        set_number(page, "generate-seed", seed)
        page.locator("#generate-run").click()
        expect(page.locator("#generate-results .result-status")).to_contain_text(f"Seed {seed} · ")
        finished(page, "generate")
        expect(page.locator("#generate-results article.finished")).to_have_count(2)
        texts.append(page.locator("#generate-results article").evaluate_all("all => all.map(one => one.dataset.text)"))
    assert texts[0] == texts[2] != texts[1]
    assert texts[0][0] != texts[0][1]


def test_words_come_at_the_pace_that_is_chosen_and_all_at_a_click(app: str, visit: Visit) -> None:
    page = visit(f"{app}?length=60")
    page.locator("#generate-pace label").last.click()
    page.locator("#generate-run").click()
    article = page.locator("#generate-results article")
    expect(article).to_have_class(re.compile("telling"))
    untold = article.locator(".untold")
    before = untold.count()
    assert before > 4, "slow motion has hardly begun"
    page.wait_for_timeout(1500)
    assert 0 < before - untold.count() < 8
    finished(page, "generate")
    article.locator(".story").click()
    expect(untold).to_have_count(0)
    page.get_by_role("radio", name="中文").check(force=True)
    expect(article.locator(".machine-made")).to_contain_text("机器")
    expect(untold).to_have_count(0)
    page.locator("#generate-pace label").first.click()
    page.locator("#generate-run").click()
    finished(page, "generate")
    expect(untold).to_have_count(0)


def test_stop_stops_and_the_page_can_be_used_again(app: str, visit: Visit) -> None:
    page = visit(app)
    open_settings(page, "generate")
    page.locator("#generate-model label").last.click()
    page.locator("#generate-pace label").last.click()
    page.locator("#generate-run").click()
    expect(page.locator("#generate-results article.running")).to_be_visible()
    expect(page.locator("#generate-run")).to_be_disabled()
    page.locator("#generate-stop").click()
    expect(page.locator("#generate-results article.stopped")).to_be_visible()
    expect(page.locator("#generate-stop")).to_be_hidden()
    expect(page.locator("#generate-results button")).to_have_count(0)
    page.locator("#generate-pace label").first.click()
    page.locator("#generate-run").click()
    finished(page, "generate")


def write_slowly(page: Page) -> None:
    """Let the masked model write for 16 seconds."""
    open_settings(page, "generate")
    page.locator("#generate-model label").last.click()
    page.locator("#generate-pace label").last.click()
    set_number(page, "generate-steps", 32)
    page.locator("#generate-run").click()
    expect(page.locator("#generate-results article.running")).to_be_visible()


def test_while_a_text_is_written_another_language_frees_no_button(app: str, visit: Visit) -> None:
    page = visit(app)
    write_slowly(page)
    # In the page itself: a test that waits outside of it may come when the text is done.
    said = page.evaluate(
        """() => new Promise((done) => {
            document.querySelector("#language input[value=zh]").click();
            const look = () => {
                const [run, stop] = ["run", "stop"].map((name) => document.getElementById(`generate-${name}`));
                if (stop?.textContent.trim() !== "停止" && run.disabled) { setTimeout(look, 50); return; }
                done([run.textContent.trim(), run.disabled]);
                stop?.click();
            };
            look();
        })"""
    )
    assert said == ["正在写 …", True]
    expect(page.locator("#generate-results")).to_contain_text("已停止")
    expect(page.locator("#generate-run")).to_have_text("开始写")
    expect(page.locator("#generate-run")).to_be_enabled()


def test_while_a_text_is_written_another_model_frees_no_button(app: str, visit: Visit) -> None:
    page = visit(app)
    write_slowly(page)
    page.locator("#generate-model label").first.click()
    page.wait_for_timeout(500)
    assert page.locator("#generate-run").is_disabled()
    page.locator("#generate-stop").click()
    expect(page.locator("#generate-results")).to_contain_text("Stopped")
    expect(page.locator("#generate-run")).to_be_enabled()


def test_a_third_visitor_waits_and_can_give_up(app: str, visit: Visit) -> None:
    pages = [visit(app) for _ in range(3)]
    for page in pages:
        page.get_by_role("tab", name="Fill in").click()
        page.locator("#fill-settings > button").click()
        page.locator("#fill-pace label").last.click()
        set_number(page, "fill-steps", 32)
        page.get_by_label("Text with blanks").fill("___ " * 40)
    for page in pages[:2]:
        page.locator("#fill-run").click()
        expect(page.locator("#fill-results article.running")).to_be_visible()
    pages[2].locator("#fill-run").click()
    expect(pages[2].locator("#fill-results")).to_contain_text("Waiting for the model")
    pages[2].locator("#fill-stop").click()
    expect(pages[2].locator("#fill-run")).to_be_enabled()


def test_blanks_are_filled_one_after_the_other(app: str, visit: Visit) -> None:
    page = visit(app)
    page.get_by_role("tab", name="Fill in").click()
    page.get_by_label("Text with blanks").fill("The ___ said on Monday that ___ would rise.")
    page.evaluate(
        """() => new MutationObserver(() => {
            const left = document.querySelectorAll("#fill-results .blank").length;
            const seen = window.blanksSeen ||= [];
            if (seen.at(-1) !== left) seen.push(left);
        }).observe(document.body, {subtree: true, childList: true})"""
    )
    page.locator("#fill-run").click()
    finished(page, "fill")
    seen = page.evaluate("window.blanksSeen")
    assert max(seen) >= 2
    assert seen[-1] == 0
    assert re.fullmatch(r"The .+ said on Monday that .+ would rise\.", text_of(page, "fill"))
    filled = page.locator("#fill-results .filled")
    page.locator("#fill-results").get_by_text("Word by word, in the order of writing").click()
    expect(page.locator("#fill-results .pieces li")).to_have_count(filled.count())


def test_a_result_is_rewritten_and_its_changes_are_marked(app: str, visit: Visit) -> None:
    page = visit(app)
    page.locator("#generate-example-0").click()
    finished(page, "generate")
    text = text_of(page, "generate")
    page.locator("#generate-results").get_by_role("button", name="Rewrite").click()
    expect(page.get_by_label("Text to rewrite")).to_have_value(text)
    page.locator("#rewrite-run").click()
    finished(page, "rewrite")
    assert text_of(page, "rewrite") != text
    assert page.locator("#rewrite-results .filled").count() > 0
    assert page.locator("#rewrite-results del").count() > 0


def test_a_downloaded_result_is_opened_and_made_again(app: str, visit: Visit, tmp_path: Path) -> None:
    page = visit(app)
    page.locator("#generate-example-2").click()
    finished(page, "generate")
    text = text_of(page, "generate")
    with page.expect_download() as download:
        page.locator("#generate-results").get_by_role("button", name="Download").press("Enter")
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    content = file.read_text(encoding="utf-8")
    receipt = read_receipt(file)
    assert content == text_with_receipt(text, message("text.machine_made"), receipt)
    assert read_marks(file.read_bytes()).iptc == TRAINED
    assert content.splitlines()[-1] == f"Receipt: {receipt.to_json()}"
    assert receipt.settings["opening"] == page.get_by_label("Opening words").input_value()

    other = visit(app)
    other.get_by_role("tab", name="Open a result").click()
    other.locator("#open-file-input, input[type=file]").first.set_input_files(file)
    expect(other.locator("#open-results article.finished")).to_be_visible()
    assert text_of(other, "open") == text
    expect(other.locator("#open-results .verdict")).to_contain_text(receipt.checkpoint)
    expect(other.locator("#open-results .marks")).to_contain_text("belongs to this receipt")
    other.get_by_role("tab", name="Write", exact=True).click()
    expect(other.get_by_label("Opening words")).to_have_value(receipt.settings["opening"])
    other.locator("#generate-run").click()
    finished(other, "generate")
    assert text_of(other, "generate") == text


def test_text_and_link_are_copied(app: str, visit: Visit) -> None:
    page = visit(f"{app}?opening=The+coach&seed=5&topic=sports", permissions=["clipboard-read", "clipboard-write"])
    finished(page, "generate")
    expect(page.get_by_label("Opening words")).to_have_value("The coach")
    buttons = page.locator("#generate-results .tools")
    buttons.get_by_role("button", name="Copy", exact=True).click()
    expect(buttons.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == text_of(page, "generate")
    buttons.get_by_role("button", name="Copy link").click()
    expect(buttons.get_by_role("button", name="Link copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    again = visit(link)
    finished(again, "generate")
    expect(again.get_by_label("Opening words")).to_have_value("The coach")
    assert text_of(again, "generate") == text_of(page, "generate")


def test_an_overlong_opening_is_refused_and_nothing_is_lost(app: str, visit: Visit) -> None:
    page = visit(app)
    page.locator("#generate-example-0").click()
    finished(page, "generate")
    before = text_of(page, "generate")
    page.get_by_label("Opening words").fill("word " * 80)
    page.locator("#generate-run").click()
    expect(page.locator("#generate-notice [role=alert]")).to_contain_text("at most 300")
    assert text_of(page, "generate") == before
    assert len(page.get_by_label("Opening words").input_value()) == 400
    expect(page.locator("#generate-run")).to_be_enabled()
    page.get_by_label("Opening words").fill("A word")
    page.locator("#generate-run").click()
    finished(page, "generate")
    expect(page.locator("#generate-notice [role=alert]")).to_have_count(0)


@pytest.mark.parametrize(
    ("tab", "panel", "field", "text", "sentence"),
    [
        ("填空", "fill", "带空白的文本", "No blank in here.", "三个下划线"),
        ("改写", "rewrite", "要改写的文本", "   ", "没有可改写的文本"),
    ],
)
def test_refusals_speak_the_visitors_language(
    app: str, visit: Visit, tab: str, panel: str, field: str, text: str, sentence: str
) -> None:
    page = visit(app, locale="zh-CN")
    page.get_by_role("tab", name=tab).click()
    if panel in ("fill", "rewrite"):
        show_english(page, panel)
    page.get_by_label(field).fill(text)
    page.locator(f"#{panel}-run").click()
    expect(page.locator(f"#{panel}-notice [role=alert]")).to_contain_text(sentence)


@pytest.mark.parametrize("seed", ["-1", "99999999999", "1.5", ""])
def test_a_seed_out_of_range_is_refused(app: str, visit: Visit, seed: str) -> None:
    page = visit(app)
    open_settings(page, "generate")
    page.locator("#generate-fresh input").uncheck()
    set_number(page, "generate-seed", seed)
    page.locator("#generate-run").click()
    expect(page.locator("#generate-notice [role=alert]")).to_contain_text("2147483647")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"\xff\xfe\x00\x01", "no receipt"), (b"no receipt here", "no receipt"), (b"", "no receipt")],
)
def test_files_that_are_no_results_are_refused(
    app: str, visit: Visit, tmp_path: Path, content: bytes, sentence: str
) -> None:
    file = tmp_path / "wrong.txt"
    file.write_bytes(content)
    page = visit(app)
    page.get_by_role("tab", name="Open a result").click()
    page.locator("input[type=file]").first.set_input_files(file)
    expect(page.locator("#open-notice [role=alert]")).to_contain_text(sentence)


DROP = """([target, name, bytes]) => {
    const files = new DataTransfer();
    files.items.add(new File([new Uint8Array(bytes)], name));
    return document.querySelector(target).dispatchEvent(
        new DragEvent("drop", { dataTransfer: files, bubbles: true, cancelable: true }));
}"""


def test_a_file_can_be_dropped(app: str, visit: Visit) -> None:
    page = visit(app)
    taken = page.evaluate(DROP, ["#generate-opening", "holiday.jpg", [0xFF, 0xD8]])
    assert not taken, "the browser does not leave the page to show the file"
    page.get_by_role("tab", name="Open a result").click()
    expect(page.locator("#open-file")).to_be_visible()
    page.evaluate(DROP, ["#open-results", "holiday.jpg", [0xFF, 0xD8]])
    expect(page.locator("#open-notice [role=alert]")).to_contain_text("no receipt")


def test_an_address_with_a_wrong_setting_says_so(app: str, visit: Visit) -> None:
    page = visit(f"{app}?topic=gossip")
    expect(page.locator("#generate-notice [role=alert]")).to_contain_text("gossip")


def test_the_receipt_in_the_page_is_that_of_the_download(app: str, visit: Visit) -> None:
    page = visit(f"{app}?length=16&seed=3")
    finished(page, "generate")
    data = page.locator("#generate-results article").first.get_attribute("data-receipt") or ""
    assert parse_receipt(data).settings["seed"] == json.loads(data)["settings"]["seed"] == 3


def test_the_page_opens_with_a_text_that_can_be_read_at_once(app: str, visit: Visit) -> None:
    page = visit(app)
    article = page.locator("#generate-first article")
    expect(article).to_have_class(re.compile(r"\bshipped\b"))
    text = article.get_attribute("data-text") or ""
    assert len(text) > 40
    expect(article).to_contain_text("Machine-made")
    page.get_by_role("radio", name="中文").check(force=True)
    expect(article).to_contain_text("机器")
    assert article.get_attribute("data-text") == text
    page.wait_for_timeout(1000)
    expect(page.locator(".strip-of-results")).to_be_hidden()
    assert "seed=" not in page.url
    page.locator("#generate-run").click()
    finished(page, "generate")
    expect(article).to_be_hidden()


def test_what_is_asked_for_at_once_is_not_overwritten_by_what_ships(app: str, visit: Visit) -> None:
    page = visit(app)
    page.locator("#generate-run").click()
    finished(page, "generate")
    text = text_of(page, "generate")
    page.wait_for_timeout(3000)
    assert text_of(page, "generate") == text
    expect(page.locator("#generate-first article")).to_be_hidden()


def test_a_link_shows_nothing_but_what_it_names(app: str, visit: Visit) -> None:
    page = visit(f"{app}?topic=sports")
    expect(page.get_by_role("radio", name="Sports")).to_be_checked()
    page.wait_for_timeout(1000)
    expect(page.locator("#generate-results article, #generate-first article")).to_have_count(0)


@pytest.mark.parametrize(("panel", "tab"), [("fill", "Fill in"), ("rewrite", "Rewrite")])
def test_an_example_shows_its_topic_and_own_words_have_none(app: str, visit: Visit, panel: str, tab: str) -> None:
    page = visit(app)
    page.get_by_role("tab", name=tab).click()
    page.locator(f"#{panel}-example-1").click()
    finished(page, panel)
    topic = page.locator(f"#{panel}-topic input:checked")
    expect(topic).not_to_have_value("any")
    expect(topic.locator("..")).to_be_visible()
    expect(page.locator(f"#{panel}-results .kicker")).not_to_be_empty()
    field = page.locator(f"#{panel}-text textarea")
    field.fill("The ___ was closed on Monday after a storm.")
    expect(topic).to_have_value("any")
    page.locator(f"#{panel}-run").click()
    expect(page.locator(f"#{panel}-results .kicker")).to_be_empty()
    page.locator(f"#{panel}-topic label").nth(2).click()
    chosen = topic.get_attribute("value") or ""
    field.fill("The ___ was closed on Tuesday after a storm.")
    page.wait_for_timeout(500)
    expect(topic).to_have_value(chosen)
