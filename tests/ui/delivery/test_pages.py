"""The page as it is sent: made once, compressed, with its scripts as files of their own."""

from __future__ import annotations

import gzip
import json
import re

import httpx
import pytest

from genai_demo.ui.components.library import PieceLibrary


def config(page: str) -> dict:
    match = re.search(r"window\.gradio_config = (.*?);</script>", page, re.DOTALL)
    assert match
    return json.loads(match[1])


def test_the_page_is_compressed_and_sent_once(client: httpx.Client) -> None:
    with client.stream("GET", "/", headers={"accept-encoding": "gzip"}) as answer:
        packed = b"".join(answer.iter_raw())
    assert len(packed) <= 80_000
    plain = client.get("/", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(packed) == plain.content
    again = client.get("/", headers={"if-none-match": plain.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "default-src 'self'" in again.headers["content-security-policy"]
    other = client.get("/", headers={"if-none-match": plain.headers["etag"], "accept-language": "zh"})
    assert other.status_code == 200 and other.headers["etag"] != plain.headers["etag"]


def test_whether_the_page_is_there_is_said_at_once(client: httpx.Client) -> None:
    answer = client.head("/")
    assert (answer.status_code, answer.content) == (200, b"")
    assert "default-src 'self'" in answer.headers["content-security-policy"]


def test_scripts_and_styles_are_files_that_may_be_kept_for_ever(client: httpx.Client) -> None:
    page = client.get("/").text
    files = re.findall(r'(?:src|href)="(own/[^"]+)"', page)
    assert [file.rpartition("/")[2] for file in files] == [
        "phrases.js", "frame.js", "page.js", "address.js", "widgets.js", "frame.css",
    ]  # fmt: skip
    said = {}
    for file in files:
        answer = client.get(f"/{file}")
        assert answer.status_code == 200 and "immutable" in answer.headers["cache-control"]
        said[file.rpartition("/")[2]] = answer.text
        assert client.get(f"/{file}", headers={"if-none-match": answer.headers["etag"]}).status_code == 304
    calls = [part["props"].get("js_on_load") for part in config(page)["components"]]
    assert all(re.fullmatch(r"genaiDemo\.scripts\[\d+\]\(element, trigger, watch\)", call) for call in calls if call)
    assert (PieceLibrary(render=False).js_on_load or "") in said["widgets.js"]
    assert client.get(f"/{files[0].replace('phrases', 'phases')}").status_code == 404


@pytest.mark.parametrize("host", ["demo.example:8000", "[::1]:7860", 'x"></script><script>alert(1)'])
def test_the_page_knows_under_which_name_it_was_asked_for(client: httpx.Client, host: str) -> None:
    page = client.get("/", headers={"host": host}).text
    root = config(page)["root"]
    assert root == f"http://{host}" if "<" not in host else root.startswith("http://127.0.0.1:")
    assert "page.invalid" not in page and "alert(1)" not in page


def test_what_it_is_can_be_read_before_a_script_has_run(client: httpx.Client) -> None:
    page = client.get("/", headers={"accept-language": "zh"}).text
    skeleton = re.search(r'<main id="skeleton">(.*?)</main>', page)
    assert skeleton
    assert re.findall(r"<li>(.*?)</li>", skeleton[1]) == ["新闻文本", "人脸", "钢琴"]
