"""The page in the visitor's language from the first byte on, and to nobody but the visitor."""

from __future__ import annotations

import asyncio
import html
import json
import re
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import gradio as gr
from gradio.route_utils import get_root_url
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from genai_demo.ui.api import described
from genai_demo.ui.delivery.assets import FOLDER, Assets, Body
from genai_demo.ui.languages import Texts, request_language, script_json, text
from genai_demo.ui.lessons.page import lesson_page
from genai_demo.ui.page import scripts, sheet

_CONFIG = re.compile(r"(window\.gradio_config = )(.*?)(;</script>)", re.DOTALL)
_API = re.compile(r"(window\.gradio_api_info = )(.*?)(;</script>)", re.DOTALL)
_LOCALES = {"en": "en", "zh": "zh-CN", "zh-Hant": "zh-TW"}
"""What Gradio calls our languages."""
# Gradio compiles its event scripts in the page, hence the two "unsafe"; what counts is that no address but our own
# can be reached, so that nothing a visitor types can leave the machine.
_POLICY = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; object-src 'none'; base-uri 'self'"
_HEADERS = {
    "content-security-policy": _POLICY,
    "vary": "Accept-Language, Accept-Encoding, Cookie",
    "cache-control": "no-cache",
}
API_PATH = "/api"
"""where programs' endpoints are described; the panel that Gradio has for this speaks English only"""
LESSONS_PATH = "/how"
"""where it stands how each family of networks works"""
_ANYWHERE = "page.invalid"
"""stands for the host in what is made ahead"""
_KEPT = 16
"""pages that stay ready: languages times the addresses under which the server is known"""
_ROOT = re.compile(r"https?://[A-Za-z0-9.:_\-\[\]]+(/[A-Za-z0-9._~%\-/]*)?")


