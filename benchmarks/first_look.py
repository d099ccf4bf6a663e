"""When learning shows: `python -m benchmarks.first_look [--families faces/vae ...] [--seconds S] [--threads N]`.

Each family trains with the preset "first look" on data that are made here, one after another, at normal priority. Told
are the seconds of training until the figure by which its snapshots are compared was first better than that of the first
snapshot by a tenth, the same from the start of the process, which loads libraries and makes its data first, the figure
at first and at the end, and how many moments the time machine has by then.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

from benchmarks.reporting import machine, show
from genai_demo.engine.runs.record import words_of
from genai_demo.engine.training.run import RunFolder
from genai_demo.engine.training.start import launch
from genai_demo.modalities import modalities
from genai_demo.ui.training.choosing import SIZE, options_of

_BETTER = 0.1
_LOSSES = ("loss", "generator_loss")


def look(modality: str, family: str, seconds: float, threads: int) -> dict[str, Any]:
    """Return what is seen of a family's first look within some seconds of training.

    Raises:
        RuntimeError: the run ended early, with what it said.
    """
    known = modalities()[modality]
    values = dict(known.trainable[family].presets["first_look"])
    sizes = {f"{SIZE}{name}": value for name, value in values.pop("size", {}).items()}
    data = next(iter(known.trainable[family].data))
    options = options_of(known, {"family": family, "data": data, "start": "", "values": values | sizes})
    with tempfile.TemporaryDirectory() as temporary:
        run = RunFolder(Path(temporary) / "run")
        words = words_of(modality, options | {"run": run.path})
        begun, waited = time.monotonic(), math.nan
        process = launch(run, words, {"OMP_NUM_THREADS": str(threads), "GENAI_DEMO_DEVICE": "cpu"})
        try:
            while process.poll() is None and run.read_status().get("seconds", 0) < seconds:
                lines = run.read_stats()
                if math.isnan(waited) and _better(_seen(run, lines)) is not None:
                    waited = time.monotonic() - begun
                if lines and lines[-1]["seconds"] >= seconds:
                    break
                time.sleep(0.5)
        finally:
            process.terminate()
            process.wait()
        lines = [line for line in run.read_stats() if line["seconds"] <= seconds]
        if not lines:
            raise RuntimeError((run.path / "log.txt").read_text(encoding="utf-8"))
        seen = _seen(run, lines)
        better = _better(seen)
        return {
            "figure": _figure(run, lines),
            "at first": seen[0][1],
            "at the end": seen[-1][1],
            "seconds of training until a tenth better": math.nan if better is None else better,
            "seconds from its start": waited,
            "moments": len(run.samples()),
        }


def _figure(run: RunFolder, lines: list[dict[str, Any]]) -> str:
    best = (run.read_status().get("best") or {}).get("name")
    return f"validation_{best}" if best else next(name for name in _LOSSES if name in lines[-1])


def _seen(run: RunFolder, lines: list[dict[str, Any]]) -> list[tuple[float, float]]:
    """Return seconds and values of the figure that a family is compared by."""
    figure = _figure(run, lines) if lines else ""
    return [(line["seconds"], line[figure]) for line in lines if figure in line]


def _better(seen: list[tuple[float, float]]) -> float | None:
    """Return when the figure was first a tenth better than at first."""
    return next((at for at, value in seen if value < seen[0][1] - _BETTER * abs(seen[0][1])), None)


def measure(seconds: float, families: Collection[str], threads: int) -> dict[str, dict[str, Any]]:
    """Return what is seen of each family, or of those that are named; each is told at once as well."""
    names = [(modality, family) for modality, known in modalities().items() for family in known.trainable]
    chosen = [one for one in names if not families or "/".join(one) in families]
    report: dict[str, dict[str, Any]] = {}
    for modality, family in chosen:
        name = f"{modality}, {family}"
        report[name] = look(modality, family, seconds, threads)
        print(json.dumps({name: report[name]}), file=sys.stderr, flush=True)
    return report


def main() -> None:
    """Print a table, and JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--families", nargs="*", default=[], metavar="NAME", help="such as faces/vae (all)")
    parser.add_argument("--seconds", type=float, default=60.0, metavar="S", help="of training (60)")
    parser.add_argument("--threads", type=int, default=2, metavar="N", help="threads of torch (2)")
    parser.add_argument("--json", metavar="FILE", help="- for standard output")
    options = parser.parse_args()
    found = measure(options.seconds, options.families, options.threads)
    show({"machine": machine(options.threads)} | found, options.json)


if __name__ == "__main__":
    main()
