"""Every page of every tab with nothing but a keyboard: all is reached, in an order that can be followed, and seen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]

MOST = 250
"""presses of the Tab key after which a page is a trap"""
PAGES = "[...document.querySelectorAll('#TAB-pages [role=tablist]')][0].querySelectorAll('[role=tab]')"
# What has the focus: notes it, and says whether it is seen, with a ring.
FOCUSED = """() => {
    const one = document.activeElement;
    if (!one || one === document.body) return null;
    const walked = window.walked ||= [];
    const within = walked.at(-1) === one;  // a player of the browser's own has buttons that only it knows
    const again = walked.includes(one) && !within;
    if (!walked.includes(one)) walked.push(one);
    const around = [one, one.closest("label"), one.parentElement, one.closest(".container, .wrap")].filter(Boolean);
    // The ring of a player is drawn around its own buttons.
    const ringed = one.matches("audio, video") || around.some((part) => {
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(part);
        return (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none";
    });
    const { top, bottom, left, right } = (one.closest("label") || one).getBoundingClientRect();
    const inView = bottom > 0 && top < innerHeight && right > 0 && left < innerWidth;
    return { what: one.outerHTML.slice(0, 150), again, ringed, inView };
}"""
# What can be operated, and has not had the focus. Of radio buttons of one name a browser visits one, and arrows the
# others.
MISSED = """() => {
    const operable = "a[href], button, input, textarea, select, summary, [role=slider], [role=tab]";
    const walked = new Set(window.walked);
    const names = new Set(window.walked.filter((one) => one.type === "radio").map((one) => one.name));
    return [...document.querySelectorAll(operable)]
        .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.disabled && !walked.has(one))
        .filter((one) => one.tabIndex >= 0 && !one.closest("[inert], [aria-hidden=true]"))
        .filter((one) => !(one.type === "radio" && names.has(one.name)))
        .map((one) => one.outerHTML.slice(0, 150));
}"""


def come_to_rest(page: Page) -> None:
    """Wait for what a page shows first, which comes by itself."""
    before, same = "", 0
    for _ in range(100):
        now = page.evaluate(
            "document.querySelectorAll('button, input, [aria-busy=true]').length + document.body.innerText"
        )
        same = same + 1 if now == before else 0
        if same == 4:
            break
        before = now
        page.wait_for_timeout(300)


def walk(page: Page) -> list[dict]:
    """Press Tab from the top of the page until the focus leaves it, and return where it has been."""
    # Where something had the focus and went, the next press of Tab goes on: at the top of the page.
    page.evaluate("""() => {
        window.walked = [];
        const top = document.createElement("button");
        document.body.prepend(top);
        top.focus();
        top.remove();
        scrollTo(0, 0);
    }""")
    stops: list[dict] = []
    lost = False
    while len(stops) < MOST:
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        # Gradio's lists close between two presses, and nothing has the focus until the second one.
        if (stop is None and lost) or (stop is not None and stop["again"]):
            break
        lost = stop is None
        if stop is not None:
            stops.append(stop)
    return stops


@pytest.mark.parametrize("tab", ["news", "faces", "music"])
def test_every_page_is_walked_with_the_tab_key(app: str, visit: Visit, tab: str) -> None:
    page = visit(app, reduced_motion="reduce")
    page.locator(f"#tab-{tab}-button").focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"#tab-{tab}")).to_be_visible()
    names = page.evaluate(f"() => [...{PAGES.replace('TAB', tab)}].map((one) => one.id)")
    assert len(names) > 3
    for name in names:
        page.locator(f"#{name}").focus()
        page.keyboard.press("Enter")
        expect(page.locator(f"#{name}")).to_have_attribute("aria-selected", "true")
        come_to_rest(page)
        stops = walk(page)
        assert len(stops) < MOST, (name, "no way out", stops[-3:])
        assert [stop["what"] for stop in stops if not stop["ringed"]] == [], (name, "no ring")
        assert [stop["what"] for stop in stops if not stop["inView"]] == [], (name, "out of sight")
        assert page.evaluate(MISSED) == [], (name, "never reached")
