"""Scripts and styles as files whose address holds a hash of what they say, so that a browser may keep them for ever."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.responses import Response

FOLDER = "own"
"""path below which they stand"""
_KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Body:
    """What is sent, plain and compressed.

    Args:
        plain: the bytes.
        kind: their media type.
    """

    plain: bytes
    kind: str
    packed: bytes
    tag: str

    @classmethod
    def of(cls, content: str, kind: str) -> Body:
        """Return `content` ready to be sent."""
        plain = content.encode("utf-8")
        return cls(plain, kind, gzip.compress(plain, 9, mtime=0), f'"{hashlib.sha256(plain).hexdigest()[:16]}"')

    def answer(self, asked: Headers, **headers: str) -> Response:
        """Return the answer to a request: compressed where the browser takes it, nothing where it has it already.

        Args:
            asked: headers of the request.
            headers: further ones of the answer.
        """
        headers |= {"content-type": self.kind, "etag": self.tag, "vary": headers.get("vary", "Accept-Encoding")}
        if self.tag in asked.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if "gzip" not in asked.get("accept-encoding", ""):
            return Response(self.plain, headers=headers)
        return Response(self.packed, headers=headers | {"content-encoding": "gzip"})


class Assets:
    """The files, by path."""

    def __init__(self) -> None:
        self._files: dict[str, Body] = {}

    def add(self, name: str, content: str) -> str:
        """Keep a file and return its address, relative to the page's.

        Args:
            name: such as "page.js".
            content: what it says.
        """
        body = Body.of(content, _KINDS[name.rpartition(".")[2]])
        address = f"{FOLDER}/{body.tag[1:-1]}/{name}"
        self._files[f"/{address}"] = body
        return address

    def answer(self, path: str, asked: Headers) -> Response:
        """Return the answer to a request for a file; 404 where there is none of that content."""
        body = self._files.get(path)
        if body is None:
            return Response(status_code=404)
        return body.answer(asked, **{"cache-control": _FOR_EVER})
