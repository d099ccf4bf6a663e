"""Training for programs: start runs, list them, watch one, control one's own."""

from __future__ import annotations

from typing import Any

from genai_demo.engine.runs.limits import limits
from genai_demo.engine.runs.registry import find
from genai_demo.engine.training.config import PRESETS
from genai_demo.engine.training.run import RunFolder
from genai_demo.modalities import modalities
from genai_demo.ui.api import offer, ruled
from genai_demo.ui.training import acting
from genai_demo.ui.training.choosing import preset as preset_values
from genai_demo.ui.training.choosing import trainable
from genai_demo.ui.training.telling import run_told, runs_told
from genai_demo.ui.training.watching import Watchers

_WATCHERS = Watchers()
"""what programs were told of each run"""


def start_run(
    modality: str = "text",
    family: str = "gru",
    data: str = "",
    upload: str = "",
    preset: str = "first_look",
    settings: dict[str, Any] | None = None,
    start: str = "",
    title: str = "",
    token: str = "",
    key: str = "",
) -> dict[str, Any]:
    """Put a training run on the waiting list; it starts when its turn comes.

    Args:
        modality: what is trained: text, faces, music.
        family: which network.
        data: name of a data set that is here, "run:NAME" for that of an earlier run, or "hub:OWNER/NAME" for one of the
            Hugging Face Hub.
        upload: instead of it, the "id" that POST /training/upload?modality=text&name=news.csv gave for a file.
        preset: first_look, lecture or as_shipped.
        settings: what differs from the preset, by name; sizes of the network as "size.hidden".
        start: empty for scratch, "shipped", or "run:NAME" or "run:NAME:STEP".
        title: what to call it.
        token: any word that only you know; with it you can control the run.
        key: the presenter's, if you have it.

    Returns:
        The "name" of the run, its "place" in the waiting list, and the "command" that trains the same.
    """
    known = acting.known_modality(modality)
    values = preset_values(trainable(known, family), preset, bool(start)) | (settings or {})
    form = {"family": family, "data": data, "upload": upload, "start": start, "title": title, "values": values}
    run = acting.start(known, form, token, key)
    return {"name": run.name, "place": run.place, "command": run.command}


def runs(modality: str = "") -> list[dict[str, Any]]:
    """List all training runs: those at work first, then those that wait, then the others, newest first.

    Args:
        modality: text, faces or music; empty for all.

    Returns:
        One object per run: "name", "title", "family", "state", "fraction", "left" (seconds), "best" and so on.
    """
    return runs_told(_WATCHERS, modality, "en")


def run(name: str, since: str = "") -> dict[str, Any]:
    """Tell how a training run stands, with its figures from a place on, and its samples.

    Args:
        name: of the run.
        since: "next" of the "curves" of an earlier answer; empty for the whole history, thinned.

    Returns:
        All that `runs` tells, and "curves" with "rows" of figures and "verdicts" of a discriminator, "samples" by step,
        "command" and more. A sample lies at /training/sample?run=NAME&step=STEP&file=FILE.
    """
    found = find(name)
    return run_told(found, _WATCHERS.watched(RunFolder(found.folder)), since, "en")


def control_run(
    name: str,
    action: str = "pause",
    token: str = "",
    key: str = "",
    count: int = 1,
    phase: str = "",
    seconds: float = 0.0,
    title: str = "",
    ticket: str = "",
) -> dict[str, Any]:
    """Pause, resume, step, slow down, stop, rename or delete a training run of one's own.

    Args:
        name: of the run.
        action: pause, resume, step, slow, stop, rename, delete or undo.
        token: that the run was started with.
        key: the presenter's, if you have it.
        count: steps to take.
        phase: the only phase of them to take, such as discriminator; empty for all.
        seconds: to wait before each step, for slow.
        title: for rename.
        ticket: for undo: what delete returned.

    Returns:
        The "name" and "state" of the run, and the "ticket" that undoes a deletion.
    """
    given = {"name": name, "action": action, "count": count, "phase": phase}
    return acting.control(given | {"seconds": seconds, "title": title, "ticket": ticket}, token, key)


def register() -> None:
    """Offer the endpoints in the Blocks being built, unless training is off."""
    if limits().training == "off":
        return
    ruled(start_run, modality=", ".join(modalities()), preset=", ".join(PRESETS))
    ruled(control_run, action=", ".join(acting.ACTIONS), count="1 to 1000", seconds="0 to 60")
    offer({"queue": False}, start_run, runs, run, control_run)
