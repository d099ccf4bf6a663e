"""What all benchmarks share: their options, medians, the machine they ran on, and how they are shown."""

from __future__ import annotations

import argparse
import json
import platform
import socket
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def read_options(about: str | None) -> argparse.Namespace:
    """Return `repeats`, `threads` and `json` as the command line says.

    Args:
        about: docstring of the benchmark, for its help.
    """
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7, metavar="N", help="runs whose median is taken (7)")
    parser.add_argument("--threads", type=int, default=2, metavar="N", help="threads of torch (2)")
    parser.add_argument("--json", metavar="FILE", help="- for standard output")
    return parser.parse_args()


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def median(measure: Callable[[int], dict[str, float]], repeats: int) -> dict[str, float]:
    """Return the median of each figure over `repeats` runs, after one that does not count.

    Args:
        measure: takes the number of the run.
    """
    measure(0)
    rows = [measure(number) for number in range(repeats)]
    return {name: statistics.median(row[name] for row in rows) for name in rows[0]}


def machine(threads: int) -> dict[str, Any]:
    """Return what the figures depend on besides the code."""
    import torch

    return {
        "processor": platform.processor() or platform.machine(),
        "threads": threads,
        "torch": torch.__version__,
        "python": platform.python_version(),
    }


def show(report: dict[str, dict[str, Any]], json_file: str | None) -> None:
    """Print a report as a table, and write it as JSON where asked.

    Args:
        report: figures by name of what was measured.
        json_file: "-" for standard output; the table goes to standard error then.
    """
    stream = sys.stderr if json_file == "-" else sys.stdout
    for name, figures in report.items():
        for figure, value in figures.items():
            shown = f"{value:,.1f}" if isinstance(value, float) else value
            print(f"{name:<30} {figure:<20} {shown:>16}", file=stream)
    if json_file == "-":
        print(json.dumps(report, indent=2))
    elif json_file:
        Path(json_file).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