class PageInLanguage:
    """ASGI middleware that sends the page ready-made in the visitor's language, and forbids it to reach other machines.

    Args:
        app: what serves it.
        page: the page, whose endpoints are described at `API_PATH`.
        texts: its texts.
    """

    def __init__(self, app: ASGIApp, page: gr.Blocks, texts: Texts) -> None:
        self.app, self.page, self.texts = app, page, texts
        self._assets = Assets()
        self._styles = f'<link rel="stylesheet" href="{self._assets.add("frame.css", sheet())}">'
        files = [self._assets.add(name, code) for name, code in scripts().items()]
        self._scripts = "".join(f'<script defer src="{file}"></script>' for file in files)
        self._made: dict[str, str] = {}
        self._ready: OrderedDict[tuple[str, str], Body] = OrderedDict()
        self._making = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "HEAD" and scope["path"] in ("", "/"):
            # Gradio asks so at start whether it can be reached, and gives up after a few seconds: on a busy machine
            # those would not do to make the page.
            await HTMLResponse(headers=_HEADERS)(scope, receive, send)
        elif scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
        elif scope["path"] in ("", "/"):
            await (await self._answer(scope))(scope, receive, send)
        elif scope["path"] == API_PATH:
            await self._described(scope)(scope, receive, send)
        elif scope["path"] == LESSONS_PATH:
            await (await self._lesson(scope))(scope, receive, send)
        elif scope["path"].startswith(f"/{FOLDER}/"):
            await self._assets.answer(scope["path"], Headers(scope=scope))(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _answer(self, scope: Scope) -> Response:
        language, root = request_language(scope), self._root(scope)
        body = self._ready.get((language, root))
        if body is None:
            async with self._making:
                if language not in self._made:
                    self._made[language] = await self._make(language, scope)
            here = self._made[language].replace(self._root(_anywhere(scope)), root)
            body = await asyncio.to_thread(Body.of, here, "text/html; charset=utf-8")
            self._ready[language, root] = body
            if len(self._ready) > _KEPT:
                self._ready.popitem(last=False)
        return body.answer(Headers(scope=scope), **_HEADERS)

    def _root(self, scope: Scope) -> str:
        root = get_root_url(Request(scope), "/", self.page.app.root_path)
        # It stands in scripts of the page; a host may say anything.
        return root if _ROOT.fullmatch(root) else urlsplit(root).path.rstrip("/")

    async def _make(self, language: str, scope: Scope) -> str:
        """Return the page that Gradio makes, in `language`, for a server that is known as `_ANYWHERE`."""
        parts: list[bytes] = []

        async def nothing() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def collect(event: Message) -> None:
            parts.append(event.get("body", b""))

        await self.app(_anywhere(scope), nothing, collect)
        page = b"".join(parts).decode("utf-8")
        return await asyncio.to_thread(self._translated, page, language)

    def _translated(self, page: str, language: str) -> str:
        match = _CONFIG.search(page)
        assert match is not None
        config: dict[str, Any] = json.loads(match[2])
        self.texts.translate(config, language)
        # Each page would hold a connection, of which a browser opens six; nothing here waits for its end.
        config["connect_heartbeat"] = False
        widgets = self._assets.add("widgets.js", _widget_scripts(config))
        # Gradio takes its own few words from the browser's first language, and does not know "zh" or "zh-HK".
        locale = f'Object.defineProperty(navigator, "language", {{value: "{_LOCALES[language]}"}});'
        page = f"{page[: match.start()]}{locale}{match[1]}{script_json(config)}{match[3]}{page[match.end() :]}"
        page = _API.sub(_without_snippets, page, count=1)
        page = re.sub(r'(<html\s+lang=)"en"', rf'\1"{_LOCALES[language]}"', page, count=1)
        page = re.sub(r'<meta\s+(?:property="og:|name="twitter:)[^>]*>\s*', "", page)
        title, description = (html.escape(text(key, language)) for key in ("title", "description"))
        title = f'<title>{title}</title><meta name="description" content="{description}">'
        scripts = f'{self._scripts}<script defer src="{widgets}"></script>'
        skeleton = _skeleton(config, language)
        # Scripts before Gradio's, which call them, and styles after its own, which they change.
        page = page.replace('<script type="module"', f'{title}{scripts}<script type="module"', 1)
        page = page.replace("</head>", f"{self._styles}</head>", 1)
        return page.replace("<gradio-app", f"{skeleton}<gradio-app", 1)

    def _described(self, scope: Scope) -> HTMLResponse:
        language = request_language(scope)
        address = get_root_url(Request(scope), API_PATH, self.page.app.root_path)
        return HTMLResponse(described(self.page, language, _LOCALES[language], address), headers=_HEADERS)

    async def _lesson(self, scope: Scope) -> Response:
        language = request_language(scope)
        name = parse_qs(scope["query_string"].decode("latin-1")).get("lesson", [""])[-1]
        # The first who asks for a lesson waits for its network.
        async with self._making:
            body = await asyncio.to_thread(lesson_page, name, language, _LOCALES[language])
        return HTMLResponse(body, headers=_HEADERS)


def _anywhere(scope: Scope) -> Scope:
    """Return the scope of a request for the plain page, by nobody in particular, to the host `_ANYWHERE`."""
    return {**scope, "query_string": b"", "scheme": "http", "headers": [(b"host", _ANYWHERE.encode())]}


def _without_snippets(match: re.Match[str]) -> str:
    """Return what the page knows of the endpoints without examples of calling them, which it does not show."""
    info: dict[str, Any] = json.loads(match[2])
    for endpoint in info["named_endpoints"].values():
        endpoint.pop("code_snippets", None)
    return f"{match[1]}{script_json(info)}{match[3]}"


def _widget_scripts(config: dict[str, Any]) -> str:
    """Return the scripts of all widgets as one, and leave in the configuration only calls of them, in place."""
    numbers: dict[str, int] = {}
    for component in config["components"]:
        script = component["props"].get("js_on_load")
        if script:
            number = numbers.setdefault(script, len(numbers))
            component["props"]["js_on_load"] = f"genaiDemo.scripts[{number}](element, trigger, watch)"
    # As Gradio would compile them, each by itself.
    functions = ",\n".join(f"function (element, trigger, watch) {{\n{script}\n}}" for script in numbers)
    return f"genaiDemo.scripts = [\n{functions}\n];\n"


def _skeleton(config: dict[str, Any], language: str) -> str:
    """Return what there is to read until the page's scripts have come: what this is, and what is in it."""
    properties = {part["id"]: part["props"] for part in config["components"]}
    (rooms,) = (node for node in _nodes(config["layout"]) if properties.get(node["id"], {}).get("elem_id") == "rooms")
    names = "".join(f"<li>{html.escape(properties[room['id']]['label'])}</li>" for room in rooms["children"])
    title, tagline, coming = (html.escape(text(key, language)) for key in ("title", "tagline", "coming"))
    return f'<main id="skeleton"><h1>{title}</h1><p>{tagline}</p><ul>{names}</ul><p>{coming}</p></main>'


def _nodes(layout: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield layout
    for child in layout.get("children") or ():
        yield from _nodes(child)
