"""Gradio's own scripts and styles: which of them a page needs, and all of them as small as they can be."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable
from pathlib import Path

import gradio
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from genai_demo.ui.delivery.assets import Body

FOLDER = Path(gradio.__file__).parent / "templates" / "frontend"
_PATH = re.compile(r"/(assets|static)/[\w./-]+\.(js|css)")
_ENTRY = re.compile(r'<script type="module"[^>]* src="\./assets/([\w.-]+\.js)"')
_LIST = re.compile(r"m\.f\|\|\(m\.f=(\[[^\]]*\])")
_PART = re.compile(r"\bcomponent:\(\)=>\w+\(\(\)=>import\(`[^`]+`\)[^,]*,__vite__mapDeps\(\[([\d,]+)\]\)")


def needed(kinds: Iterable[str], folder: Path = FOLDER) -> list[str]:
    """Return the files below `assets` that Gradio's page loads step by step, so that they can be asked for at once.

    What its entry and the loader of components name is read off them, as Vite 8 writes it; where another version
    writes it otherwise, less is found, and the page loads as it would by itself.

    Args:
        kinds: of the page's components, as its configuration names them.
        folder: of Gradio's page.
    """
    assets = folder / "assets"
    entry = _ENTRY.search((folder / "index.html").read_text(encoding="utf-8"))
    if entry is None:
        return []
    found = dict.fromkeys([entry[1], *_listed(_read(assets / entry[1]))])
    for name in [name for name in found if name.startswith("core-") and name.endswith(".js")]:
        code = _read(assets / name)
        files = _listed(code)
        for kind in dict.fromkeys(kinds):
            block = re.search(rf"[{{,]{re.escape(kind)}:\{{([^{{}}]*)\}}", code)
            part = _PART.search(block[1]) if block else None
            places = map(int, part[1].split(",")) if part else ()
            found |= dict.fromkeys(files[place] for place in places if place < len(files))
    return [name for name in found if (assets / name).is_file()]


def sheet_of(files: Iterable[str], folder: Path = FOLDER) -> str:
    """Return style sheets below `assets` as one, in their order; they name no other files."""
    return "\n".join(_read(folder / "assets" / file) for file in files)


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def _listed(code: str) -> list[str]:
    """Return the files that a script of Vite's loads when it needs them, by their numbers."""
    match = _LIST.search(code)
    return [str(name).removeprefix("./") for name in json.loads(match[1])] if match else []


class PackedFiles:
    """ASGI middleware that packs Gradio's files once and well, which Gradio packs quickly for every visitor anew.

    Args:
        app: what serves them.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._files: dict[str, tuple[Body, dict[str, str]]] = {}
        self._packing: dict[str, asyncio.Task[None]] = {}
        self._one = asyncio.Semaphore(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or scope["method"] != "GET" or not _PATH.fullmatch(path):
            await self.app(scope, receive, send)
        elif path in self._files:
            body, headers = self._files[path]
            await body.answer(Headers(scope=scope), **headers)(scope, receive, send)
        else:
            # Whoever is first does not wait for it.
            if path not in self._packing:
                self._packing[path] = asyncio.create_task(self._pack(scope))
            await self.app(scope, receive, send)

    async def _pack(self, scope: Scope) -> None:
        path = scope["path"]
        started: list[Message] = []
        parts: list[bytes] = []

        async def nothing() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def collect(event: Message) -> None:
            if event["type"] == "http.response.start":
                started.append(event)
            parts.append(event.get("body", b""))

        try:
            async with self._one:
                host = [pair for pair in scope["headers"] if pair[0] == b"host"]
                await self.app({**scope, "headers": host, "query_string": b""}, nothing, collect)
                if started[0]["status"] == 200:
                    told = Headers(raw=started[0]["headers"])
                    body = await asyncio.to_thread(Body.packed_well, b"".join(parts), told["content-type"])
                    kept = {name: told[name] for name in ("cache-control",) if name in told}
                    self._files[path] = body, kept
        finally:
            del self._packing[path]
