"""The page that describes what programs call."""

from __future__ import annotations

import re
import shlex
import subprocess
from html import unescape

import gradio as gr
import httpx
import pytest

from genai_demo.catalogue import LANGUAGES, sentences
from genai_demo.text.sampling.loading import is_here
from genai_demo.ui.gate import endpoint_names


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_endpoint_and_parameter_is_described(served: gr.Blocks, client: httpx.Client, language: str) -> None:
    page = client.get("/api", params={"lang": language}).text
    info = client.get("/gradio_api/info").json()["named_endpoints"]
    assert {name.removeprefix("/") for name in info} == endpoint_names(served.config)
    for name, about in info.items():
        (section,) = re.findall(rf'<section id="{name[1:]}">(.*?)</section>', page, re.DOTALL)
        rows = re.findall(r'<th scope="row"><code>(\w+)</code></th><td>(.+?)</td>', section)
        assert [row[0] for row in rows] == [one["parameter_name"] for one in about["parameters"]]
        if language != "en":
            assert all(re.search("[\u4e00-\u9fff]", meaning) for _, meaning in rows)


def test_ranges_and_defaults_stand_beside_their_parameters(client: httpx.Client) -> None:
    page = unescape(re.sub("<[^>]+>", "|", client.get("/api").text))
    assert re.search(r"temperature\|+Below 1[^|]*\|+0\.1 – 2\.0\|+0\.75\|", page)
    assert re.search(r'format\|+[^|]*\|+mp4, webp, gif\|+"mp4"\|', page)
    assert re.search(r"receipt\|+[^|]*\|+anything\|+required", page)


def test_every_sentence_is_said(client: httpx.Client) -> None:
    page = unescape(client.get("/api").text)
    unsaid = [key for key, said in sentences("en").items() if key.startswith("api.") and said.split("{")[0] not in page]
    if not is_here("headlines"):
        unsaid = [key for key in unsaid if not key.startswith("api.write_headlines")]
    if not is_here("headlines-masked"):
        unsaid = [key for key in unsaid if not re.match(r"api\.(fill|rewrite)_headlines", key)]
    assert unsaid == ["api.link", "api.opens_anew"]  # which stand on the page itself


def test_its_examples_work(client: httpx.Client) -> None:
    examples = [
        unescape(one) for one in re.findall(r'<pre tabindex="0">(.*?)</pre>', client.get("/api").text, re.DOTALL)
    ]
    python = next(one for one in examples if 'api_name="/fill_blanks"' in one)
    said: dict[str, object] = {}
    exec(python.replace("print(result)", ""), said)  # what a visitor would copy
    assert "Shares of" in said["result"]["text"]  # type: ignore[index]
    shell = next(one for one in examples if "call/fill_blanks" in one)
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, timeout=120)
    assert "event: complete" in done.stdout and "Shares of" in done.stdout, shlex.quote(shell) + done.stderr


def test_it_is_as_closed_as_the_page(client: httpx.Client) -> None:
    answer = client.get("/api", headers={"accept-language": "zh-HK"})
    assert '<html lang="zh-TW">' in answer.text
    assert answer.headers["content-security-policy"] == client.get("/").headers["content-security-policy"]
    assert answer.headers["vary"] == "Accept-Language, Accept-Encoding, Cookie"
    assert client.post("/api").status_code == 404
