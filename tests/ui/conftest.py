from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import gradio as gr
import httpx
import pytest
from gradio_client import Client

from genai_demo.engine.generation.receipts import Receipt
from genai_demo.errors import UserError
from genai_demo.settings import settings
from genai_demo.text.requests import ACTIONS, GenerateRequest, Request
from genai_demo.text.results import Draft, Piece, Update
from genai_demo.text.sampling import generation
from genai_demo.text.sampling.loading import FOLDERS
from genai_demo.ui import serving
from genai_demo.ui.page import build
from tests.helpers.face_models import write_face_models
from tests.helpers.music_models import write_music_models
from tests.helpers.news import train_tiny


class Pretender:
    """Stands in for the models: answers at once, with what a test wants."""

    def __init__(self) -> None:
        self.broken: dict[str, UserError] = {}
        self.words = ["Oil", " prices", " rose."]
        self.closed = False
        self.after_first: Callable[[], None] = lambda: None

    def problem(self, model: str) -> UserError | None:
        return self.broken.get(model)

    def run(
        self, request: Request, model: str | None = None, rest: Callable[[], float] | None = None
    ) -> Iterator[Update]:
        request.check()
        try:
            for step in range(1, len(self.words) + 1):
                yield self.update(request, step)
                self.after_first()
        finally:
            self.closed = True

    def update(self, request: Request, step: int) -> Update:
        count = request.variants if isinstance(request, GenerateRequest) else 1
        done = step == len(self.words)
        pieces = tuple(Piece(word, "filled", number, 0.9) for number, word in enumerate(self.words[:step], 1))
        action = next(name for name, kind in ACTIONS.items() if isinstance(request, kind))
        settings = json.loads(json.dumps(asdict(request)))
        receipts = tuple(Receipt("text", action, "news-masked", "c0ffee", settings, i) for i in range(count))
        return Update((Draft(pieces, done, step),) * count, step, len(self.words), receipts if done else ())

    def reproduce(self, receipt: Receipt) -> Update:
        if receipt.checkpoint != "c0ffee":
            raise UserError("engine.other_checkpoint", wanted=receipt.checkpoint, found="c0ffee", folder="here")
        return list(self.run(generation.request_of(receipt)))[-1]


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> Pretender:
    pretender = Pretender()
    for name in ("problem", "run", "reproduce"):
        monkeypatch.setattr(generation, name, getattr(pretender, name))
    return pretender


@pytest.fixture(scope="session")
def face_checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_face_models(tmp_path_factory.mktemp("checkpoints"), tmp_path_factory.mktemp("faces"))


@pytest.fixture
def faces(face_checkpoints: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Debug models take the place of all others."""
    monkeypatch.setenv("GENAI_DEMO_CHECKPOINTS", str(face_checkpoints))
    settings.cache_clear()
    return face_checkpoints


@pytest.fixture(scope="session")
def music_checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_music_models(tmp_path_factory.mktemp("music"))


@pytest.fixture
def music(music_checkpoints: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Untrained models take the place of all others."""
    monkeypatch.setenv("GENAI_DEMO_CHECKPOINTS", str(music_checkpoints))
    settings.cache_clear()
    return music_checkpoints


@pytest.fixture(scope="session")
def headline_checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of debug models of Chinese headlines."""
    folder = tmp_path_factory.mktemp("headlines")
    for kind in ("headlines", "headlines-masked"):
        train_tiny(kind, tmp_path_factory.mktemp(kind), examples=16).rename(folder / FOLDERS[kind])
    return folder


@pytest.fixture
def tiny_headlines(headline_checkpoints: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Debug models of Chinese headlines take the place of all others."""
    monkeypatch.setenv("GENAI_DEMO_CHECKPOINTS", str(headline_checkpoints))
    settings.cache_clear()
    return headline_checkpoints


@pytest.fixture
def connect() -> Iterator[Callable[[], Client]]:
    """Serve the page with the models that are here, as a program finds it."""
    opened: list[tuple[Client, gr.Blocks]] = []

    def connected() -> Client:
        page, _ = build()
        _, address, _ = page.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", ssr_mode=False)
        opened.append((Client(address, verbose=False, analytics_enabled=False), page))
        return opened[-1][0]

    yield connected
    for client, page in opened:
        client.close()
        page.close()


@pytest.fixture
def tabs() -> Callable[[], set[str]]:
    """Return a function that tells the element ids on the page as it would be built now."""
    return lambda: {item["props"].get("elem_id") for item in build()[0].get_config_file()["components"]}


@pytest.fixture(scope="module")
def served() -> Iterator[gr.Blocks]:
    """The page, served."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PORT", "0")
        settings.cache_clear()
        host, port = serving.address()
    settings.cache_clear()
    page = serving.serve(host, port)
    yield page
    page.close()


@pytest.fixture(scope="module")
def client(served: gr.Blocks) -> Iterator[httpx.Client]:
    """Somebody who asks for the page."""
    with httpx.Client(base_url=served.local_url, timeout=60) as client:
        yield client
