"""What stands around every tab: sizes for a desk, a room and a phone, and what all controls have in common."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import faults
from tests.browser.news_pages import show_english

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]

TABS = ("news", "faces", "music")
# What can be pressed or filled in, and does not lie whole within the window's width.
OUTSIDE = """() => [...document.querySelectorAll("button, input:not([type=radio]), select, textarea, label, h1, h2, p")]
    .filter((one) => one.checkVisibility({ visibilityProperty: true }))
    .filter((one) => !one.closest(".for-screen-readers, [aria-hidden]"))
    .map((one) => [one.getBoundingClientRect(), one])
    .filter(([box]) => box.width > 1 && (box.left < -1 || box.right > innerWidth + 1))
    .map(([box, one]) => `${one.outerHTML.slice(0, 120)} ${box.left} ${box.right}`)"""

# Short names of which a line holds a single character, although there are more.
BROKEN = """() => [...document.querySelectorAll("button, span, label, legend, h1, h2, h3, .small-heading, th")]
    .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest("[lang=en]"))
    .filter((one) => one.getBoundingClientRect().width > 2)
    .flatMap((one) => [...one.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE))
    .filter((node) => {
        const lines = new Map();
        const letters = [...node.data.trim()];
        const start = node.data.indexOf(letters[0]);
        letters.forEach((letter, index) => {
            const range = document.createRange();
            range.setStart(node, start + index);
            range.setEnd(node, start + index + 1);
            const { top } = range.getBoundingClientRect();
            const line = [...lines.keys()].find((other) => Math.abs(other - top) < 6) ?? top;
            lines.set(line, (lines.get(line) || "") + letter);
        });
        return lines.size > 1 && [...lines.values()].some((line) => line.trim().length < 2);
    })
    .map((node) => node.data)"""
# What can be reached by the Tab key, and has a ring around it that an ancestor or the window cuts off.
CUT = """() => [...document.querySelectorAll("a, button, input, textarea, summary, [tabindex='0']")]
    .filter((one) => one.checkVisibility({ visibilityProperty: true }) && one.tabIndex >= 0 && !one.disabled)
    .filter((one) => {
        one.focus({ focusVisible: true });
        const inLabel = one.matches("label input") && getComputedStyle(one).outlineStyle === "none";
        const ringed = inLabel ? one.closest("label") : one;
        const { outlineStyle, outlineWidth, outlineOffset } = getComputedStyle(ringed);
        const wide = outlineStyle === "none" ? 0 : parseFloat(outlineWidth) + parseFloat(outlineOffset);
        const box = ringed.getBoundingClientRect();
        if (box.left - wide < 0 || box.right + wide > innerWidth) return true;
        for (let around = ringed.parentElement; around !== document.body; around = around.parentElement) {
            const { overflowX, overflowY } = getComputedStyle(around);
            const edge = around.getBoundingClientRect();
            const beside = box.left - wide < edge.left - 0.5 || box.right + wide > edge.right + 0.5;
            const beyond = box.top - wide < edge.top - 0.5 || box.bottom + wide > edge.bottom + 0.5;
            if ((overflowX !== "visible" && beside) || (overflowY !== "visible" && beyond)) return true;
        }
        return wide <= 0 && outlineStyle === "none";
    })
    .map((one) => one.outerHTML.slice(0, 160))"""

# How far a refusal is below its field, and how far its edges lie to the right of the field's.
BESIDE = """() => {
    const [said, field] = ["#fill-notice [role=alert]", "#fill-text"]
        .map((part) => document.querySelector(part).getBoundingClientRect());
    return [said.top - field.bottom, said.left - field.left, said.right - field.right];
}"""


def type_size(page: Page, selector: str) -> float:
    """Return the height of an element's letters, which, unlike its own, does not follow from where its lines break."""
    return page.locator(selector).first.evaluate("part => parseFloat(getComputedStyle(part).fontSize)")


