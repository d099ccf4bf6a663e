"""How families of networks work, read in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import MILD, faults

Visit = Callable[..., Page]


@pytest.mark.parametrize(
    ("lesson", "scheme", "locale"), [("vae", "light", "en-US"), ("autoregressive", "dark", "zh-CN")]
)
def test_axe_finds_nothing_serious(app: str, visit: Visit, lesson: str, scheme: str, locale: str) -> None:
    page = visit(app, phone=True, color_scheme=scheme, locale=locale)
    page.goto(f"{app}/how?lesson={lesson}&lang={'zh' if locale == 'zh-CN' else 'en'}")
    expect(page.locator(".symbols dt math").first).to_be_visible()
    assert faults(page, but=MILD) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_symbol_leads_to_what_it_stands_for_by_pointer_and_by_key(app: str, visit: Visit) -> None:
    page = visit(app)
    page.goto(f"{app}/how?lesson=vae&lang=en")
    spread = page.locator("math [data-symbol=spread]").first
    row = page.locator("#symbol-spread")
    expect(row.locator("dt math")).to_be_visible()
    spread.hover()
    expect(row).to_have_class("pointed")
    page.mouse.move(0, 0)
    expect(row).not_to_have_class("pointed")
    spread.click()
    expect(row).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("math [data-symbol=noise]").first).to_have_class("symbol pointed")
    page.mouse.move(0, 0)
    expect(spread).to_have_class("symbol")
    assert re.search(r"noise.*now: 0\.\d+", row.locator("dd").inner_text())


def test_a_claim_fills_the_training_form_in_and_starts_nothing(app: str, visit: Visit) -> None:
    page = visit(app)
    page.goto(f"{app}/how?lesson=textbook_vae&lang=en")
    page.locator(".try").filter(has_text="Fill in").nth(1).click()
    form = page.locator(".training:visible")
    expect(form.locator("[name=skip_kl]")).to_be_checked()
    expect(form.locator("[name=skip_kl]")).to_be_focused()
    expect(form.locator("[data-row=family] input:checked")).to_have_value("textbook-vae")
    expect(form.locator(".command")).to_contain_text("--skip-kl")
    expect(form.locator("[data-do=start]")).to_be_enabled()
    expect(form.locator(".all-runs")).to_contain_text("There are no runs yet.")
    link = form.locator("[data-row=family] a.hint")
    expect(link).to_have_attribute("href", "how?lesson=textbook_vae&lang=en")
