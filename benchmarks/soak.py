"""A public server for a while: `python -m benchmarks.soak [--minutes 20] [--visitors 100] [--json FILE]`.

Visitors of all kinds come and go: they read the page in two languages, write, paint, compose, upload, stop what they
began, reload and vanish; one request in a hundred is hostile. Memory, files, errors and the time of a page are told
beside those of a bare Gradio page that as many visitors load in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.reporting import free_port, show
from benchmarks.servers import bare_page, server

_KEEP_SECONDS = 60

_HOSTILE: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/gradio_api/call/write_news", {"content": b"{"}),
    ("POST", "/gradio_api/call/write_news", {"json": {"data": [1]}}),
    ("POST", "/gradio_api/call/nothing", {"json": {"data": []}}),
    ("POST", "/gradio_api/call/write_news", {"content": b" " * 14_000_000}),
    ("POST", "/gradio_api/queue/join", {"json": {"data": [], "fn_index": 10**6, "session_hash": "x"}}),
    ("POST", "/gradio_api/process_recording", {"content": b"x"}),
    ("POST", "/gradio_api/component_server", {"json": {}}),
    ("GET", "/gradio_api/file=/etc/passwd", {}),
    ("GET", "/gradio_api/openapi.json", {}),
    ("DELETE", "/", {}),
]


_Load = tuple[int, list[Any]]


@dataclass
class Tally:
    """What happened."""

    seconds: list[float] = field(default_factory=list)
    """how long each page took"""
    statuses: Counter[int] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    """visits by kind"""
    failed: Counter[str] = field(default_factory=Counter)
    """what should have been answered otherwise, by kind"""
    again: int = 0
    """requests whose connection, kept from the one before, was closed as they came"""
    longest_answer: int = 0
    """bytes of the longest answer to a hostile request"""


class Visitor:
    """Somebody with a browser, or a program, at one address.

    Args:
        client: what asks.
        tally: where it is told.
        random: makes the choices.
        load: what the page calls when it opens: number of the function, and its inputs.
        attacks: share of the visits that are hostile, 0 to 1.
    """

    def __init__(
        self, client: httpx.AsyncClient, tally: Tally, random: random.Random, load: _Load, attacks: float
    ) -> None:
        self._client, self._tally, self._random, self._load, self._attacks = client, tally, random, load, attacks

    async def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send one request, and once more where its connection was closed meanwhile, as browsers do."""
        try:
            answer = await self._client.request(method, path, **options)
        except httpx.RemoteProtocolError:
            self._tally.again += 1
            answer = await self._client.request(method, path, **options)
        self._tally.statuses[answer.status_code] += 1
        return answer

    async def read(self) -> None:
        """Open the page in one of two languages, and again."""
        session = f"{self._random.getrandbits(48):x}"
        for _ in range(self._random.choice((1, 2))):
            start = time.perf_counter()
            page = await self.ask("GET", "/", headers={"accept-language": self._random.choice(("en", "zh-CN"))})
            self._tally.seconds.append(time.perf_counter() - start)
            index, inputs = self._load
            body = {"data": inputs, "fn_index": index, "session_hash": session}
            opened = await self.ask("POST", "/gradio_api/run/predict", json=body)
            if page.status_code != 200 or opened.status_code != 200:
                self._tally.failed["read"] += 1

    async def call(self, name: str, wait: float | None = None, **changes: Any) -> None:
        """Call an endpoint, and wait for the answer, or leave after `wait` seconds."""
        parameters = self.endpoints[f"/{name}"]["parameters"]
        values = {one["parameter_name"]: one.get("parameter_default") for one in parameters} | changes
        joined = await self.ask("POST", f"/gradio_api/call/{name}", json={"data": list(values.values())})
        if joined.status_code != 200:
            self._tally.failed[name] += joined.status_code != 503
            return
        path = f"/gradio_api/call/{name}/{joined.json()['event_id']}"
        async with self._client.stream("GET", path) as answer:
            if wait is not None:
                await asyncio.sleep(wait)
                return
            said = "".join([text async for text in answer.aiter_text()])
        self._tally.failed[name] += "event: complete" not in said

    async def upload(self) -> None:
        """Give a file."""
        answer = await self.ask("POST", "/gradio_api/upload", files={"files": ("a.mid", os.urandom(20_000))})
        self._tally.failed["upload"] += answer.status_code != 200

    async def attack(self) -> None:
        """Ask for what is not to be had."""
        method, path, options = self._random.choice(_HOSTILE)
        try:
            answer = await self.ask(method, path, **options)
        except (httpx.ReadError, httpx.WriteError):
            # Refused while it was still being sent, and cut off.
            self._tally.done["cut off"] += 1
            return
        self._tally.longest_answer = max(self._tally.longest_answer, len(answer.content))
        self._tally.failed["hostile"] += not 400 <= answer.status_code < 500

    async def visit(self) -> None:
        """Do what visitors do, one thing after the other."""
        await self.read()
        seed = self._random.randrange(1000)
        kinds: dict[str, Callable[[], Awaitable[None]]] = {
            "write": lambda: self.call("write_news", length=20, seed=seed),
            "paint": lambda: self.call("paint_faces", count=4, seed=seed),
            "compose": lambda: self.call("compose_music", bars=4, seed=seed),
            "leave": lambda: self.call("compose_music", wait=0.3, bars=32, seed=seed),
            "upload": self.upload,
            "only read": self.read,
        }
        name = self._random.choice(list(kinds))
        if self._random.random() < self._attacks:
            name, kinds["attack"] = "attack", self.attack
        await kinds[name]()
        self._tally.done[name] += 1

    endpoints: dict[str, Any]
    """what the server offers to programs"""


