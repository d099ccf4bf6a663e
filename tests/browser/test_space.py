"""The page as a visitor of a Space sees it: in a frame on another site, by a server whose home cannot be written."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect, sync_playwright

from tests.browser.conftest import CHROMIUM, PATIENCE
from tests.helpers.app import running_app

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser that keeps no cookies for a site in another one's frame."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--test-third-party-cookie-phaseout"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def outside() -> Iterator[ThreadingHTTPServer]:
    """A site of another name that shows in a frame whatever its address names."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            shown = self.path.partition("?")[2]
            page = f'<!doctype html><title>Space</title><iframe width=1200 height=860 src="{shown}"></iframe>'.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def shown(page: Page) -> FrameLocator:
    frame = page.frame_locator("iframe")
    expect(frame.locator("#generate-run")).to_be_visible()
    return frame


def test_in_the_frame_of_another_site(
    browser: Browser, outside: ThreadingHTTPServer, root: Path, tmp_path: Path
) -> None:
    expect.set_options(timeout=PATIENCE)
    space = {
        "SYSTEM": "spaces",
        "SPACE_ID": "someone/demo",
        "SPACE_HOST": "someone-demo.hf.space",
        "HOME": "/proc",  # nobody can write there, not even root
        "GENAI_DEMO_RUNS": str(tmp_path / "runs"),
        "GENAI_DEMO_FRAMES": f"http://127.0.0.1:{outside.server_port}",
    }
    with running_app(root, tmp_path / "log", **space) as address:
        port = address.rpartition(":")[2].strip("/")
        context = browser.new_context(locale="en-US", viewport={"width": 1240, "height": 900})
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"http://127.0.0.1:{outside.server_port}/?http://localhost:{port}/?tab=news&page=write")
        frame = shown(page)
        frame.locator("#generate-run").click()
        expect(frame.locator("#tab-write article.finished").first).to_be_visible()
        # What leads out of the page opens anew; nothing else has an address.
        ways = frame.locator("a[href]:visible:not([download]):not([href^='#'])")
        assert {way.get_attribute("target") for way in ways.all()} <= {"_blank"}

        frame.locator("#theme").click()
        dark = frame.locator("body").evaluate("body => body.classList.contains('dark')")
        frame.locator("#language").get_by_text("中文").click()
        expect(frame.locator("html")).to_have_attribute("lang", "zh-CN")
        page.reload()
        frame = shown(page)
        expect(frame.locator("html")).to_have_attribute("lang", "zh-CN")
        assert frame.locator("body").evaluate("body => body.classList.contains('dark')") == dark
        assert [url for url in asked if not url.startswith(("http://127.0.0.1:", "http://localhost:", "data:"))] == []
        context.close()
