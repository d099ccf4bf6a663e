"""A run and the list of all runs, as the page and programs are told of them."""

from __future__ import annotations

from typing import Any

from genai_demo.engine.models.checkpoint import CONFIG
from genai_demo.engine.runs.registry import Run, all_runs
from genai_demo.engine.training.run import RunFolder
from genai_demo.modalities import modalities
from genai_demo.ui.training.offer import named
from genai_demo.ui.training.watching import Watched, Watchers

OWNER_DIGITS = 16
"""of the hash of who started a run; enough for a browser to know its own"""


def runs_told(watchers: Watchers, modality: str, language: str) -> list[dict[str, Any]]:
    """Return the runs of a modality, or all where it is empty, as `all_runs` orders them.

    Args:
        watchers: knows what was read of them before.
        modality: name.
        language: of the names of families and of why a run failed.
    """
    chosen = [run for run in all_runs() if not modality or run.modality == modality]
    return [
        _in_short(run, language) | {"sample": watchers.watched(RunFolder(run.folder)).newest_sample()} for run in chosen
    ]


def run_told(run: Run, watched: Watched, since: str, language: str) -> dict[str, Any]:
    """Return all that is told of one run.

    Args:
        run: as it stands.
        watched: its figures, which are read on.
        since: see `Watched.since`.
        language: as above.
    """
    watched.read()
    status = watched.run.read_status()
    last = watched.last
    items = status.get("items") or {}
    told = items.get("told") or {}
    best = run.best
    figure = f"validation_{best.name}" if best else ""
    return _in_short(run, language) | {
        "doing": run.doing,
        "command": run.command,
        "message": run.told(language),
        "speed": last.get("examples_per_second"),
        "memory": last.get("memory_mb"),
        "device": status.get("device"),
        "figure": figure if figure in last else "",
        "items": [told[language], *(items.get("warnings") or {}).get(language, [])] if language in told else [],
        "live": run.live,
        "phases": run.phases,
        "snapshots": [step for step, folder in watched.run.snapshots().items() if (folder / CONFIG).is_file()],
        "samples": watched.samples(),
        "curves": watched.since(since),
    }


def _in_short(run: Run, language: str) -> dict[str, Any]:
    best = run.best
    return {
        "name": run.name,
        "title": run.title,
        "modality": run.modality,
        "family": run.family,
        "label": named(f"family_{run.modality}_{run.family}", language, run.family),
        "data": named(f"data_{run.data}", language, run.data),
        "state": run.state,
        "place": run.place,
        "step": run.step,
        "fraction": run.fraction,
        "seconds": run.seconds,
        "left": run.seconds_left,
        "created": run.created,
        "best": {"figure": f"validation_{best.name}", "value": best.value, "step": best.step} if best else None,
        "owner": run.owner[:OWNER_DIGITS],
        "known": bool(run.command),
    }


def forms_of(modality: str) -> dict[str, list[str]]:
    """Return what a modality's samples can be shown as, by their endings: {"mid": ["png", "mp3"]}."""
    found: dict[str, list[str]] = {}
    for name in modalities()[modality].previews if modality in modalities() else ():
        before, _, after = name.partition(".")
        found.setdefault(before, []).append(after)
    return found
