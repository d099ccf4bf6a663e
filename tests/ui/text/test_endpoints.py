from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from genai_demo.errors import UserError
from genai_demo.settings import settings
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
    texts |= {"/fill_headlines", "/rewrite_headlines"} if is_here("headlines-masked") else set()
    training = {"/start_run", "/runs", "/run", "/control_run"}
    assert set(endpoints["named_endpoints"]) == texts | faces | training | {f"/{action}_music" for action in actions}
    assert not endpoints["unnamed_endpoints"]


def test_programs_are_told_what_is_not_allowed(client: Client, models: Any) -> None:
    for asked in ({"topic": "gossip"}, {"topic": "games"}, {"model": "headlines"}):
        with pytest.raises(AppError, match="must be one of"):
            client.predict(**asked, api_name="/write_news")
    for name in ("/fill_blanks", "/rewrite_text"):
        with pytest.raises(AppError, match="must be one of"):
            client.predict("A ___", topic="games", api_name=name)
    models.broken["masked"] = UserError("engine.missing", file="model.safetensors")
    with pytest.raises(AppError, match="underscores"):
        client.predict("no blank", api_name="/fill_blanks")


def test_programs_fill_in_and_rewrite_headlines(
    tiny_headlines: Path, models: Any, connect: Callable[[], Client]
) -> None:
    client = connect()
    filled = client.predict("主队__", topic="games", characters_per_blank=2, api_name="/fill_headlines")
    asked = filled["receipt"]["settings"]
    assert (asked["model"], asked["topic"], asked["characters_per_blank"]) == ("headlines-masked", "games", 2)
    rewritten = client.predict("主队[[获胜]]", api_name="/rewrite_headlines")
    assert rewritten["receipt"]["action"] == "rewrite"
    assert rewritten["receipt"]["settings"]["model"] == "headlines-masked"
    (written,) = client.predict(model="headlines-masked", steps=3, api_name="/write_headlines")
    assert written["receipt"]["settings"]["steps"] == 3
    with pytest.raises(AppError, match="has no blank"):
        client.predict("主队", api_name="/fill_headlines")
    for topic in ("scitech", ""):
        with pytest.raises(AppError, match="must be one of"):
            client.predict("主队__", topic=topic, api_name="/fill_headlines")
    with pytest.raises(AppError, match="must be one of"):
        client.predict(model="gru", api_name="/write_headlines")


@pytest.mark.parametrize("here", ["headlines-gru", "headlines-masked"])
def test_what_needs_a_model_that_is_not_here_is_not_offered(
    tiny_headlines: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tabs: Callable[[], set[str]],
    here: str,
) -> None:
    chinese = {"headlines-run", "fill-chinese-run", "rewrite-chinese-run"}
    shown = tabs()
    assert shown >= chinese | {"headlines-model", "write-languages", "fill-languages", "rewrite-languages"}
    (tmp_path / here).symlink_to(tiny_headlines / here)
    monkeypatch.setenv("GENAI_DEMO_CHECKPOINTS", str(tmp_path))
    settings.cache_clear()
    shown = tabs()
    expected = {"headlines-run"} if here == "headlines-gru" else chinese
    assert shown & (chinese | {"headlines-model"}) == expected
    assert shown >= {"generate-run", "fill-run", "rewrite-run"}
