"""A run is started on one page and watched on another; who started it pauses, steps, resumes, stops and deletes it."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page, expect

from genai_demo.engine.runs.record import Record, write_record
from genai_demo.engine.training.run import RunFolder
from tests.browser.axe import MILD, faults

Visit = Callable[..., Page]


def room(page: Page) -> Locator:
    return page.locator("#tab-faces .training")


def watched(page: Page) -> Locator:
    return room(page).locator("article.run")


def step_of(page: Page) -> int:
    found = re.search(r"(?:step|第) ?([\d,]+)", watched(page).locator(".standing").inner_text())
    return int(found[1].replace(",", "")) if found else -1


def another_run(name: str) -> RunFolder:
    """Return a run of the same family as the one that is watched; it learns as fast as lines are added to it."""
    run = RunFolder(Path(os.environ["GENAI_DEMO_RUNS"]) / name)
    run.path.mkdir(parents=True)
    words = ("python", "-m", "genai_demo", "train", "faces", "--model", "textbook-gan", "--data", "digits")
    write_record(run.path, Record((*words, "--run", str(run.path)), "The other one"))
    sheet = io.BytesIO()
    Image.new("RGB", (8, 8)).save(sheet, "PNG")
    run.write_sample(5, {"sample.png": sheet.getvalue()})
    run.add_stats({"step": 5, "seconds": 1.0, "validation_distance": 7.25})
    run.write_status("running", step=5, fraction=0.1, seconds=1.0)
    return run


def test_a_run_belongs_to_the_room(app: str, visit: Visit) -> None:
    page = visit(f"{app}?tab=faces&page=train")
    room(page).locator("label", has_text="Textbook GAN").click()
    expect(room(page).locator("[data-row=data] :checked")).to_have_value("digits")
    room(page).get_by_label("Name").fill("Two players")
    room(page).get_by_text("All settings").click()
    # What is not allowed is said at once, by the field's name, and nothing can be started.
    room(page).get_by_label("Minutes").fill("0")
    expect(room(page).get_by_role("alert")).to_contain_text("Minutes is")
    expect(room(page).get_by_role("button", name="Start training")).to_be_disabled()
    room(page).get_by_label("Minutes").fill("9")
    command = room(page).locator(".choose pre.command")
    expect(command).to_contain_text("train faces --model textbook-gan --data digits --minutes 9.0")
    room(page).get_by_role("button", name="Start training").click()
    expect(watched(page).locator("h2")).to_have_text("Two players")
    page.wait_for_url(re.compile("tab=faces&page=train&run=faces-textbook-gan"))

    # Whoever follows the link watches, in their language, and can change nothing.
    guest = visit(page.url, phone=True, locale="zh-CN")
    expect(watched(guest).locator("img.sample")).to_be_visible()
    expect(watched(guest).locator("svg[role=img]").first).to_have_attribute("aria-label", re.compile("判别器损失"))
    expect(watched(guest).locator(".controls")).to_be_hidden()
    assert guest.evaluate("document.documentElement.scrollWidth") <= 390

    controls = watched(page).locator(".controls")
    controls.get_by_role("button", name="Pause").click()
    expect(watched(page).locator(".kicker")).to_contain_text("paused")
    expect(watched(guest).locator(".kicker")).to_contain_text("已暂停")
    before = step_of(page)
    controls.get_by_role("button", name="One step", exact=True).click()
    expect(watched(page).locator(".standing")).to_contain_text(f"step {before + 1:,} ")
    controls.get_by_role("button", name="One step of the generator only").click()
    expect(watched(page).locator(".standing")).to_contain_text(f"step {before + 2:,} ")

    # What is changed in its midst stands in its history, for all to see.
    watched(page).locator("summary", has_text="Change it while it learns").click()
    watched(page).get_by_label("Learning rate").fill("0.001")
    watched(page).get_by_role("button", name="Apply").click()
    controls.get_by_role("button", name="One step", exact=True).click()
    expect(watched(guest)).to_contain_text("学习率 0.002 → 0.001")

    # Another run of the same family stands beside it, and is followed as well.
    other = another_run("faces-other")
    choice = watched(guest).get_by_label("与另一次训练并排")
    choice.select_option("The other one")
    figure = watched(guest).locator(".chosen-figure svg[role=img]")
    expect(figure).to_have_attribute("aria-label", re.compile("“The other one”在第 5 步：.* 7.25"))
    other.add_stats({"step": 6, "seconds": 2.0, "validation_distance": 6.125})
    other.write_status("stopped", step=6, fraction=0.2, seconds=2.0)
    expect(figure).to_have_attribute("aria-label", re.compile("“The other one”在第 6 步：.* 6.125"))
    expect(watched(guest).locator(".chosen-figure .curve-keys")).to_contain_text("The other one: 6.125")
    guest.wait_for_url(re.compile("&beside=faces-other"))

    # A reload finds both where they were, with the whole history.
    for one, table in ((page, "Values as a table"), (guest, "数值表")):
        one.reload()
        expect(watched(one).locator("h2")).to_have_text("Two players")
        watched(one).locator("summary", has_text=table).click()
        expect(watched(one).locator("tbody tr").nth(2)).to_be_visible()
        assert step_of(one) == before + 3, table
    expect(choice).to_have_value("faces-other")
    expect(watched(guest).locator("[data-beside] img")).to_be_visible()
    assert faults(page, but=MILD) == [] and faults(guest, but=MILD) == []
    choice.select_option("")
    expect(watched(guest).locator("[data-beside]")).to_be_hidden()
    guest.wait_for_url(re.compile("run=[^&]*$"))

    # The time machine: any moment, beside another one, and the curve says which.
    slider = watched(guest).locator("input[type=range]").first
    slider.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"^第 [\d,]+ 步"))
    expect(watched(guest).locator("svg .mark").first).to_be_attached()
    moment = str(slider.get_attribute("aria-valuetext"))
    expect(watched(guest).locator(".verdicts svg")).to_have_attribute(
        "aria-label", re.compile(f"^判别器在{moment}的判定")
    )
    expect(watched(page).locator(".verdicts")).to_contain_text(re.compile(r"tells \d+ % of them apart"))
    watched(guest).get_by_label("与另一时刻并排").check()
    expect(watched(guest).locator("img.sample")).to_have_count(2)
    watched(guest).get_by_role("button", name="作为影片播放").click()
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^最新"))

    controls.get_by_role("button", name="Go on").click()
    expect(watched(page).locator(".kicker")).to_contain_text(re.compile("learning|measured", re.IGNORECASE))
    controls.get_by_role("button", name="Stop").click()
    expect(watched(page).locator(".kicker")).to_contain_text("stopped")
    assert step_of(page) >= before + 2

    mine = room(page).locator(".runs li", has_text="Two players")
    mine.get_by_role("button", name="Rename: Two players").click()
    mine.get_by_role("textbox").fill("Three players")
    mine.get_by_role("textbox").press("Enter")
    mine = room(page).locator(".runs li", has_text="Three players")
    with page.expect_download() as saved:
        mine.get_by_role("link", name="Save as ZIP: Three players").click()
    assert saved.value.suggested_filename.endswith(".zip")
    mine.get_by_role("button", name="Delete: Three players").click()
    expect(mine).to_have_count(0)
    expect(watched(page)).to_have_count(0)
    room(page).get_by_role("button", name="Undo").click()
    expect(mine).to_have_count(1)
    mine.get_by_role("button", name="Duplicate: Three players").click()
    expect(command).to_contain_text("--model textbook-gan --data digits --minutes 9.0")
