"""How fast the page comes: `python -m benchmarks.page [--visitors 1 10 100] [--before COMMIT] [--json FILE]`.

So many visitors ask for it in the same moment, as when a room opens an address; several times, in turns: here, of an
earlier build, and of a bare Gradio page. Told are the seconds until a visitor has all of it, and the bytes that came.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from contextlib import ExitStack
from typing import Any

import httpx

from benchmarks.reporting import free_port, show
from benchmarks.servers import bare_page, earlier_build, server

_ROUNDS = 5


async def _all_at_once(address: str, visitors: int) -> list[tuple[float, int]]:
    """Return the seconds and the bytes of each visitor."""

    async def ask(client: httpx.AsyncClient) -> tuple[float, int]:
        start = time.perf_counter()
        async with client.stream("GET", "/", headers={"accept-encoding": "gzip"}) as answer:
            size = sum([len(part) async for part in answer.aiter_raw()])
        answer.raise_for_status()
        return time.perf_counter() - start, size

    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=address, timeout=300, limits=limits) as client:
        return await asyncio.gather(*(ask(client) for _ in range(visitors)))


def measure(crowds: list[int], before: str | None, rounds: int = _ROUNDS) -> dict[str, dict[str, Any]]:
    """Return seconds and bytes of the page, by whose it is and how many ask for it.

    Args:
        crowds: visitors at once.
        before: commit of an earlier build; None for none.
        rounds: how often each is asked.
    """
    with ExitStack() as stack:
        ports = {name: free_port() for name in ("bare Gradio page", "here", *(["earlier build"] if before else []))}
        stack.enter_context(server(bare_page(ports["bare Gradio page"]), ports["bare Gradio page"]))
        stack.enter_context(server(["app.py"], ports["here"]))
        if before:
            folder = stack.enter_context(earlier_build(before))
            stack.enter_context(server(["app.py"], ports["earlier build"], folder))
        found: dict[tuple[str, int], list[tuple[float, int]]] = {}
        for _ in range(rounds):
            for name, port in ports.items():
                for visitors in crowds:
                    came = asyncio.run(_all_at_once(f"http://127.0.0.1:{port}", visitors))
                    found.setdefault((name, visitors), []).extend(came)
    report: dict[str, dict[str, Any]] = {}
    for (name, visitors), came in found.items():
        seconds = [one for one, _ in came]
        plain = statistics.median(one for one, _ in found["bare Gradio page", visitors])
        figures = {"least": min(seconds), "median": statistics.median(seconds), "most": max(seconds)}
        report[f"{name}, {visitors} at once"] = {
            **{f"milliseconds, {which}": 1000 * value for which, value in figures.items()},
            "times the bare page's median": figures["median"] / plain,
            "bytes": came[0][1],
        }
    return report


def main() -> None:
    """Print a table, and JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, nargs="+", default=[1, 10, 100], metavar="N", help="at once (1 10 100)")
    parser.add_argument("--before", metavar="COMMIT", help="an earlier build to measure beside this one")
    parser.add_argument("--json", metavar="FILE", help="- for standard output")
    options = parser.parse_args()
    show(measure(options.visitors, options.before), options.json)


if __name__ == "__main__":
    main()
