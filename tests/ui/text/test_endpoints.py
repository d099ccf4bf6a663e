from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from genai_demo.errors import UserError
from genai_demo.text.sampling.loading import is_here
from genai_demo.ui.music.handlers import composers_here


@pytest.fixture
def client(models: Any, connect: Callable[[], Client]) -> Client:
    return connect()


def test_programs_get_plain_data(client: Client, models: Any) -> None:
    texts = client.predict(topic="sports", seed=5, variants=2, api_name="/write_news")
    assert [text["text"] for text in texts] == ["Oil prices rose."] * 2
    assert texts[1]["receipt"]["settings"]["seed"] == 5
    assert client.predict(texts[1]["receipt"], api_name="/reproduce_text") == texts
    assert client.predict("A ___", api_name="/fill_blanks")["text"] == "Oil prices rose."
    assert client.predict("A text", api_name="/rewrite_text")["receipt"]["action"] == "rewrite"


def test_only_the_named_endpoints_are_open(client: Client) -> None:
    endpoints = client.view_api(return_format="dict", print_info=False)
    texts = {"/write_news", "/fill_blanks", "/rewrite_text", "/reproduce_text"}
    texts |= {"/explain_text", "/read_text", "/influence_text"}
    faces = {"/paint_faces", "/morph_faces", "/reproduce_face", "/explain_faces", "/search_faces"}
    actions = ("compose", "continue", "rewrite", "harmonise", "reproduce", "explain") if composers_here() else ()
    texts |= {"/write_headlines"} if is_here("headlines") else set()
    training = {"/start_run", "/runs", "/run", "/control_run"}
    assert set(endpoints["named_endpoints"]) == texts | faces | training | {f"/{action}_music" for action in actions}
    assert not endpoints["unnamed_endpoints"]


def test_programs_are_told_what_is_not_allowed(client: Client, models: Any) -> None:
    for asked in ({"topic": "gossip"}, {"topic": "games"}, {"model": "headlines"}):
        with pytest.raises(AppError, match="must be one of"):
            client.predict(**asked, api_name="/write_news")
    models.broken["masked"] = UserError("engine.missing", file="model.safetensors")
    with pytest.raises(AppError, match="underscores"):
        client.predict("no blank", api_name="/fill_blanks")
