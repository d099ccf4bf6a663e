"""Stands in for the Hugging Face hub that is written to: repositories are made, filled by commits, and read again."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TOKEN = "hf_of_a_test"
_LARGE = (".safetensors", ".webp", ".png", ".sf2")
"""what the hub wants to have as large files"""


@dataclass
class WrittenHub:
    """What was done to the hub: repositories by kind and name with their files, and each request."""

    address: str = ""
    files: dict[tuple[str, str], dict[str, bytes]] = field(default_factory=dict)
    made: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    refuses: str = ""
    """what it says to whoever wants to make a repository"""
    _large: dict[str, bytes] = field(default_factory=dict)

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any, dict[str, str]]:
        """Return status, content and headers of the answer to a request."""
        if path == "/api/repos/create":
            return self._create(json.loads(body))
        if path == "/api/validate-yaml":
            return 200, {"errors": [], "warnings": []}, {}
        if path.startswith("/large/"):
            self._large[path.removeprefix("/large/")] = body
            return 200, b"", {}
        for (kind, name), files in self.files.items():
            if path.startswith(f"/api/{kind}s/{name}/"):
                return self._describe(name, files, path.removeprefix(f"/api/{kind}s/{name}/"), body)
            prefix = f"/{name}" if kind == "model" else f"/{kind}s/{name}"
            if path == f"{prefix}.git/info/lfs/objects/batch":
                return (
                    200,
                    {"transfer": "basic", "objects": [self._place(one) for one in json.loads(body)["objects"]]},
                    {},
                )
            if path.startswith(f"{prefix}/resolve/"):
                content = files.get(path.removeprefix(f"{prefix}/resolve/").partition("/")[2])
                digest = hashlib.sha256(content or b"").hexdigest()
                known = {"X-Repo-Commit": COMMIT, "ETag": f'"{digest}"'}
                return (404, b"", {"X-Error-Code": "EntryNotFound"}) if content is None else (200, content, known)
        return 404, b"", {"X-Error-Code": "RepoNotFound"}

    def _create(self, asked: dict[str, Any]) -> tuple[int, Any, dict[str, str]]:
        if self.refuses:
            return 403, {"error": self.refuses}, {"X-Error-Message": self.refuses}
        self.made.append(asked)
        kind, name = asked.get("type", "model"), f"{asked.get('organization') or 'me'}/{asked['name']}"
        again = (kind, name) in self.files
        self.files.setdefault((kind, name), {".gitattributes": b"*.safetensors filter=lfs\n", "old.py": b"old"})
        return 409 if again else 200, {"url": f"{self.address}/{'' if kind == 'model' else kind + 's/'}{name}"}, {}

    def _place(self, wanted: dict[str, Any]) -> dict[str, Any]:
        upload = {"href": f"{self.address}/large/{wanted['oid']}"}
        return {"oid": wanted["oid"], "size": wanted["size"], "actions": {"upload": upload}}

    def _describe(self, name: str, files: dict[str, bytes], what: str, body: bytes) -> tuple[int, Any, dict[str, str]]:
        if what.startswith("preupload/"):
            told = [
                {
                    "path": one["path"],
                    "uploadMode": "lfs" if one["path"].endswith(_LARGE) else "regular",
                    "shouldIgnore": False,
                }
                for one in json.loads(body)["files"]
            ]
            return 200, {"files": told}, {}
        if what.startswith("commit/"):
            for line in map(json.loads, body.splitlines()):
                value = line["value"]
                if line["key"] == "file":
                    files[value["path"]] = base64.b64decode(value["content"])
                elif line["key"] == "lfsFile":
                    files[value["path"]] = self._large[value["oid"]]
                elif line["key"] == "deletedFile":
                    del files[value["path"]]
            return 200, {"commitUrl": f"{self.address}/{name}/commit/{COMMIT}", "commitOid": COMMIT}, {}
        if what.startswith("tree/"):
            entries = [
                {"type": "file", "path": path, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
                for path, content in sorted(files.items())
            ]
            return 200, entries, {}
        siblings = [{"rfilename": path} for path in sorted(files)]
        return 200, {"id": name, "sha": COMMIT, "private": False, "tags": [], "siblings": siblings}, {}


@contextmanager
def written_hub() -> Iterator[WrittenHub]:
    """Serve an empty hub."""
    hub = WrittenHub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.headers.get("Transfer-Encoding") == "chunked":
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
            path = unquote(urlsplit(self.path).path)
            hub.asked.append(f"{self.command} {path}")
            hub.tokens.add(self.headers.get("Authorization", ""))
            status, content, headers = hub.answer(self.command, path, body)
            if not isinstance(content, bytes):
                content, headers = json.dumps(content).encode(), {**headers, "Content-Type": "application/json"}
            self.send_response(status)
            for key, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(key, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_HEAD = do_POST = do_PUT = _answer  # noqa: N815

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
