"""A room presses *Write* in the same second: `python -m benchmarks.room [--visitors 1 10 100] [--before COMMIT]`.

Each visitor of the page has a session and a seed of his own, and wants one text as the page offers it, shown as it
grows. Told are the seconds until his first words and until his whole text, here and in an earlier build, in turns.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx

from benchmarks.reporting import free_port, show
from benchmarks.servers import earlier_build, server

_ROUNDS = 3
_ROOMY = {"GENAI_DEMO_QUEUE": "1000", "GENAI_DEMO_SESSIONS": "1000"}
"""nobody is sent away, and earlier builds forget nobody between his press and his turn"""
_SECOND = 1.0
"""seconds over which the visitors press, evenly"""


@dataclass(frozen=True)
class _Page:
    """What a visitor's browser knows of the page: which calls a press makes, and with which values."""

    press: tuple[int, list[Any]]
    """the call that checks the fields, and what stands in them"""
    run: tuple[int, list[Any]]
    """the call that writes"""


def _read(config: dict[str, Any]) -> _Page:
    parts = {part["id"]: part for part in config["components"]}
    named = {part["props"].get("elem_id"): part["id"] for part in config["components"]}
    changes = {"generate-pace": "at_once"}

    def call(dependency: dict[str, Any]) -> tuple[int, list[Any]]:
        values = []
        for part in (parts[one] for one in dependency["inputs"]):
            value = changes.get(part["props"].get("elem_id"), part["props"].get("value"))
            values.append("" if value is None and part["type"] == "textbox" else value)
        return dependency["id"], values

    def after(part: int, event: str) -> list[dict[str, Any]]:
        return [one for one in config["dependencies"] if [part, event] in [list(target) for target in one["targets"]]]

    (press,) = [one for one in after(named["generate-run"], "click") if one["backend_fn"]]
    (run,) = [
        one
        for part in press["outputs"]
        for one in after(part, "change")
        if one["backend_fn"] and len(one["inputs"]) > 3
    ]
    return _Page(call(press), call(run))


async def _press(client: httpx.AsyncClient, session: str, call: tuple[int, list[Any]]) -> None:
    """Make a call that waits in no queue, as the page does."""
    body = {"data": call[1], "fn_index": call[0], "session_hash": session, "event_data": None}
    answer = await client.post("/gradio_api/run/predict", json=body)
    answer.raise_for_status()
    if 'role=\\"alert' in answer.text:
        raise RuntimeError(answer.text)


async def _call(client: httpx.AsyncClient, session: str, call: tuple[int, list[Any]]) -> list[float]:
    """Make a call that waits for its turn, as the page does, and return when each of its answers came."""
    number, values = call
    body = {"data": values, "fn_index": number, "session_hash": session, "event_data": None}
    asked = await client.post("/gradio_api/queue/join", json=body)
    asked.raise_for_status()
    event, came = asked.json()["event_id"], []
    async with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as answers:
        async for line in answers.aiter_lines():
            told = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
            if told.get("event_id") == event and told["msg"] in ("process_generating", "process_completed"):
                if "<article" in line:
                    came.append(time.perf_counter())
                if told["msg"] == "process_completed":
                    if not came:
                        raise RuntimeError(line)
                    return came
    raise RuntimeError("the stream ended before the call")


async def _visit(client: httpx.AsyncClient, page: _Page, name: str, wait: float) -> tuple[float, float]:
    """Press, and return the seconds until the first words and the whole text."""
    await asyncio.sleep(wait)
    start = time.perf_counter()
    await _press(client, name, page.press)
    came = await _call(client, name, page.run)
    return came[0] - start, came[-1] - start


async def _room(address: str, visitors: int, round_: int) -> list[tuple[float, float]]:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=address, timeout=1200, limits=limits) as client:
        page = _read((await client.get("/config")).json())
        visits = (
            _visit(client, page, f"{visitors}-{round_}-{number}", _SECOND * number / visitors)
            for number in range(visitors)
        )
        return await asyncio.gather(*visits)


def measure(crowds: list[int], before: str | None, rounds: int) -> dict[str, dict[str, Any]]:
    """Return seconds to the first words and to the whole text, by whose page it is and how many press.

    Args:
        crowds: visitors in one second.
        before: commit of an earlier build; None for none.
        rounds: how often each crowd comes.
    """
    with ExitStack() as stack:
        ports = {name: free_port() for name in ("here", *(["earlier build"] if before else []))}
        stack.enter_context(server(["app.py"], ports["here"], **_ROOMY))
        if before:
            folder = stack.enter_context(earlier_build(before))
            stack.enter_context(server(["app.py"], ports["earlier build"], folder, **_ROOMY))
        found: dict[tuple[str, int], list[tuple[float, float]]] = {}
        for port in ports.values():
            asyncio.run(_room(f"http://127.0.0.1:{port}", 1, -1))  # models come into memory
        for round_ in range(rounds):
            for visitors in crowds:
                for name, port in ports.items():
                    came = asyncio.run(_room(f"http://127.0.0.1:{port}", visitors, round_))
                    found.setdefault((name, visitors), []).extend(came)
    report: dict[str, dict[str, Any]] = {}
    for (name, visitors), came in found.items():
        figures = report[f"{name}, {visitors} in a second"] = {}
        for which, seconds in zip(("first words", "whole text"), zip(*came, strict=True), strict=True):
            figures |= {
                f"{which}, ms, min": 1000 * min(seconds),
                f"{which}, ms, median": 1000 * statistics.median(seconds),
                f"{which}, ms, max": 1000 * max(seconds),
            }
    return report


def main() -> None:
    """Print a table, and JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, nargs="+", default=[1, 10, 100], metavar="N", help="in a second")
    parser.add_argument("--rounds", type=int, default=_ROUNDS, metavar="N", help=f"how often each comes ({_ROUNDS})")
    parser.add_argument("--before", metavar="COMMIT", help="an earlier build to measure beside this one")
    parser.add_argument("--json", metavar="FILE", help="- for standard output")
    options = parser.parse_args()
    show(measure(options.visitors, options.before, options.rounds), options.json)


if __name__ == "__main__":
    main()
