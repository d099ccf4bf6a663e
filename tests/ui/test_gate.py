"""What a public server is asked: the page and its endpoints are served, all else gets a sentence, and nothing grows."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from genai_demo.settings import settings
from genai_demo.ui import gate
from genai_demo.ui.gate import Gate
from genai_demo.ui.training.routes import TrainingRoutes
from tests.helpers.app import running_app

SECRET = "what the visitor wrote"
CALL = "/gradio_api/call/write_news"


async def echo(request: Request) -> Response:
    """Answer with what arrived."""
    body = await request.body()
    return JSONResponse({"length": len(body), "host": request.headers.get("x-forwarded-host", "")})


async def broken(request: Request) -> Response:
    raise RuntimeError(SECRET)


async def rude(request: Request) -> Response:
    return PlainTextResponse("Traceback: <class 'int'>", 500, headers={"access-control-allow-credentials": "true"})


ROUTES = {
    "/": echo,
    "/config": broken,
    "/theme.css": rude,
    CALL: echo,
    "/gradio_api/upload": echo,
    "/gradio_api/process_recording": echo,
}


def ask(*requests: tuple[str, str], **options: object) -> list[httpx.Response]:
    """Send requests through the gate to an application that would answer all of them."""
    routes = {path: ROUTES.get(path, echo) for path in [*ROUTES, *(urlsplit(path).path for _, path in requests)]}
    app = Starlette(routes=[Route(path, answer, methods=["GET", "POST"]) for path, answer in routes.items()])

    async def send() -> list[httpx.Response]:
        transport = httpx.ASGITransport(Gate(app, {"write_news"}), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://page") as client:
            return [await client.request(method, path, **options) for method, path in requests]  # type: ignore[arg-type]

    return asyncio.run(send())


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("GENAI_DEMO_BODY_BYTES", "1000")
    monkeypatch.setenv("GENAI_DEMO_UPLOAD_BYTES", "3000")
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/gradio_api/process_recording"),
        ("POST", "/gradio_api/component_server"),
        ("GET", "/gradio_api/openapi.json"),
        ("GET", "/gradio_api/call/write_news"),
        ("GET", "/monitoring"),
        ("POST", "/"),
        ("DELETE", "/"),
        ("GET", "/%2e%2e/app.py"),
    ],
)
def test_what_nobody_needs_is_not_served(method: str, path: str) -> None:
    (answer,) = ask((method, path))
    assert answer.status_code == 404 and method in answer.json()["detail"]


def test_all_that_the_pages_of_training_ask_for_comes_in() -> None:
    served = TrainingRoutes(Starlette()).router.routes
    asked = [(method, route.path) for route in served if isinstance(route, Route) for method in route.methods or ()]
    assert ("GET", "/training/in_use") in asked and ("POST", "/training/use") in asked
    refused = [one for one, answer in zip(asked, ask(*asked), strict=True) if answer.status_code != 200]
    assert refused == []


def test_an_unknown_endpoint_is_named_with_those_there_are() -> None:
    (answer,) = ask(("POST", "/gradio_api/call/wrte_news"), headers={"accept-language": "zh"})
    assert answer.status_code == 404
    assert "wrte_news" in answer.json()["detail"] and "write_news" in answer.json()["detail"]
    assert "现有接口" in answer.json()["detail"]


async def chunks(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * 100


@pytest.mark.parametrize(("path", "most"), [(CALL, 1000), ("/gradio_api/upload", 3000)])
@pytest.mark.parametrize("announced", [True, False])
def test_a_body_is_read_up_to_its_limit(path: str, most: int, announced: bool) -> None:
    def body(size: int) -> bytes | AsyncIterator[bytes]:
        return b"x" * size if announced else chunks(size // 100)

    (whole,) = ask(("POST", path), content=body(most))
    assert whole.json()["length"] == most
    (refused,) = ask(("POST", path), content=body(most + 100))
    assert refused.status_code == 413 and f"{most:,}" in refused.json()["detail"]


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "PATIENCE", 0.05)

    async def slow() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.sleep(5)

    (answer,) = ask(("POST", CALL), content=slow())
    assert answer.status_code == 408


HEAD = b"POST /gradio_api/call/write_news HTTP/1.1\r\nHost: page\r\nContent-Type: application/json\r\n"


def answered(client: httpx.Client, *parts: bytes) -> bytes:
    """Send the parts of a request, the last one again and again, until the server ends it; return its answer."""
    address, received = urlsplit(str(client.base_url)), b""
    with socket.create_connection((str(address.hostname), address.port or 80)) as line:
        for part in parts[:-1]:
            line.sendall(part)
        line.settimeout(0.1)
        for _ in range(200):
            try:
                line.sendall(parts[-1])
                while piece := line.recv(4096):
                    received += piece
                return received
            except TimeoutError:
                # Others are served meanwhile.
                assert client.get("/robots.txt").status_code == 200
            except (ConnectionResetError, BrokenPipeError):
                return received
    raise AssertionError("the server waits for ever")


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ((b"",), b""),
        ((b"GET / HT", b""), b""),
        ((b"GET / HTTP/1.1\r\nX-Slow: ", b"x"), b""),
        ((b"GET /robots.txt HTTP/1.1\r\nHost: page\r\n\r\n", b"GET / HTTP/1.1\r\nX-Slow: "), b"HTTP/1.1 200"),
        ((HEAD + b"Content-Length: 50\r\n\r\n{", b""), b"HTTP/1.1 408"),
        ((HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{", b""), b"HTTP/1.1 408"),
    ],
)
def test_half_sent_requests_are_ended(
    client: httpx.Client, parts: tuple[bytes, ...], status: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "PATIENCE", 0.5)
    assert answered(client, *parts)[: len(b"HTTP/1.1 408")] == status


def test_a_request_that_takes_long_to_answer_is_not_cut_off(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "PATIENCE", 0.01)
    # One connection for both: neither an answer nor the pause after it counts.
    for _ in range(2):
        assert client.get("/").status_code == 200


def test_what_breaks_gets_a_sentence_and_the_log_holds_nothing_that_was_sent(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answers = ask(("GET", "/config"), ("GET", "/theme.css"))
    for answer in answers:
        assert answer.status_code == 500
        assert answer.json()["detail"].startswith("Something went wrong")
    assert "RuntimeError" in caplog.text and SECRET not in caplog.text


def test_every_answer_is_dressed() -> None:
    for answer in ask(("GET", "/"), ("GET", "/config"), ("GET", "/nothing"), headers={"origin": "http://elsewhere"}):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
        assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(("variable", "host"), [(None, ""), ("GENAI_DEMO_PROXY", "forged"), ("SPACE_ID", "forged")])
def test_only_a_proxy_may_say_who_was_asked(variable: str | None, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if variable:
        monkeypatch.setenv(variable, "1")
        settings.cache_clear()
    (answer,) = ask(("GET", "/"), headers={"x-forwarded-host": "forged"})
    assert answer.json()["host"] == host


def test_frames_of_a_space_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACE_ID", "someone/demo")
    settings.cache_clear()
    (answer,) = ask(("GET", "/"))
    assert "https://huggingface.co" in answer.headers["content-security-policy"]


# The same on the page itself


def test_no_foreign_origin_is_answered_with_credentials(client: httpx.Client) -> None:
    own, host = str(client.base_url).rstrip("/"), urlsplit(str(client.base_url)).netloc
    assert client.get("/", headers={"origin": own}).headers.get("access-control-allow-credentials") == "true"
    for origin in ("https://elsewhere.example", "null", f"https://{host}.example"):
        assert "access-control-allow-credentials" not in client.get("/", headers={"origin": origin}).headers


def test_a_forged_host_is_nowhere_on_the_page(client: httpx.Client) -> None:
    answer = client.get("/", headers={"x-forwarded-host": "forged.example", "x-forwarded-proto": "ftp"})
    assert answer.status_code == 200 and "forged" not in answer.text


def test_a_body_that_is_too_large_is_refused_before_it_is_sent(client: httpx.Client) -> None:
    address = urlsplit(str(client.base_url))
    with socket.create_connection((str(address.hostname), address.port or 80), timeout=20) as line:
        head = f"POST {CALL} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: 200000000\r\n\r\n"
        line.sendall(head.encode())
        assert line.recv(4096).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (["sports", "", "gru", "long"], "Length is long"),
        (["sports", "", {"a": 1}], "gru, masked"),
        (["sports", 5], "Opening words"),
        ([None], "Topic is"),
        (["sports", "", "gru", 80, "warm"], "Temperature is warm"),
    ],
)
def test_wrongly_typed_calls_are_told_what_is_allowed(client: httpx.Client, data: list[object], said: str) -> None:
    whole = [*data, *["sports", "", "gru", 80, 0.7, 0.9, 0.0, 1.1, 1, 0, 16][len(data) :]]
    event = client.post(CALL, json={"data": whole}).json()["event_id"]
    answer = client.get(f"{CALL}/{event}").text
    assert answer.startswith("event: error") and said in answer


def test_a_call_with_too_few_values_is_refused(client: httpx.Client) -> None:
    answer = client.post(CALL, json={"data": [1, 2]}, headers={"accept-language": "zh"})
    assert answer.status_code == 400 and "11" in answer.json()["detail"] and "接口" in answer.json()["detail"]
    unknown = client.post("/gradio_api/queue/join", json={"data": [], "fn_index": 10**6, "session_hash": "x"})
    assert unknown.status_code == 400 and "1000000" in unknown.json()["detail"]


def test_the_log_never_holds_what_was_sent(
    client: httpx.Client, caplog: pytest.LogCaptureFixture, capfd: object
) -> None:
    config = client.get("/config").json()
    radios = {one["id"] for one in config["components"] if one["type"] == "radio"}
    private = next(one for one in config["dependencies"] if not one["queue"] and set(one["inputs"]) & radios)
    body = {"data": [SECRET] * len(private["inputs"]), "fn_index": private["id"], "session_hash": "x"}
    with caplog.at_level(logging.ERROR):
        client.post("/gradio_api/run/predict", json=body)
    out, err = capfd.readouterr()
    assert "Error at " in caplog.text
    assert SECRET not in caplog.text + out + err


def test_behind_a_proxy_the_page_knows_its_path(root: Path, tmp_path: Path) -> None:
    asked = {"x-forwarded-host": "demo.example", "x-forwarded-proto": "https"}
    environment = {"GRADIO_ROOT_PATH": "/below/this", "GENAI_DEMO_PROXY": "1"}
    with running_app(root, tmp_path / "log", **environment) as address:
        page = httpx.get(address, headers=asked, timeout=60).text
        # A proxy that serves a path takes it away before it asks us.
        assert httpx.get(f"{address}/gradio_api/info", timeout=60).status_code == 200
    match = re.search(r"window\.gradio_config = (.*?);</script>", page, re.DOTALL)
    assert match and json.loads(match[1])["root"].endswith("/below/this")


def test_a_cancel_that_comes_before_its_call_has_nothing_to_do(client: httpx.Client) -> None:
    answer = client.post("/gradio_api/cancel", json={"session_hash": "x", "fn_index": 1})
    assert answer.status_code == 200 and answer.json()["detail"] == "There is nothing to cancel."


def test_all_routes_of_the_trainings_pass_the_gate() -> None:
    async def nothing(_scope: Scope, _receive: Receive, _send: Send) -> None: ...

    for route in TrainingRoutes(nothing).router.routes:
        assert isinstance(route, Route)
        passing = gate._WRITE if route.methods == {"POST"} else gate._READ
        assert passing.fullmatch(route.path), route.path
