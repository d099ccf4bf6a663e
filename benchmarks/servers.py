"""Servers that benchmarks ask: the app as it is here, as it was, and the plainest page that Gradio serves."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx
import psutil

ROOT = Path(__file__).resolve().parent.parent
_BARE = """
import gradio as gr
with gr.Blocks() as page:
    gr.Button().click(lambda text: text, gr.Textbox(), gr.Textbox())
page.launch(server_port=int({port!r}), quiet=True)
"""


def bare_page(port: int) -> list[str]:
    """Return the program of a page with a button and a field, for `server`."""
    return ["-c", _BARE.format(port=port)]


@contextmanager
def server(program: list[str], port: int, folder: Path = ROOT, **environment: str) -> Iterator[psutil.Process]:
    """Run a server while the context lasts; it answers when that begins.

    Args:
        program: what Python runs.
        port: of 127.0.0.1, on which it serves.
        folder: where it runs.
        environment: further variables.

    Raises:
        RuntimeError: it ended, with what it said.
    """
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [sys.executable, *program],
            cwd=folder,
            env=os.environ | {"PORT": str(port)} | environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait(process, port, log)
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: IO[str]) -> None:
    while True:
        try:
            httpx.get(f"http://127.0.0.1:{port}/", timeout=5)
            return
        except httpx.TransportError:
            if process.poll() is not None:
                log.seek(0)
                raise RuntimeError(log.read()) from None
            time.sleep(0.1)


@contextmanager
def earlier_build(commit: str) -> Iterator[Path]:
    """Check out an earlier commit of this repository, and yield its folder while the context lasts.

    Raises:
        subprocess.CalledProcessError: there is no such commit here.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "build"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--detach", str(folder), commit], check=True, capture_output=True)
        try:
            yield folder
        finally:
            subprocess.run([*git, "remove", "--force", str(folder)], check=True, capture_output=True)