@pytest.mark.parametrize("size", ["large", "normal"])
@pytest.mark.parametrize(
    ("width", "height", "locale", "scheme"),
    [
        (1920, 1080, "en-US", "light"),
        (1280, 720, "zh-CN", "dark"),
        (1280, 720, "en-US", "light"),
        (390, 844, "zh-CN", "light"),
        (390, 844, "en-US", "dark"),
    ],
)
def test_every_tab_fits_its_screen(
    app: str, visit: Visit, size: str, width: int, height: int, locale: str, scheme: str
) -> None:
    window = {"width": width, "height": height}
    page = visit(f"{app}/?size={size}", viewport=window, locale=locale, color_scheme=scheme)
    page.locator("#generate-settings > button").click()
    for tab in TABS:
        page.locator(f"#tab-{tab}-button").click()
        expect(page.locator(f"#tab-{tab}")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(OUTSIDE) == [], tab


@pytest.mark.parametrize("locale", ["zh-CN", "zh-TW"])
@pytest.mark.parametrize(("width", "size"), [(390, "large"), (390, "normal"), (1280, "large"), (1280, "normal")])
def test_chinese_names_do_not_break_into_single_characters(
    app: str, visit: Visit, locale: str, width: int, size: str
) -> None:
    page = visit(f"{app}/?size={size}", viewport={"width": width, "height": 844}, locale=locale)
    page.locator("#generate-settings > button").click()
    for tab in TABS:
        page.locator(f"#tab-{tab}-button").click()
        expect(page.locator(f"#tab-{tab}")).to_be_visible()
        assert page.evaluate(BROKEN) == [], tab
    page.locator("#music-run").click()
    expect(page.locator("article.work.finished")).to_be_visible()
    assert page.evaluate(BROKEN) == []


@pytest.mark.parametrize("width", [390, 1280])
def test_rings_around_what_has_the_focus_are_whole(app: str, visit: Visit, width: int) -> None:
    page = visit(app, viewport={"width": width, "height": 844})
    page.locator("#generate-pace label").first.click()
    page.locator("#generate-example-0").click()
    expect(page.locator("#generate-results article.finished")).to_be_visible()
    expect(page.locator("#generate-run")).to_be_enabled()
    page.locator("[data-action=sureness]").click()
    for name, panel in (("write", "generate"), ("fill", "fill"), ("rewrite", "rewrite"), ("open", "open")):
        page.locator(f"#tab-{name}-button").click()
        if panel != "open":
            page.locator(f"#{panel}-settings > button").click()
            expect(page.locator(f"#{panel}-seed")).to_be_visible()
        page.keyboard.press("Tab")
        assert page.evaluate(CUT) == [], name


def test_a_closed_part_points_to_the_right_and_an_open_one_down(app: str, visit: Visit) -> None:
    page = visit(app, reduced_motion="reduce")
    turn = "() => getComputedStyle(document.querySelector('#generate-settings .icon')).transform"
    assert page.evaluate("document.querySelector('#generate-settings .icon').textContent.trim()") == "▼"
    assert page.evaluate(turn) == "matrix(0, -1, 1, 0, 0, 0)"  # a quarter to the left: what pointed down points right
    page.locator("#generate-settings > button").click()
    expect(page.locator("#generate-seed")).to_be_visible()
    assert page.evaluate(turn) in ("none", "matrix(1, 0, 0, 1, 0, 0)")


@pytest.mark.parametrize(("scheme", "tick"), [("dark", "201e1b"), ("light", "white")])
def test_the_tick_is_seen_in_its_box(app: str, visit: Visit, scheme: str, tick: str) -> None:
    page = visit(app, color_scheme=scheme)
    page.locator("#generate-settings > button").click()
    box = page.locator("#generate-fresh input")
    expect(box).to_be_checked()
    expect(box).to_have_css("background-image", re.compile(tick))
    expect(box).to_have_css("background-color", {"dark": "rgb(236, 231, 222)", "light": "rgb(31, 28, 24)"}[scheme])


@pytest.mark.parametrize(("width", "locale"), [(1280, "en-US"), (390, "zh-CN")])
def test_a_refusal_stands_at_its_field_and_moves_nothing(app: str, visit: Visit, width: int, locale: str) -> None:
    page = visit(app, viewport={"width": width, "height": 844}, locale=locale)
    page.locator("#generate-pace label").first.click()
    show_english(page, "fill")
    page.locator("#fill-text textarea").fill("No blank")
    parts = (
        "() => ['text', 'pace', 'run', 'example-0', 'settings'].map((name) => "
        "document.getElementById(`fill-${name}`).getBoundingClientRect().top + scrollY)"
    )
    before = page.evaluate(parts)
    for _ in range(2):  # the same refusal once more
        page.locator("#fill-run").click()
        notice = page.locator("#fill-notice [role=alert]")
        expect(notice).to_be_visible()
        expect(page.locator("#fill-run")).to_be_enabled()
        assert page.evaluate(parts) == before
        below, left, right = page.evaluate(BESIDE)
        assert 0 <= below < 12 and left >= 0 and right <= 1
        assert faults(page, but=("moderate",)) == []
        page.locator("#fill-text textarea").press_sequentially(" more")
        expect(notice).to_be_hidden()
    page.locator("#fill-text textarea").fill("A ___")
    page.locator("#fill-run").click()
    expect(page.locator("#fill-results article.finished")).to_be_visible()
    expect(page.locator("#fill-notice [role=alert]")).to_have_count(0)


def test_in_a_room_type_and_controls_grow_and_fill_the_screen(app: str, visit: Visit) -> None:
    page = visit(app, viewport={"width": 1920, "height": 1080})
    parts = (
        "#generate-run",
        "#generate-topic label",
        "#heading h1",
        "#generate-opening textarea",
        "#generate-first .story",
    )
    expect(page.locator("#generate-first .story")).to_be_visible()
    run = page.locator("#generate-run")
    before = [type_size(page, part) for part in parts]
    button_before = run.bounding_box()
    button = page.get_by_role("button", name="Large type")
    expect(button).to_have_attribute("aria-pressed", "false")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    grown = [type_size(page, part) / old for part, old in zip(parts, before, strict=True)]
    assert min(grown) > 1.3, dict(zip(parts, grown, strict=True))
    button_after = run.bounding_box()
    assert button_before and button_after and button_after["height"] > 1.3 * button_before["height"]
    box = page.locator("#rooms").bounding_box()
    assert box and box["width"] > 1800
    # It stays so in this browser, until it is asked for otherwise.
    page.goto(app)
    expect(page.get_by_role("button", name="Large type")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Large type").click()
    page.reload()
    expect(page.get_by_role("button", name="Large type")).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#generate-first .story")).to_be_visible()
    assert [type_size(page, part) for part in parts] == before
    assert run.bounding_box() == button_before


def test_the_address_asks_for_a_size_and_follows_the_button(app: str, visit: Visit) -> None:
    page = visit(f"{app}/?size=large", locale="zh-CN")
    button = page.get_by_role("button", name="大字")
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    page.reload()
    expect(button).to_have_attribute("aria-pressed", "false")
    page.goto(f"{app}/?size=enormous")
    expect(button).to_have_attribute("aria-pressed", "false")


def test_eight_tabs_of_one_browser_work_side_by_side(app: str, visit: Visit) -> None:
    """A browser opens six connections: none is held by a tab in which nothing runs, nor after something ran."""
    first = visit(app)
    tabs = [first, *(first.context.new_page() for _ in range(7))]
    for page in tabs:
        page.goto(app)
        expect(page.locator("#generate-run")).to_be_visible()
    for page in tabs:
        page.locator("#generate-pace label").first.click()
        page.locator("#generate-run").click()
        expect(page.locator("#generate-results article.finished")).to_be_visible()
        expect(page.locator("#generate-run")).to_be_enabled()


@pytest.mark.parametrize(("locale", "scheme", "phone"), [("zh-CN", "dark", True), ("en-US", "light", False)])
def test_what_programs_call_is_told_in_the_visitors_language_and_theme(
    app: str, visit: Visit, locale: str, scheme: str, phone: bool
) -> None:
    page = visit(app, locale=locale, color_scheme="light" if scheme == "dark" else "dark", phone=phone)
    wrong: list[str] = []
    page.context.on("console", lambda message: wrong.append(message.text))
    page.context.on("weberror", lambda error: wrong.append(str(error.error)))
    page.context.on("response", lambda answer: wrong.append(answer.url) if answer.status >= 400 else None)
    page.locator("#theme").click()
    page.locator("#size").click()
    with page.context.expect_page() as opened:
        page.locator("footer a[href^=api]").click()
    api = opened.value
    api.locator("#write_news summary").first.click()
    assert api.evaluate("document.documentElement.lang") == locale.removesuffix("-US")
    expect(api.locator("h1")).to_have_text({"zh-CN": "供程序使用", "en-US": "For programs"}[locale])
    expect(api.locator("body.dark")).to_have_count(1 if scheme == "dark" else 0)
    expect(api.locator("#size")).to_have_attribute("aria-pressed", "true")
    assert api.evaluate("document.documentElement.scrollWidth") <= (390 if phone else 1280)
    assert faults(api) == []
    api.locator("header a").click()
    expect(api.locator("[id$=-run]:visible")).to_be_visible()
    # Gradio's own description, in English only, is not there for those who know its address either.
    api.goto(f"{app}/?view=api")
    expect(api.locator("[id$=-run]:visible")).to_be_visible()
    assert wrong == []
