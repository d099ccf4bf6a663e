"""Stop, pressed before the page has heard which number its call has, ends that call all the same."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from genai_demo.ui.fair_queue import FairQueue


class Cancelling:
    """ASGI middleware that tells Gradio which call is meant, where the page names only the function that it called.

    Args:
        app: what serves the page.
        queue: where the calls are.
    """

    def __init__(self, app: ASGIApp, queue: FairQueue) -> None:
        self.app, self.queue = app, queue

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"].rstrip("/") != "/gradio_api/cancel":
            await self.app(scope, receive, send)
            return
        body = self._named(await Request(scope, receive).body())
        sent = False

        async def again() -> Message:
            nonlocal sent
            if sent:
                return await receive()
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        headers = [pair for pair in scope["headers"] if pair[0] != b"content-length"]
        headers.append((b"content-length", str(len(body)).encode()))
        await self.app({**scope, "headers": headers}, again, send)

    def _named(self, body: bytes) -> bytes:
        try:
            asked: Any = json.loads(body)
        except (ValueError, RecursionError):
            return body
        if not isinstance(asked, dict) or asked.get("event_id") is not None:
            return body
        called = self.queue.newest(asked.get("session_hash"), asked.get("fn_index"))
        return body if called is None else json.dumps(asked | {"event_id": called}).encode("utf-8")
