"""Pages of the news tab, some of which have a part for each language."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def show_english(page: Page, name: str) -> None:
    """Show a page of the news tab where it is for English news, in whichever language it begins.

    Args:
        page: the whole page, in any language.
        name: of the page, such as "fill".
    """
    page.locator(f"#tab-{name}-button").click()
    expect(page.locator(f":is(#{name}-run, #{name}-chinese-run):visible")).to_be_visible()
    if (english := page.locator(f"#tab-news-{name}-button")).count():
        english.click()
    expect(page.locator(f"#{name}-run")).to_be_visible()