def _load_event(address: str) -> _Load:
    """Return the number of a function that each page calls when it opens, and its inputs."""
    config = httpx.get(address + "/config").json()
    values = {one["id"]: one["props"].get("value") or "" for one in config["components"]}
    for one in config["dependencies"]:
        if not one["queue"] and one["backend_fn"] and any(event == "load" for _, event in one["targets"]):
            return one["id"], [values[component] for component in one["inputs"]]
    raise LookupError("no function is called when the page opens")


async def _crowd(
    address: str, visitors: int, tally: Tally, enough: Callable[[], bool], seed: int, attacks: float
) -> None:
    load = _load_event(address)
    Visitor.endpoints = httpx.get(address + "/gradio_api/info").json()["named_endpoints"]

    async def come_and_go(number: int) -> None:
        chance = random.Random(seed * 1000 + number)
        await asyncio.sleep(chance.random() * 2)
        while not enough():
            async with httpx.AsyncClient(base_url=address, timeout=300) as client:
                await Visitor(client, tally, chance, load, attacks).visit()
            await asyncio.sleep(chance.random() * 4)

    await asyncio.gather(*map(come_and_go, range(visitors)))


async def _bare_crowd(address: str, visitors: int, seconds: list[float], until: float) -> None:
    async def come_and_go(number: int) -> None:
        chance = random.Random(number)
        while time.monotonic() < until:
            await asyncio.sleep(chance.random() * 4)
            async with httpx.AsyncClient(base_url=address, timeout=300) as client:
                start = time.perf_counter()
                await client.get("/")
                seconds.append(time.perf_counter() - start)

    await asyncio.gather(*map(come_and_go, range(visitors)))


def _p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1] if len(seconds) > 1 else 0.0


def _memory(process: psutil.Process) -> float:
    return float(sum(one.memory_info().rss for one in (process, *process.children(recursive=True))) / 2**20)


def _oldest(folder: Path) -> float:
    now = time.time()
    return max((now - file.stat().st_mtime for file in folder.rglob("*") if file.is_file()), default=0.0)


def soak(minutes: float, visitors: int, seed: int = 0, attacks: float = 0.03) -> dict[str, dict[str, Any]]:
    """Run the crowd and return what came of it.

    Args:
        minutes: how long.
        visitors: at once.
        seed: of the visitors' choices.
        attacks: share of the visits that are hostile, of about three requests each, 0 to 1.
    """
    with tempfile.TemporaryDirectory() as temporary:
        places = {"GRADIO_TEMP_DIR": temporary, "GENAI_DEMO_KEEP_SECONDS": str(_KEEP_SECONDS)}
        port = free_port()
        address, tally = f"http://127.0.0.1:{port}", Tally()
        with server(["app.py"], port, **places) as process:
            warm = Tally()
            # Everything has been used once when the first ten have been there.
            asyncio.run(_crowd(address, 10, warm, lambda: sum(warm.done.values()) >= 10, seed + 1, 0.0))
            first = _memory(process)
            until = time.monotonic() + 60 * minutes
            asyncio.run(_crowd(address, visitors, tally, lambda: time.monotonic() > until, seed, attacks))
            last, oldest, files = _memory(process), _oldest(Path(temporary)), len(list(Path(temporary).rglob("*.*")))
        bare: list[float] = []
        port = free_port()
        with server(bare_page(port), port):
            until = time.monotonic() + min(60.0, 60 * minutes)
            asyncio.run(_bare_crowd(f"http://127.0.0.1:{port}", visitors, bare, until))
    statuses = {f"answers {status}": count for status, count in sorted(tally.statuses.items())}
    statuses["asked again"] = tally.again
    return {
        "visits": {**dict(tally.done), "all": sum(tally.done.values())},
        "answers": statuses,
        "wrong": {"all": sum(tally.failed.values()), **{name: count for name, count in tally.failed.items() if count}},
        "memory": {"after the first ten": first, "at the end": last, "ratio": last / first},
        "files": {"at the end": files, "oldest, seconds": oldest, "may be, seconds": float(_KEEP_SECONDS)},
        "hostile": {"longest answer, bytes": tally.longest_answer},
        "page, p95 seconds": {"here": _p95(tally.seconds), "bare Gradio page": _p95(bare)},
    }


def main() -> None:
    """Print a table, and JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=20.0, help="how long (20)")
    parser.add_argument("--visitors", type=int, default=100, help="at once (100)")
    parser.add_argument("--json", metavar="FILE", help="- for standard output")
    options = parser.parse_args()
    show(soak(options.minutes, options.visitors), options.json)


if __name__ == "__main__":
    main()
