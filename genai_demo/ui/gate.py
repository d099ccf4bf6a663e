"""What may come in, and how all that goes out is dressed: an ASGI middleware around everything that Gradio serves."""

from __future__ import annotations

import asyncio
import logging
import re
import sys
import traceback
from collections.abc import Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Any

import gradio.queueing
import gradio.routes
from gradio.data_classes import BlocksConfigDict
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from genai_demo.catalogue import message
from genai_demo.settings import settings
from genai_demo.ui.languages import request_language

_LOG = logging.getLogger(__name__)
_READ = re.compile(
    r"/?|/api|/how|/(config|theme\.css|favicon\.ico|manifest\.json|robots\.txt|pwa_icon)(/.*)?"
    r"|/(static|assets|svelte|own)/.+"
    r"|/gradio_api/((info|app_id|login_check|startup-events|theme\.css|upload_progress|queue/data)/?|file=.+"
    r"|(heartbeat|custom_component)/.+|call/(v2/)?[^/]+/[^/]+)"
    r"|/training/(offer|options|runs|run|in_use|sample|export|checkpoint|film)"
)
_WRITE = re.compile(
    r"/gradio_api/((queue/join|cancel|reset|upload)/?|run/predict|call/(v2/)?[^/]+/?)"
    r"|/training/(upload|command|start|control|use)"
)
_CALLED = re.compile(r"/gradio_api/call/(?:v2/)?([^/]+)/?")
"""Routes that the page and `gradio_client` need; Gradio offers more: recording, server functions, a second API page."""
PATIENCE = 20.0
"""seconds that a request may take to send its next bytes"""


def log_without_content() -> None:
    """Let Gradio log which errors happened and where, instead of tracebacks whose messages hold what was sent."""
    for module in (gradio.routes, gradio.queueing):
        module.traceback = _Tracebacks  # type: ignore[attr-defined]


class _Tracebacks:
    """What Gradio uses of the module of that name."""

    @staticmethod
    def print_exc() -> None:
        """Log the error being handled."""
        kind, _, frames = sys.exc_info()
        places = ", ".join(f"{Path(one.filename).name}:{one.lineno}" for one in traceback.extract_tb(frames)[-4:])
        _LOG.error("%s at %s", kind.__name__ if kind else "nothing", places)


class _RefusedError(Exception):
    """Why a request is not served.

    Args:
        status: of the answer.
        key: of its sentence in the catalogue.
        values: what fills the sentence.
    """

    def __init__(self, status: HTTPStatus, key: str, **values: object) -> None:
        super().__init__(key)
        self.status, self.key, self.values = status, key, values

    def answer(self, scope: Scope) -> JSONResponse:
        """Return one sentence in the visitor's language."""
        return JSONResponse({"detail": message(self.key, request_language(scope), **self.values)}, self.status)


class Gate:
    """Serves what the page and programs need, bodies up to a limit, and answers of ours to all else.

    Args:
        app: what it stands before.
        endpoints: names of what programs may call.
    """

    def __init__(self, app: ASGIApp, endpoints: Iterable[str]) -> None:
        self.app, self._endpoints = app, sorted(endpoints)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if not settings().behind_proxy:
            # Whoever reaches this process directly says of himself what he likes.
            scope["headers"] = [pair for pair in scope["headers"] if not pair[0].startswith(b"x-forwarded-")]
        exchange = _Exchange(scope, receive, send)
        try:
            self._admit(scope)
            await self.app(scope, exchange.receive, exchange.send)
        except _RefusedError as refusal:
            exchange.refusal = refusal
        except Exception as error:
            # Never the message: it may hold what the visitor has sent.
            _LOG.error("%s %s: %s", scope["method"], scope["path"][:200], type(error).__name__)
            exchange.refusal = exchange.refusal or _RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR, "ui.failed")
        await exchange.close()

    def _admit(self, scope: Scope) -> None:
        method, path = scope["method"], scope["path"]
        pattern = {"GET": _READ, "HEAD": _READ, "POST": _WRITE}.get(method)
        if method != "OPTIONS" and (pattern is None or not pattern.fullmatch(path)):
            raise _RefusedError(HTTPStatus.NOT_FOUND, "ui.no_such_address", method=method, path=path[:200])
        called = _CALLED.match(path)
        if called and called[1] not in self._endpoints:
            known = ", ".join(self._endpoints)
            raise _RefusedError(HTTPStatus.NOT_FOUND, "ui.no_such_endpoint", name=called[1][:80], allowed=known)
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdecimal() or int(length) > largest_body(path):
            raise _too_large(path)


