"""Fields of the page, filled in as a visitor does."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def set_number(page: Page, element: str, value: object) -> None:
    """Type a number; a part of the page that is only just there may draw itself once more and forget the first one."""
    field = page.locator(f"#{element} input[type=number]")
    for _ in range(5):
        field.fill(str(value))
        field.blur()
        page.wait_for_timeout(200)
        if field.input_value() == str(value):
            break
    expect(field).to_have_value(str(value))
