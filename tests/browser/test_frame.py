"""What stands around every tab: sizes for a desk, a room and a phone, and what all controls have in common."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

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


def height(page: Page, selector: str) -> float:
    box = page.locator(selector).first.bounding_box()
    assert box
    return box["height"]


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


def test_in_a_room_type_and_controls_grow_and_fill_the_screen(app: str, visit: Visit) -> None:
    page = visit(app, viewport={"width": 1920, "height": 1080})
    parts = ("#generate-run", "#generate-topic label", "#heading h1", "#generate-opening textarea", "#generate-results")
    before = [height(page, part) for part in parts]
    button = page.get_by_role("button", name="Large type")
    expect(button).to_have_attribute("aria-pressed", "false")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    assert all(height(page, part) > 1.3 * old for part, old in zip(parts, before, strict=True))
    box = page.locator("#rooms").bounding_box()
    assert box and box["width"] > 1800
    # It stays so in this browser, until it is asked for otherwise.
    page.goto(app)
    expect(page.get_by_role("button", name="Large type")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Large type").click()
    page.reload()
    expect(page.get_by_role("button", name="Large type")).to_have_attribute("aria-pressed", "false")
    assert [height(page, part) for part in parts] == before


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
        page.locator("footer a").click()
    api = opened.value
    api.locator("#write_news summary").first.click()
    assert api.evaluate("document.documentElement.lang") == locale.removesuffix("-US")
    expect(api.locator("h1")).to_have_text({"zh-CN": "供程序使用", "en-US": "For programs"}[locale])
    expect(api.locator("body.dark")).to_have_count(1 if scheme == "dark" else 0)
    expect(api.locator("#size")).to_have_attribute("aria-pressed", "true")
    assert api.evaluate("document.documentElement.scrollWidth") <= (390 if phone else 1280)
    assert [one["id"] for one in Axe().run(api).response["violations"]] == []
    api.locator("header a").click()
    expect(api.locator("#generate-run")).to_be_visible()
    # Gradio's own description, in English only, is not there for those who know its address either.
    api.goto(f"{app}/?view=api")
    expect(api.locator("#generate-run")).to_be_visible()
    assert wrong == []
