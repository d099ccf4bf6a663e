"""What `evaluate` returns, prints with `--json` and makes cards from: plain data, the same keys for every modality.

model, checkpoint, family, code     what was measured, and by which version of this program
data                                what it was measured on; None where that was nothing
figures                             fields of a `Figure` by name
settings                            how what was measured came about
notes                               what could not be measured, or should be known when the figures are read
samples                             the first results, none left out
seconds                             that the evaluation took
...                                 what only one modality has
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from genai_demo import __version__
from genai_demo.engine.evaluation.figure import Figure, Figures
from genai_demo.engine.models.checkpoint import Checkpoint

Report = dict[str, Any]


def make_report(
    model: str,
    checkpoint: Checkpoint,
    data: dict[str, Any] | None,
    figures: Figures,
    started: float,
    settings: Mapping[str, Any] | None = None,
    notes: Sequence[str] = (),
    samples: Sequence[Mapping[str, Any]] = (),
) -> Report:
    """Return a report.

    Args:
        model: name of the checkpoint, or its folder, of which the last part is kept.
        checkpoint: what was measured.
        data: what it was measured on.
        figures: by name.
        started: when the evaluation did, by `time.perf_counter`.
        settings: how what was measured came about.
        notes: sentences.
        samples: the first results.
    """
    return {
        "model": Path(model).name,
        "checkpoint": checkpoint.id,
        "family": checkpoint.family,
        "code": __version__,
        "data": data,
        "figures": {name: _rounded(asdict(figure)) for name, figure in figures.items()},
        "settings": dict(settings or {}),
        "notes": list(notes),
        "samples": list(samples),
        "seconds": round(time.perf_counter() - started, 1),
    }


def _rounded(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: round(value, 6) if isinstance(value, float) else value for key, value in fields.items()}


def figures_of(report: Report) -> Figures:
    """Return the figures of a report by name."""
    return {name: Figure(**figure) for name, figure in report["figures"].items()}


def source_name(path: str) -> str:
    """Return what data go by in a report: a file's name without its folder, or an id on the Hugging Face hub."""
    return Path(path).name if Path(path).exists() else path


def report_text(report: Report, where: str, *parts: str) -> str:
    """Return a report as lines for a terminal.

    Args:
        report: what was found.
        where: what it was measured on.
        parts: its figures; empty ones are left out.
    """
    head = f"{report['model']} ({report['family']}, checkpoint {report['checkpoint']}), {where}"
    return "\n\n".join(filter(None, [head, *parts, "\n".join(report["notes"])]))
