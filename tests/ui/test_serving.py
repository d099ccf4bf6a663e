from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import warnings
from datetime import timedelta
from pathlib import Path

import gradio as gr
import httpx
import pytest

from genai_demo.errors import UserError
from genai_demo.settings import settings
from genai_demo.ui import serving
from genai_demo.ui.languages import request_language
from genai_demo.ui.page import build


@pytest.mark.parametrize(
    ("query", "cookie", "header", "language"),
    [
        ("", "", "", "en"),
        ("", "", "fr-FR,fr;q=0.9", "en"),
        ("", "", "zh-HK,zh;q=0.9,en;q=0.8", "zh-Hant"),
        ("", "", "zh-Hans-CN", "zh"),
        ("", "genai_demo_language=en", "zh", "en"),
        ("lang=zh", "genai_demo_language=en", "en", "zh"),
        ("lang=tlh", "genai_demo_language=zh", "en", "zh"),
        ("", "genai_demo_language=<script>", "zh", "zh"),
        ("", "a@b/{c}?<d>,=1; genai_demo_language=zh; =; x", "en", "zh"),
    ],
)
def test_the_language_is_what_the_visitor_chose_last_and_else_the_browsers(
    query: str, cookie: str, header: str, language: str
) -> None:
    headers = [(b"cookie", cookie.encode()), (b"accept-language", header.encode())]
    assert request_language({"type": "http", "query_string": query.encode(), "headers": headers}) == language


@pytest.mark.parametrize(
    ("header", "locale", "button"), [("zh", "zh-CN", "开始写"), ("zh-HK", "zh-TW", "開始寫"), ("de", "en", "Write")]
)
def test_the_page_comes_in_the_visitors_language(client: httpx.Client, header: str, locale: str, button: str) -> None:
    page = client.get("/", headers={"Accept-Language": header}).text
    assert re.search(rf'<html\s+lang="{locale}"', page)
    match = re.search(r"window\.gradio_config = (.*?);</script>", page, re.DOTALL)
    assert match
    config = json.loads(match[1])
    run = next(item for item in config["components"] if item["props"].get("elem_id") == "generate-run")
    assert run["props"]["value"] == button


def test_the_browser_may_reach_no_other_machine(client: httpx.Client) -> None:
    answer = client.get("/")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'self' ")
    assert not re.search(r"https?:|\*", policy)
    assert "og:image" not in answer.text


def test_only_the_page_is_rewritten(client: httpx.Client) -> None:
    answer = client.get("/config")
    assert answer.status_code == 200
    assert "default-src" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize("query", ["?tab=faces&page=morph&seed=7", "?page=", "?page=%2e%2e", "?lang=zh&page=write"])
def test_a_page_may_be_named_in_the_address(client: httpx.Client, query: str) -> None:
    answer = client.get(f"/{query}")
    assert answer.status_code == 200 and "window.gradio_config" in answer.text
    assert ('lang="zh-CN"' in answer.text) == ("zh" in query)


def test_the_server_remembers_a_number_of_visitors_and_no_more(served: gr.Blocks, client: httpx.Client) -> None:
    config = client.get("/config").json()
    language = next(one["id"] for one in config["components"] if one["props"].get("elem_id") == "language")
    switched = next(
        one for one in config["dependencies"] if one["inputs"] == [language] and [language, "input"] in one["targets"]
    )
    holder = served.app.state_holder

    def visit(name: str) -> None:
        body = {"data": ["en"], "fn_index": switched["id"], "session_hash": name}
        assert client.post("/gradio_api/run/predict", json=body).status_code == 200

    for visitor in range(settings().sessions + 20):
        visit(f"visitor {visitor}")
    assert len(holder.session_data) >= settings().sessions + 20, "nobody who is there is forgotten"
    for name in holder.time_last_used:
        holder.time_last_used[name] -= timedelta(minutes=2)
    visit("a later one")
    assert len(holder.session_data) <= settings().sessions
    assert "a later one" in holder.session_data and "visitor 0" not in holder.session_data


def test_no_page_holds_a_connection_and_old_files_go(served: gr.Blocks, client: httpx.Client) -> None:
    match = re.search(r"window\.gradio_config = (.*?);</script>", client.get("/").text, re.DOTALL)
    assert match and json.loads(match[1])["connect_heartbeat"] is False
    assert served.delete_cache and served.delete_cache[1] == settings().keep_seconds


def test_a_used_port_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv("PORT", str(port))
        with pytest.raises(UserError, match=str(port)):
            serving.address()


def test_port_0_takes_a_free_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "0")
    assert serving.address()[1] > 0


@pytest.mark.parametrize("host", ["203.0.113.7", "no such host"])
def test_an_address_of_another_machine_is_refused(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST", host)
    with pytest.raises(UserError, match=host):
        serving.address()


@pytest.mark.parametrize(("variable", "value"), [("PORT", "http"), ("HOST", "203.0.113.7")])
def test_what_keeps_the_app_from_starting_is_one_sentence(root: Path, variable: str, value: str) -> None:
    environment = os.environ | {"PORT": "0", variable: value}
    ended = subprocess.run([sys.executable, "app.py"], cwd=root, env=environment, capture_output=True, text=True)
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1
    assert value in ended.stderr


def test_nothing_on_the_page_stands_where_gradio_does_not_want_it() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        assert build()
