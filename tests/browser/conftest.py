from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.helpers.app import running_app

CHROMIUM = "/usr/bin/chromium"
PATIENCE = 60_000
"""milliseconds a condition may take on a busy machine"""


@pytest.fixture(scope="session")
def app(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_app(root, tmp_path_factory.mktemp("app") / "log") as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # One browser a file: as long as playwright runs, its event loop keeps every other test from starting one.
    with sync_playwright() as playwright:
        # As root, in containers too, Chromium starts only without its sandbox; it opens nothing but our own page.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def is_wrong(message: ConsoleMessage) -> bool:
    """Return whether a message in the browser's console is an error that no test has brought about."""
    return message.type == "error" and not re.search("ERR_INTERNET_DISCONNECTED|status of 503", message.text)


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page as a visitor with their own browser; afterwards nothing may have gone wrong or outside."""
    pages: list[Page] = []
    asked: list[str] = []
    wrong: list[str] = []

    def open_page(address: str, phone: bool = False, bare: bool = False, **options: Any) -> Page:
        # An address may name another tab than the first one.
        begun = "#language" if "tab=" in address else "[id$=-run]:visible" if bare else "#generate-run"
        if options.get("locale", "").startswith("zh") and begun == "#generate-run":
            # A page in Chinese begins with Chinese headlines, and most tests are of English news.
            address = f"{address}{'&' if '?' in address else '?'}tab=news&page=write"
        size = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 900}
        context = browser.new_context(**({"locale": "en-US", "viewport": size} | options))
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if is_wrong(message) else None)
        page.goto(address)
        expect(page.locator(begun)).to_be_visible()
        pages.append(page)
        return page

    expect.set_options(timeout=PATIENCE)
    yield open_page
    for page in pages:
        page.context.close()
    assert [url for url in asked if not re.match(r"(http://(127\.0\.0\.1|localhost)[:/]|data:|blob:)", url)] == []
    assert wrong == []
