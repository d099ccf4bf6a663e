"""A room that watches one run: `python -m benchmarks.watching [--viewers N] [--seconds S] [--rounds N] [--json FILE]`.

So many viewers ask once a second for what is new of a run that trains, and every third second for the list of runs, as
the page's script does. Told are the 95th percentile of the seconds until an answer is there, beside that of a bare
Gradio page with one static endpoint under the same load, and how fast the run is while it is watched and while it is
not. All three are taken in turns, so that what else the machine does meanwhile weighs on all of them alike.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from benchmarks.reporting import free_port, show
from benchmarks.servers import ROOT, server
from genai_demo.engine.training.run import RunFolder

_BARE = """
import gradio as gr, time
with gr.Blocks() as page:
    gr.Button().click(lambda text: text, gr.Textbox(), gr.Textbox())
app, _, _ = page.launch(server_port=int({port!r}), quiet=True, prevent_thread_lock=True)
@app.get("/still")
def still(): return {{"rows": []}}
app.router.routes.insert(0, app.router.routes.pop())
while True: time.sleep(60)
"""
_LIST_EVERY = 3


@contextmanager
def _training(folder: Path) -> Iterator[RunFolder]:
    """Train a small model without end while the context lasts; it has begun when that begins."""
    words = ["train", "faces", "--model", "textbook-gan", "--data", "digits", "--minutes", "600", "--tick-seconds", "1"]
    log = (folder.parent / "log.txt").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "genai_demo", *words, "--run", str(folder)], cwd=ROOT, stdout=log, stderr=log
    )
    run = RunFolder(folder)
    try:
        while len(run.read_stats()) < 2:
            if process.poll() is not None:
                raise RuntimeError((folder.parent / "log.txt").read_text(encoding="utf-8"))
            time.sleep(0.2)
        yield run
    finally:
        process.terminate()
        process.wait()


async def _viewer(client: httpx.AsyncClient, paths: list[str], late: float, until: float) -> list[tuple[float, bool]]:
    """Ask once a second, and return the seconds until each answer and whether it was one."""
    await asyncio.sleep(late)
    came, beat = [], 0
    place = ""
    while (began := time.perf_counter()) < until:
        for number, path in enumerate(paths):
            if number and beat % _LIST_EVERY:
                continue
            start = time.perf_counter()
            try:
                answer = await client.get(path + (f"&since={place}" if "since" not in path and "?" in path else ""))
                came.append((time.perf_counter() - start, answer.is_success))
                place = answer.json().get("curves", {}).get("next", place) if not number else place
            except (httpx.HTTPError, ValueError):
                came.append((time.perf_counter() - start, False))
        beat += 1
        await asyncio.sleep(max(0.0, 1.0 - (time.perf_counter() - began)))
    return came


async def _crowd(address: str, paths: list[str], viewers: int, seconds: float) -> list[tuple[float, bool]]:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=address, timeout=60, limits=limits) as client:
        until = time.perf_counter() + seconds
        asked = (_viewer(client, paths, number / viewers, until) for number in range(viewers))
        return [one for came in await asyncio.gather(*asked) for one in came]


def _speed(run: RunFolder, seconds: float, meanwhile: Any = None) -> tuple[float, Any]:
    """Return the steps a second of a run over some seconds, and what came of what was done meanwhile."""
    before, started = run.read_stats()[-1]["step"], time.perf_counter()
    found = meanwhile() if meanwhile else time.sleep(seconds)
    passed = time.perf_counter() - started
    return (run.read_stats()[-1]["step"] - before) / passed, found


def _p95(came: list[tuple[float, bool]]) -> float:
    return statistics.quantiles([seconds for seconds, _ in came], n=20)[-1]


def measure(viewers: int, seconds: float, rounds: int) -> dict[str, dict[str, Any]]:
    """Return the figures; see above."""
    with tempfile.TemporaryDirectory() as temporary:
        runs = Path(temporary) / "runs"
        runs.mkdir()
        here, bare = free_port(), free_port()
        came: dict[str, list[tuple[float, bool]]] = {"here": [], "bare": []}
        speeds: dict[str, list[float]] = {"watched": [], "alone": []}
        with (
            server(["app.py"], here, GENAI_DEMO_RUNS=str(runs)),
            server(["-c", _BARE.format(port=bare)], bare),
            _training(runs / "watched") as run,
        ):
            ours = ["/training/run?name=watched&lang=en", "/training/runs?modality=faces&lang=en"]
            plain = ["/still?lang=en", "/still?lang=en&since="]
            for _ in range(rounds):
                speeds["alone"].append(_speed(run, seconds)[0])
                for name, port, paths in (("here", here, ours), ("bare", bare, plain)):
                    address = f"http://127.0.0.1:{port}"
                    speed, found = _speed(
                        run, seconds, lambda a=address, p=paths: asyncio.run(_crowd(a, p, viewers, seconds))
                    )
                    came[name] += found
                    if name == "here":
                        speeds["watched"].append(speed)
    p95 = {name: _p95(found) for name, found in came.items()}
    return {
        f"{viewers} viewers": {
            "answers": len(came["here"]),
            "errors": sum(not good for _, good in came["here"]),
            "p95, ms": 1000 * p95["here"],
            "p95 of the bare page, ms": 1000 * p95["bare"],
            "times the bare page's": p95["here"] / p95["bare"],
        },
        "the run": {
            "steps a second, alone": statistics.median(speeds["alone"]),
            "steps a second, watched": statistics.median(speeds["watched"]),
            "% of its speed": 100 * statistics.median(speeds["watched"]) / statistics.median(speeds["alone"]),
        },
    }


def main() -> None:
    """Print a table, and JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--viewers", type=int, default=100, metavar="N", help="who watch (100)")
    parser.add_argument("--seconds", type=float, default=20.0, metavar="S", help="of each measurement (20)")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="of all measurements, in turns (3)")
    parser.add_argument("--json", metavar="FILE", help="- for standard output")
    options = parser.parse_args()
    show(measure(options.viewers, options.seconds, options.rounds), options.json)


if __name__ == "__main__":
    main()
