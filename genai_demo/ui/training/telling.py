"""A run and the list of all runs, as the page and programs are told of them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genai_demo.catalogue import message
from genai_demo.engine.diagnosis.diagnosis import Diagnosis
from genai_demo.engine.models.checkpoint import CONFIG, read_checkpoint
from genai_demo.engine.models.timeline import read_timeline
from genai_demo.engine.runs.registry import Run, all_runs, find
from genai_demo.engine.training.run import RunFolder
from genai_demo.modalities import modalities
from genai_demo.settings import settings
from genai_demo.ui.training.choosing import SIZE
from genai_demo.ui.training.offer import named
from genai_demo.ui.training.watching import Watched, Watchers

_MOST_MARKS = 100
"""of what was done to a run that is told"""
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
        "live": [_live(run, name, value, language) for name, value in run.live.items()],
        "marks": [_mark(run, mark, language) for mark in watched.marks[-_MOST_MARKS:]],
        "diagnosis": [_diagnosed(one, language) for one in watched.diagnosis()],
        "use": _uses(run),
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


def _live(run: Run, name: str, value: Mapping[str, float], language: str) -> dict[str, Any]:
    """Return a hyper-parameter that can be changed while the run goes on, with its name on the page."""
    return {"name": name, "label": _named(run, name, language), **value}


def _named(run: Run, name: str, language: str) -> str:
    keys = [f"field_{run.modality}_{run.family}_{name}", f"field_{name}"]
    return next((found for key in keys if (found := named(key, language, ""))), name.replace("_", " "))


def _mark(run: Run, mark: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Return what was done to a run in its midst: its "step", and "told" in words."""
    if "only" in mark:
        phase = named(f"page_phase_{mark['only']}", language, str(mark["only"]))
        return {"step": mark["step"], "told": message("training.mark_only", language, step=mark["step"], phase=phase)}
    values = {"name": _named(run, str(mark["name"]), language), "before": mark["before"], "after": mark["after"]}
    return {"step": mark["step"], "told": message("training.mark_changed", language, step=mark["step"], **values)}


def _diagnosed(found: Diagnosis, language: str) -> dict[str, Any]:
    """Return what goes wrong, what shows it, what to try, and the setting that this means."""
    change = found.change
    return {
        "told": [found.seen(language), found.evidence(language), found.remedy(language)],
        "change": {(SIZE if change.place == "model" else "") + change.name: change.value},
    }


def _uses(run: Run) -> list[str]:
    """Return the commands that use a run's best snapshot; none before there is one."""
    modality = modalities().get(run.modality)
    if modality is None or not (run.folder / "snapshots" / "last").is_file():
        return []
    start, folder = "python -m genai_demo", shlex.quote(str(run.folder))
    makes = [f"{start} generate {run.modality} --model {folder} --out out"]
    exports = [f"{start} export {run.modality} --run {folder} --to {shlex.quote(f'checkpoints/{run.name}')}"]
    return (makes if run.family in modality.service.registry.names else []) + exports


SHIPPED = "shipped:"
"""what a checkpoint that ships is called where samples are asked for, before the name of its folder"""


def timelines_told(modality: str, language: str) -> list[dict[str, Any]]:
    """Return the timelines of a modality's checkpoints that ship: "name", "label", "told" and "samples"."""
    known = modalities()[modality]
    names = dict.fromkeys([*known.service.registry.names.values(), *(one.shipped for one in known.trainable.values())])
    found = []
    for name in filter(None, names):
        folder = settings().checkpoints / name
        timeline = read_timeline(folder)
        if timeline is None:
            continue
        key = "timeline_own" if timeline.own else "timeline_other"
        data = named(f"data_{timeline.data}", language, timeline.data)
        values = {"minutes": f"{round(timeline.minutes, 1):g}", "examples": f"{timeline.examples:,}", "data": data}
        samples = [
            {"step": step, "files": [one.name for one in files], "version": int(files[0].stat().st_mtime)}
            for step, files in timeline.samples.items()
            if files
        ]
        label = named(f"family_{modality}_{read_checkpoint(folder).family}", language, name)
        found.append(
            {
                "name": SHIPPED + name,
                "label": f"{label} ({name})",
                "samples": samples,
                "told": message(f"training.{key}", language, **values),
            }
        )
    return found


def samples_of(name: str) -> tuple[str, str, dict[int, list[Path]]]:
    """Return the title and modality of a run, or of a checkpoint that ships, and the files of its samples by step.

    Args:
        name: of the run, or `SHIPPED` and that of the checkpoint.

    Raises:
        UserError: there is neither.
    """
    if name.startswith(SHIPPED):
        folder = name.removeprefix(SHIPPED)
        for modality in modalities().values():
            shipped = {*modality.service.registry.names.values(), *(one.shipped for one in modality.trainable.values())}
            timeline = read_timeline(settings().checkpoints / folder) if folder and folder in shipped else None
            if timeline is not None:
                return folder, modality.name, timeline.samples
    run = find(name)
    return run.title, run.modality, RunFolder(run.folder).samples()


def forms_of(modality: str) -> dict[str, list[str]]:
    """Return what a modality's samples can be shown as, by their endings: {"mid": ["png", "mp3"]}."""
    found: dict[str, list[str]] = {}
    for name in modalities()[modality].previews if modality in modalities() else ():
        before, _, after = name.partition(".")
        found.setdefault(before, []).append(after)
    return found
