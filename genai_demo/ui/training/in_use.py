"""Which snapshots of runs stand in for the models that ship: for one visitor, or, as the presenter chose, for all.

A visitor is a session of the page. What the presenter chose counts for a session from when its page has said so, lest a
model change behind somebody's back; so programs, which are told nothing, get what ships.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradio.context import LocalContext

from genai_demo.engine.files import write_json
from genai_demo.engine.models.checkpoint import read_checkpoint
from genai_demo.engine.runs.archive import snapshot_folder
from genai_demo.engine.runs.registry import find, runs_folder
from genai_demo.errors import UserError
from genai_demo.modalities import modalities

_FILE = ".in_use.json"
"""in the folder of the runs: by modality and model, the run and step that the presenter chose"""
_MOST_SESSIONS = 4096
_SNAPSHOTS = "snapshots"


@dataclass(frozen=True)
class Choice:
    """A snapshot in the place of a model that ships."""

    run: str
    """name of its folder"""
    step: int
    everybody: bool = False
    """whether it is the presenter's choice for all"""

    @property
    def folder(self) -> Path:
        """The snapshot's folder.

        Raises:
            UserError: the run or the snapshot is gone.
        """
        return snapshot_folder(find(self.run), self.step)


Choices = dict[str, Choice]
"""by the short name of the model that each stands in for"""
_SESSIONS: OrderedDict[str, dict[tuple[str, str], Choice | None]] = OrderedDict()
"""by session, modality and model; None where the visitor went back to what ships"""
_LOCK = threading.Lock()


def choose(modality: str, run: str, step: int | None = None) -> tuple[str, Choice]:
    """Let a snapshot be a model of the visitor who asks, and return which model, and the snapshot.

    Args:
        modality: of the tab.
        run: name of the run.
        step: of the snapshot; None for the best one.

    Raises:
        UserError: there is no such snapshot, or it does nothing that the tab's models do.
    """
    kind, choice = snapshot_of(modality, run, step)
    with _LOCK:
        _mine()[modality, kind] = choice
    return kind, choice


def snapshot_of(modality: str, run: str, step: int | None = None) -> tuple[str, Choice]:
    """Return which model a snapshot can stand in for, and the snapshot; see `choose`."""
    found = find(run)
    registry = modalities()[modality].service.registry
    allowed = ", ".join(registry.names)
    if found.modality not in ("", modality):
        raise UserError("engine.not_one_of", name="model", value=found.family, allowed=allowed)
    folder = snapshot_folder(found, step)
    choice = Choice(found.name, int(folder.name))
    kind = registry.kind(read_checkpoint(folder))
    if kind not in registry.names:
        raise UserError("engine.not_one_of", name="model", value=kind, allowed=allowed)
    return kind, choice


def leave(modality: str) -> None:
    """Let the visitor who asks go back to the models of a tab that ship."""
    with _LOCK:
        mine = _mine()
        mine.update(dict.fromkeys(((modality, kind) for kind in modalities()[modality].service.registry.names), None))


def follow(modality: str, model: str) -> None:
    """Let the visitor who asks go on with the model of a receipt that was opened: a run's snapshot, or what ships."""
    if is_snapshot(model):
        folder = Path(model)
        choose(modality, folder.parent.parent.name, int(folder.name))
    else:
        leave(modality)


def choose_for_everybody(modality: str, run: str, step: int | None = None) -> None:
    """Let a snapshot be a model of everybody; an empty `run` goes back to the models that ship.

    Raises:
        UserError: as in `choose`, or the choice cannot be written down.
    """
    made = snapshot_of(modality, run, step) if run else None
    with _LOCK:
        known = _everybodys()
        if made is None:
            known.pop(modality, None)
        else:
            kind, choice = made
            known.setdefault(modality, {})[kind] = {"run": choice.run, "step": choice.step}
        file = runs_folder() / _FILE
        try:
            write_json(file, known)
        except OSError as error:
            raise UserError("engine.cannot_write", file=file, reason=error.strerror) from error
        # Whoever chooses for all wants to see it, too.
        for one in [key for key, before in _mine().items() if key[0] == modality and before is None]:
            del _mine()[one]


def tell(modality: str) -> Choices:
    """Return what stands in for which model of a tab, which from now on counts for the visitor who asks."""
    with _LOCK:
        mine, everybodys = _mine(), _choices(_everybodys().get(modality))
        for kind in modalities()[modality].service.registry.names:
            key, known = (modality, kind), mine.get((modality, kind))
            if (known is None and key in mine) or (known is not None and not known.everybody and _is_there(known)):
                continue  # the visitor's own choice
            mine.pop(key, None)
            if kind in everybodys:
                mine[key] = everybodys[kind]
        return {kind: choice for (room, kind), choice in mine.items() if room == modality and choice is not None}


def model_in_use(modality: str, kind: str) -> str | None:
    """Return the folder of what stands in for a model, for the visitor who asks; None for what ships.

    Raises:
        UserError: it is gone.
    """
    with _LOCK:
        choice = _mine().get((modality, kind))
    return None if choice is None else str(choice.folder)


def version(modality: str) -> str:
    """Return what changes whenever the presenter chooses something else for a tab; "" where nothing is chosen."""
    chosen = {kind: (one.run, one.step) for kind, one in _choices(_everybodys().get(modality)).items()}
    return hashlib.sha256(json.dumps(chosen, sort_keys=True).encode()).hexdigest()[:12] if chosen else ""


def is_snapshot(model: str) -> bool:
    """Return whether a receipt's model is a snapshot of a run that is here, and so may be made again."""
    path = Path(model)
    if path.parent.name != _SNAPSHOTS or not path.name.isdecimal() or len(path.parents) < 2:
        return False
    try:
        folder = Choice(path.parent.parent.name, int(path.name)).folder
    except UserError:
        return False
    return str(folder) == model


def _mine() -> dict[tuple[str, str], Choice | None]:
    """Return what the visitor who asks chose and was told; nothing is kept of who has no session."""
    session = getattr(LocalContext.request.get(None), "session_hash", None)
    if not session:
        return {}
    mine = _SESSIONS.setdefault(str(session), {})
    _SESSIONS.move_to_end(str(session))
    while len(_SESSIONS) > _MOST_SESSIONS:
        _SESSIONS.popitem(last=False)
    return mine


def _everybodys() -> dict[str, dict[str, Any]]:
    try:
        known = json.loads((runs_folder() / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}


def _choices(written: Any) -> Choices:
    """Return what was written down of one modality, as far as it is still there."""
    found: Choices = {}
    for kind, one in written.items() if isinstance(written, Mapping) else ():
        if isinstance(one, Mapping) and isinstance(one.get("run"), str) and isinstance(one.get("step"), int):
            choice = Choice(one["run"], one["step"], everybody=True)
            if _is_there(choice):
                found[kind] = choice
    return found


def _is_there(choice: Choice) -> bool:
    try:
        return choice.folder.is_dir()
    except UserError:
        return False
