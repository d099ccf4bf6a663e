"""Serving the page: in the visitor's language from the first byte, and to nobody but the visitor."""

from __future__ import annotations

import errno
import html
import json
import os
import re
import socket
from typing import Any
from urllib.parse import parse_qsl, urlencode

import gradio as gr
from gradio.route_utils import get_root_url
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from genai_demo.errors import UserError
from genai_demo.settings import settings
from genai_demo.ui.api import described
from genai_demo.ui.fair_queue import make_fair
from genai_demo.ui.gate import Gate, endpoint_names, log_without_content, patient
from genai_demo.ui.languages import Texts, request_language, script_json, text
from genai_demo.ui.page import build, head, styles
from genai_demo.ui.theme import theme
from genai_demo.ui.tidying import keep_tidy
from genai_demo.ui.training.routes import TrainingRoutes

_CONFIG = re.compile(r"(window\.gradio_config = )(.*?)(;</script>)", re.DOTALL)
_LOCALES = {"en": "en", "zh": "zh-CN", "zh-Hant": "zh-TW"}
"""What Gradio calls our languages."""
# Gradio compiles its event scripts in the page, hence the two "unsafe"; what counts is that no address but our own
# can be reached, so that nothing a visitor types can leave the machine.
_POLICY = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; object-src 'none'; base-uri 'self'"
_HEADERS = {
    "content-security-policy": _POLICY,
    "vary": "Accept-Language, Cookie",
    "cache-control": "no-cache",
}
API_PATH = "/api"
"""where programs' endpoints are described; the panel that Gradio has for this speaks English only"""


def translated_page(page: str, texts: Texts, language: str) -> str:
    """Return Gradio's HTML page with its texts, title and locale in `language`."""

    def configuration(match: re.Match[str]) -> str:
        config: dict[str, Any] = json.loads(match[2])
        texts.translate(config, language)
        # Each page would hold a connection, of which a browser opens six; nothing here waits for its end.
        config["connect_heartbeat"] = False
        # Gradio takes its own few words from the browser's first language, and does not know "zh" or "zh-HK".
        locale = f'Object.defineProperty(navigator, "language", {{value: "{_LOCALES[language]}"}});'
        return f"{locale}{match[1]}{script_json(config)}{match[3]}"

    page = _CONFIG.sub(configuration, page, count=1)
    page = re.sub(r'(<html\s+lang=)"en"', rf'\1"{_LOCALES[language]}"', page, count=1)
    page = re.sub(r'<meta\s+(?:property="og:|name="twitter:)[^>]*>\s*', "", page)
    description = html.escape(text("description", language))
    title = html.escape(text("title", language))
    return page.replace("</head>", f'<title>{title}</title><meta name="description" content="{description}"></head>', 1)


class PageInLanguage:
    """ASGI middleware that translates the page on its way out, and forbids it to reach other machines.

    Args:
        app: what serves it.
        page: the page, whose endpoints are described at `API_PATH`.
        texts: its texts.
    """

    def __init__(self, app: ASGIApp, page: gr.Blocks, texts: Texts) -> None:
        self.app, self.page, self.texts = app, page, texts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET" and scope["path"] == API_PATH:
            await self._described(scope)(scope, receive, send)
            return
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] not in ("", "/"):
            await self.app(scope, receive, send)
            return
        start: Message = {}
        body = bytearray()

        async def collect(event: Message) -> None:
            if event["type"] == "http.response.start":
                start.update(event)
                return
            body.extend(event.get("body", b""))
            if not event.get("more_body", False):
                page = finished()  # first: it changes the headers
                await send(start)
                await send({"type": "http.response.body", "body": page})

        def finished() -> bytes:
            headers = MutableHeaders(raw=start["headers"])
            page = bytes(body)
            if headers.get("content-type", "").startswith("text/html"):
                language = request_language(scope)
                page = translated_page(page.decode("utf-8"), self.texts, language).encode("utf-8")
                headers.update(_HEADERS)
                headers["content-length"] = str(len(page))
            return page

        await self.app(_without_page(scope), receive, collect)

    def _described(self, scope: Scope) -> HTMLResponse:
        language = request_language(scope)
        address = get_root_url(Request(scope), API_PATH, self.page.app.root_path)
        return HTMLResponse(described(self.page, language, _LOCALES[language], address), headers=_HEADERS)


def _without_page(scope: Scope) -> Scope:
    """Return the scope of a request without `page`, which is ours: Gradio 6 looks for a page of its own, and fails."""
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    kept = urlencode([(name, value) for name, value in query if name != "page"])
    return {**scope, "query_string": kept.encode("latin-1")}


def serve(host: str, port: int) -> gr.Blocks:
    """Start to serve the page and return it; `block_thread()` of it waits for Ctrl+C."""
    page, texts = build()
    log_without_content()
    page.queue(max_size=settings().queue_limit, api_open=False)
    make_fair(page)
    keep_tidy(page, settings().keep_seconds)
    page.launch(
        server_name=host,
        server_port=port,
        theme=theme(),
        css_paths=styles(page),
        head=head(),
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        max_file_size="5mb",
        state_session_capacity=settings().sessions,
        ssr_mode=False,
        quiet=True,
        prevent_thread_lock=True,
        app_kwargs={"middleware": [Middleware(TrainingRoutes), Middleware(PageInLanguage, page=page, texts=texts)]},
    )
    # Outside of all that Gradio puts around itself, which answers every origin, and reads bodies of any size.
    app = page.app
    assert app.middleware_stack is not None
    app.middleware_stack = Gate(app.middleware_stack, endpoint_names(page.config))
    # Gradio starts uvicorn with options of its own; what it makes of each new connection is looked up here.
    configuration = page.server.config
    configuration.http_protocol_class = patient(configuration.http_protocol_class)
    return page


def address() -> tuple[str, int]:
    """Return the host and port to serve on; port 0 of the settings becomes a free one.

    Raises:
        UserError: the port is in use, or the host is no address of this machine.
    """
    host = os.environ.get("GRADIO_SERVER_NAME", settings().host)
    port = settings().port
    try:
        family = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)[0][0]
    except socket.gaierror:
        raise UserError("ui.address_unusable", host=host) from None
    with socket.socket(family) as trial:
        if os.name == "posix":  # a port that was just given up is free; on Windows the option means something else
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host.strip("[]"), port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                raise UserError("engine.port_busy", port=port) from None
            raise UserError("ui.address_unusable", host=host) from None
        free: int = trial.getsockname()[1]
    return host, free
