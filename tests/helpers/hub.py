"""Stands in for the Hugging Face hub: serves data sets from folders, in the layout of `fancyzhx/ag_news`."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq

_COMMIT = "0123456789abcdef0123456789abcdef01234567"
_CARD = """---
language:
- en
dataset_info:
  features:
  - name: {text}
    dtype: string
  - name: label
    dtype:
      class_label:
        names:
          '0': World
          '1': Sports
          '2': Business
          '3': Sci/Tech
  splits:
  - name: train
    num_bytes: 1
    num_examples: {train}
  - name: test
    num_bytes: 1
    num_examples: {test}
  download_size: 1
  dataset_size: 2
configs:
- config_name: default
  data_files:
  - split: train
    path: data/train-*
  - split: test
    path: data/test-*
---
# A stand-in
"""


def write_data_set(folder: Path, splits: dict[str, list[tuple[str, int]]], text: str = "text") -> None:
    """Write rows of (text, label from 0) per split as AG News lies on the hub, its column of texts named `text`."""
    (folder / "data").mkdir(parents=True)
    for split, rows in splits.items():
        table = pa.table({text: [row for row, _ in rows], "label": pa.array([label for _, label in rows], pa.int64())})
        pq.write_table(table, folder / "data" / f"{split}-00000-of-00001.parquet")
    card = _CARD.format(text=text, **{split: len(rows) for split, rows in splits.items()})
    (folder / "README.md").write_text(card, encoding="utf-8")


_PICTURE_CARD = """---
dataset_info:
  features:
  - name: {column}
    dtype: {kind}
  - name: Age
    dtype: int64
  - name: gender
    dtype:
      class_label:
        names:
          '0': male
          '1': female
  splits:
{splits}
  download_size: 1
  dataset_size: 1
configs:
- config_name: default
  data_files:
{files}
---
# A stand-in
"""


def write_picture_set(
    folder: Path, splits: dict[str, list[tuple[bytes, int | None, int]]], column: str = "photo", kind: str = "image"
) -> None:
    """Write rows of (picture file, age, gender from 0) per split; `kind` is how the files are kept, image or binary."""
    (folder / "data").mkdir(parents=True)
    for split, rows in splits.items():
        files = pa.array([content for content, _, _ in rows], pa.binary())
        if kind == "image":
            files = pa.StructArray.from_arrays([files, pa.nulls(len(rows), pa.string())], ["bytes", "path"])
        table = pa.table(
            {
                column: files,
                "Age": pa.array([age for _, age, _ in rows], pa.int64()),
                "gender": pa.array([gender for _, _, gender in rows], pa.int64()),
            }
        )
        pq.write_table(table, folder / "data" / f"{split}-00000-of-00001.parquet")
    described = "\n".join(
        f"  - name: {split}\n    num_bytes: 1\n    num_examples: {len(rows)}" for split, rows in splits.items()
    )
    places = "\n".join(f"  - split: {split}\n    path: data/{split}-*" for split in splits)
    card = _PICTURE_CARD.format(column=column, kind=kind, splits=described, files=places)
    (folder / "README.md").write_text(card, encoding="utf-8")


def ask_hub(code: str, asked: list[Any], data_sets: dict[str, Path], home: Path, root: Path) -> list[Any]:
    """Run a program beside a hub that serves `data_sets`; return what it prints, a line of JSON for each of `asked`.

    Args:
        code: of the program, which gets `asked` as JSON in `sys.argv[1]`.
        asked: what it is asked.
        data_sets: folders by their names on the hub.
        home: where it keeps what it fetches.
        root: the checkout.
    """
    with serving(data_sets) as address:
        done = subprocess.run(
            [sys.executable, "-c", code, json.dumps(asked)],
            cwd=root,
            check=False,
            text=True,
            capture_output=True,
            env={**os.environ, "HF_ENDPOINT": address, "HF_HOME": str(home)},
        )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(asked)
    return answers


def check_refusals(asked: list[Any], answers: list[Any], keys: list[str]) -> None:
    """Check that answers are the sentences of `keys`, and name the data sets that were asked for."""
    assert [answer["key"] for answer in answers] == keys
    for (name, *_), answer in zip(asked, answers, strict=True):
        assert name in answer["sentence"] and "\n" not in answer["sentence"]


@contextmanager
def serving(data_sets: dict[str, Path]) -> Iterator[str]:
    """Serve the folders `data_sets` by their names on the hub, and yield the address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

        def do_HEAD(self) -> None:
            self._answer()

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = unquote(urlsplit(self.path).path)
            for name, folder in data_sets.items():
                if path.startswith(f"/api/datasets/{name}"):
                    return self._describe(name, folder, path.removeprefix(f"/api/datasets/{name}"), body)
                if path.startswith(f"/datasets/{name}/resolve/"):
                    file = path.removeprefix(f"/datasets/{name}/resolve/").partition("/")[2]
                    return self._file(folder / file)
            return self._send(404, b"", {"X-Error-Code": "RepoNotFound"})

        def _describe(self, name: str, folder: Path, what: str, body: bytes) -> None:
            paths = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*"))
            if what == "" or what.startswith("/revision/"):
                self._json(
                    {
                        "id": name,
                        "sha": _COMMIT,
                        "private": False,
                        "gated": False,
                        "disabled": False,
                        "tags": [],
                        "downloads": 0,
                        "likes": 0,
                        "siblings": [{"rfilename": path} for path in paths],
                    }
                )
            elif what.startswith("/tree/"):
                under = folder / what.removeprefix("/tree/").partition("/")[2]
                if under.is_dir():
                    self._json([self._entry(folder, entry) for entry in sorted(under.iterdir())])
                else:
                    self._send(404, b"", {"X-Error-Code": "EntryNotFound"})
            elif what.startswith("/paths-info/"):
                wanted = json.loads(body)["paths"]
                self._json([self._entry(folder, folder / path) for path in paths if path in wanted])
            else:
                self._send(404, b"", {})

        def _entry(self, folder: Path, file: Path) -> dict[str, Any]:
            path = file.relative_to(folder).as_posix()
            if file.is_dir():
                return {"type": "directory", "oid": "0" * 40, "size": 0, "path": path}
            return {"type": "file", "oid": _digest(file)[:40], "size": file.stat().st_size, "path": path}

        def _file(self, file: Path) -> None:
            if not file.is_file():
                self._send(404, b"", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": _COMMIT})
                return
            self._send(200, file.read_bytes(), {"ETag": f'"{_digest(file)[:40]}"', "X-Repo-Commit": _COMMIT})

        def _json(self, value: object) -> None:
            self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

        def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for key, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(key, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
