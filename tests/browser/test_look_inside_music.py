"""A note of a piece can be opened by key, beside the roll."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import faults

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]
COMPOSED = "tab=music&page=compose&model=composer&bars=4&seed=3&key=C_major&density=sparse"


def test_a_note_is_opened_by_key(app: str, visit: Visit) -> None:
    page = visit(f"{app}?{COMPOSED}")
    piece = page.locator("article.work.finished[data-link]")
    expect(piece).to_be_visible()
    piece.locator("[data-do=inside]").click()
    opened = piece.locator(".piece-inside")
    expect(opened.locator(".views button")).to_have_count(3)
    roll = piece.locator(".roll")
    roll.focus()
    for key in ("ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(opened.locator("tr.own").first).to_be_visible()
    expect(opened).to_contain_text("The rules took away")
    assert faults(page, ".piece-inside") == []
    page.keyboard.press("Escape")
    expect(opened).to_be_hidden()
    assert "note=" not in page.url
