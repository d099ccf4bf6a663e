from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from genai_demo.settings import settings
from genai_demo.ui import serving


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """The page, served, and somebody who asks for it."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PORT", "0")
        settings.cache_clear()
        host, port = serving.address()
    settings.cache_clear()
    page = serving.serve(host, port)
    with httpx.Client(base_url=page.local_url) as client:
        yield client
    page.close()
