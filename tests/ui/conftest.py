from __future__ import annotations

from collections.abc import Iterator

import gradio as gr
import httpx
import pytest

from genai_demo.settings import settings
from genai_demo.ui import serving


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
    with httpx.Client(base_url=served.local_url) as client:
        yield client