def largest_body(path: str) -> int:
    """Return how many bytes the body of a request to `path` may have."""
    return settings().upload_bytes if path.rstrip("/").endswith("/upload") else settings().body_bytes


def _too_large(path: str) -> _RefusedError:
    return _RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "ui.body_too_large", most=f"{largest_body(path):,}")


class _Exchange:
    """One request and its answer: counts what comes, dresses what goes, and can still refuse in between."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._room, self._whole, self._started = largest_body(scope["path"]), False, False
        self.refusal: _RefusedError | None = None

    async def receive(self) -> Message:
        """Return the next part of the body, within the limits; when it is there, wait for the visitor to go."""
        if self._whole or self._scope["method"] != "POST":
            return await self._receive()
        try:
            event = await asyncio.wait_for(self._receive(), PATIENCE)
        except TimeoutError:
            self.refusal = _RefusedError(HTTPStatus.REQUEST_TIMEOUT, "ui.too_slow", seconds=int(PATIENCE))
            return {"type": "http.disconnect"}
        self._room -= len(event.get("body", b""))
        if self._room < 0:
            self.refusal = _too_large(self._scope["path"])
            return {"type": "http.disconnect"}
        self._whole = not event.get("more_body", False)
        return event

    async def send(self, event: Message) -> None:
        """Pass a part of the answer on, unless the request is refused meanwhile."""
        if self.refusal and not self._started:
            return
        if event["type"] == "http.response.start":
            if event["status"] in _PLAIN:
                # A page that cancels in the moment in which it calls does not know the call's number yet.
                early = self._scope["path"].rstrip("/").endswith(("/cancel", "/reset"))
                self.refusal = _NOTHING_TO_CANCEL if early else _PLAIN[event["status"]]
                return
            self._started = True
            _dress(self._scope, MutableHeaders(raw=event["headers"]))
        await self._send(event)

    async def close(self) -> None:
        """Answer with the refusal, if there is one and nothing has been answered yet."""
        if self.refusal and not self._started:
            self._started = True
            answer = self.refusal.answer(self._scope)
            _dress(self._scope, answer.headers)
            answer.headers["connection"] = "close"  # what is still on its way is not read
            await answer(self._scope, self._receive, self._send)


def patient(protocol: type[Any]) -> type[Any]:
    """Return uvicorn's HTTP protocol as one that closes connections on which a request's head does not come.

    Args:
        protocol: `http_protocol_class` of uvicorn's configuration; by itself it waits for ever.
    """

    class Patient(protocol):
        """One connection; bytes that drip in do not buy more time."""

        _timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._look()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._look()

        def connection_lost(self, error: Exception | None) -> None:
            self._stop()
            super().connection_lost(error)

        def _look(self) -> None:
            if self.cycle is not None and not self.cycle.response_complete:
                self._stop()
            elif self._timer is None:
                self._timer = self.loop.call_later(PATIENCE, self.transport.close)

        def _stop(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    return Patient


_NOTHING_TO_CANCEL = _RefusedError(HTTPStatus.OK, "ui.nothing_to_cancel")
_PLAIN = {
    404: _RefusedError(HTTPStatus.NOT_FOUND, "ui.not_here"),
    405: _RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, "ui.bad_request"),
    422: _RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, "ui.bad_request"),
    500: _RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR, "ui.failed"),
}
"""what we say instead of Gradio's own answers, which name Python types or nothing at all"""


def _dress(scope: Scope, headers: MutableHeaders) -> None:
    headers["x-content-type-options"] = "nosniff"
    headers["referrer-policy"] = "same-origin"
    ancestors = f"frame-ancestors {settings().frame_ancestors}"
    policy = headers.get("content-security-policy")
    headers["content-security-policy"] = f"{policy}; {ancestors}" if policy else ancestors
    asked = Headers(scope=scope)
    if asked.get("origin", "").partition("://")[2] not in (asked.get("host"), *settings().own_hosts):
        # Gradio says this to every origin; a page from elsewhere shall not act in a visitor's name.
        del headers["access-control-allow-credentials"]


def endpoint_names(config: BlocksConfigDict) -> set[str]:
    """Return the names of the endpoints that a page's configuration offers to programs."""
    return {str(one["api_name"]) for one in config.get("dependencies", []) if one["api_visibility"] == "public"}
