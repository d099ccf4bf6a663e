"""Scripts and styles as files whose address holds a hash of what they say, so that a browser may keep them for ever."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass

import brotli  # type: ignore[import-untyped]
from starlette.datastructures import Headers
from starlette.responses import Response

FOLDER = "own"
"""path below which they stand"""
_KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
_QUICKLY, _WELL = 9, 11
"""qualities of Brotli"""
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
    packed: dict[str, bytes]
    """by the names of encodings, the best one first"""
    tag: str

    @classmethod
    def of(cls, content: str, kind: str) -> Body:
        """Return `content` ready to be sent."""
        return cls._made(content.encode("utf-8"), kind, _QUICKLY)

    @classmethod
    def packed_well(cls, plain: bytes, kind: str) -> Body:
        """Return bytes ready to be sent, as small as they can be, which takes a second for half a megabyte."""
        return cls._made(plain, kind, _WELL)

    @classmethod
    def _made(cls, plain: bytes, kind: str, quality: int) -> Body:
        packed = {
            "br": brotli.compress(plain, brotli.MODE_TEXT, quality=quality),
            "gzip": gzip.compress(plain, 9, mtime=0),
        }
        return cls(plain, kind, packed, f'"{hashlib.sha256(plain).hexdigest()[:16]}"')

    def answer(self, asked: Headers, **headers: str) -> Response:
        """Return the answer to a request: compressed where the browser takes it, nothing where it has it already.

        Args:
            asked: headers of the request.
            headers: further ones of the answer.
        """
        headers |= {"content-type": self.kind, "etag": self.tag, "vary": headers.get("vary", "Accept-Encoding")}
        if self.tag in asked.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        taken = {part.partition(";")[0].strip() for part in asked.get("accept-encoding", "").split(",")}
        for encoding, packed in self.packed.items():
            if encoding in taken:
                return Response(packed, headers=headers | {"content-encoding": encoding})
        return Response(self.plain, headers=headers)


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
        body = Body.packed_well(content.encode("utf-8"), _KINDS[name.rpartition(".")[2]])
        address = f"{FOLDER}/{body.tag[1:-1]}/{name}"
        self._files[f"/{address}"] = body
        return address

    def answer(self, path: str, asked: Headers) -> Response:
        """Return the answer to a request for a file; 404 where there is none of that content."""
        body = self._files.get(path)
        if body is None:
            return Response(status_code=404)
        return body.answer(asked, **{"cache-control": _FOR_EVER})
