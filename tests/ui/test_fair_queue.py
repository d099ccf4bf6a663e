"""Nobody fills the queue alone, and nothing is worked on for nobody."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import gradio as gr
import httpx
import pytest

from genai_demo.settings import settings
from genai_demo.ui.fair_queue import last, make_fair

PLACES = 8


class Page:
    """A page with two tabs whose endpoints work until they are told to finish."""

    def __init__(self) -> None:
        self.working, self.closed, self.finish = threading.Event(), threading.Event(), threading.Event()
        with gr.Blocks() as self.blocks:
            for tab in ("first", "second"):
                gr.api(self.work, api_name=tab, concurrency_id=tab, concurrency_limit=1)
        self.blocks.queue(max_size=PLACES)
        make_fair(self.blocks)
        self.blocks.launch(prevent_thread_lock=True, quiet=True)
        self.client = httpx.Client(base_url=self.blocks.local_url + "gradio_api", timeout=30)

    def _steps(self) -> Iterator[int]:
        self.working.set()
        try:
            while not self.finish.wait(0.02):
                yield 0
            yield 1
        finally:
            self.closed.set()

    def work(self) -> int:
        return last(self._steps())

    def join(self, tab: int = 0, session: str = "one", data: tuple[int, ...] = ()) -> httpx.Response:
        body = {"data": list(data), "fn_index": tab, "session_hash": session}
        return self.client.post("/queue/join", json=body)

    def call(self, tab: str = "first") -> httpx.Response:
        return self.client.post(f"/call/{tab}", json={"data": []})


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    monkeypatch.setenv("GENAI_DEMO_QUEUE", str(PLACES))
    settings.cache_clear()
    page = Page()
    yield page
    page.finish.set()
    page.blocks.close()
    settings.cache_clear()


def accepted(ask: Callable[[], httpx.Response]) -> tuple[int, httpx.Response]:
    """Ask until it is refused; return how often it was not, and the refusal."""
    for count in range(PLACES + 2):
        answer = ask()
        if answer.status_code != 200:
            return count, answer
    raise AssertionError("never refused")


def begin(page: Page) -> None:
    """Let somebody's work begin, so that all others wait."""
    assert page.join(session="busy").status_code == 200
    assert page.working.wait(20)


def test_a_visitor_has_a_quarter_of_the_places(page: Page) -> None:
    begin(page)
    count, refusal = accepted(lambda: page.join(session="one"))
    assert count == PLACES // 4
    assert refusal.status_code == 503 and str(count) in refusal.json()["detail"]
    assert page.join(session="two").status_code == 200, "there is room for others"


def test_a_program_has_a_quarter_of_the_places_too(page: Page) -> None:
    begin(page)
    count, refusal = accepted(page.call)
    assert count == PLACES // 4 and refusal.status_code == 503
    assert page.join(session="two").status_code == 200, "there is room for visitors"


def test_a_tab_has_half_of_the_places(page: Page) -> None:
    begin(page)
    names = iter(range(100))
    count, refusal = accepted(lambda: page.join(session=str(next(names))))
    assert count == PLACES // 2 and "this tab" in refusal.json()["detail"]
    assert page.join(tab=1, session="two").status_code == 200, "there is room in the other"


def test_no_address_fills_the_queue_with_made_up_visitors(page: Page) -> None:
    begin(page)
    names = iter(range(100))
    page.join(tab=1, session="busy too")
    time.sleep(1)
    taken = sum(page.join(tab=number % 2, session=str(next(names))).status_code == 200 for number in range(20))
    assert taken == PLACES * 3 // 4


def test_work_ends_when_its_visitor_has_gone(page: Page) -> None:
    event = page.call().json()["event_id"]
    assert page.working.wait(20)
    with page.client.stream("GET", f"/call/first/{event}"):
        time.sleep(0.3)
        assert not page.closed.is_set()
    assert page.closed.wait(20), "nobody waits any more"
    assert page.join(session="two").status_code == 200


def test_work_ends_when_it_is_cancelled(page: Page) -> None:
    event = page.join().json()["event_id"]
    assert page.working.wait(20)
    body = {"session_hash": "one", "fn_index": 0, "event_id": event}
    assert page.client.post("/cancel", json=body).json() == {"success": True}
    assert page.closed.wait(20)


def test_what_is_waited_for_is_finished(page: Page) -> None:
    event = page.call().json()["event_id"]
    page.finish.set()
    assert page.client.get(f"/call/first/{event}").text.startswith("event: complete\ndata: [1]")


def test_outside_of_the_page_a_stream_is_simply_read() -> None:
    assert last(number for number in range(3)) == 2
