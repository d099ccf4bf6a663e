"""What visitors and programs do with runs: start them, and pause, resume, step, stop, rename and delete their own."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from typing import Any

from genai_demo.engine.modality import Modality
from genai_demo.engine.runs import control as runs_control
from genai_demo.engine.runs import trash, waiting
from genai_demo.engine.runs.access import check_may_control, is_presenter
from genai_demo.engine.runs.limits import limits
from genai_demo.engine.runs.record import owner_of, words_of
from genai_demo.engine.runs.registry import Run, all_runs, find
from genai_demo.errors import UserError
from genai_demo.modalities import modalities
from genai_demo.settings import settings
from genai_demo.ui.training import in_use
from genai_demo.ui.training.choosing import data_title, options_of
from genai_demo.ui.training.telling import OWNER_DIGITS

ACTIONS = ("pause", "resume", "step", "slow", "change", "stop", "rename", "delete", "undo")
"""what can be done with a run"""


def runs() -> list[Run]:
    """Return all runs."""
    return all_runs()


def known_modality(name: str) -> Modality:
    """Return the modality of that name.

    Raises:
        UserError: there is none.
    """
    if name not in modalities():
        raise UserError("engine.not_one_of", name="modality", value=name[:40], allowed=", ".join(modalities()))
    return modalities()[name]


def who(token: str, key: str) -> dict[str, Any]:
    """Return what a browser is told of its visitor: "me", as runs name who started them, and "presenter"."""
    return {"me": owner_of(token)[:OWNER_DIGITS], "presenter": bool(key) and is_presenter(key)}


def command(modality: Modality, form: Mapping[str, Any]) -> str:
    """Return the command that a choice is.

    Raises:
        UserError: something is not allowed.
    """
    return shlex.join([*words_of(modality.name, options_of(modality, form)), "--run", f"{settings().runs}/…"])


def check_upload(count: int) -> None:
    """Raise `UserError` unless a file of so many bytes may be given to learn from."""
    if count > limits().upload_bytes:
        raise UserError("training.upload_too_large", most=f"{limits().upload_bytes / 10**6:.0f}")


def start(modality: Modality, form: Mapping[str, Any], token: str, key: str) -> Run:
    """Put a run on the waiting list and return it.

    Args:
        modality: what is trained.
        form: see `options_of`; "title" says what to call it.
        token: of the visitor.
        key: the presenter's, if this is the presenter.

    Raises:
        UserError: something is not allowed, or there are runs enough.
    """
    title = str(form.get("title") or "").strip()
    return waiting.start(modality.name, options_of(modality, form), title, data_title(form), token, key)


def control(form: Mapping[str, Any], token: str, key: str) -> dict[str, Any]:
    """Do something with a run, and return its "state", and the "ticket" that undoes a deletion.

    Args:
        form: "name" of the run and "action", one of `ACTIONS`; "count" and "phase" of steps, "seconds" to wait before
            each step, "values" of hyper-parameters by name, a "title", or a "ticket".
        token: of the visitor.
        key: the presenter's, if this is the presenter.

    Raises:
        UserError: there is no such run, it is somebody else's, or it cannot be done with it now.
    """
    name, action = str(form.get("name", "")), str(form.get("action", ""))
    if action not in ACTIONS:
        raise UserError("engine.not_one_of", name="action", value=action[:40], allowed=", ".join(ACTIONS))
    if action == "undo":
        run = trash.undo(str(form.get("ticket", "")))
        return {"name": run.name, "state": run.state}
    check_may_control(find(name), token, key)
    if action == "delete":
        return {"name": name, "state": "deleted", "ticket": trash.delete(name)}
    does: dict[str, Callable[[], Run]] = {
        "pause": lambda: runs_control.pause(name),
        "resume": lambda: runs_control.resume(name),
        "step": lambda: runs_control.step(name, _whole(form.get("count", 1)), form.get("phase") or None),
        "slow": lambda: runs_control.slow(name, _number(form.get("seconds", 0))),
        "change": lambda: runs_control.change(name, _numbers(form.get("values"))),
        "stop": lambda: runs_control.stop(name),
        "rename": lambda: runs_control.rename(name, str(form.get("title", ""))),
    }
    run = does[action]()
    return {"name": run.name, "state": run.state}


def use_for_everybody(form: Mapping[str, Any], token: str, key: str) -> None:
    """Let a run's snapshot be a model of everybody, or, without a run, go back to the models that ship.

    Args:
        form: "modality", "name" of the run or nothing, and "step" of the snapshot or nothing for the best one.
        token: of the visitor, which does not suffice.
        key: the presenter's.

    Raises:
        UserError: this is not the presenter, or there is no such snapshot.
    """
    if not is_presenter(key):
        raise UserError("runs.not_the_presenter")
    step = form.get("step")
    whole = step if isinstance(step, int) and not isinstance(step, bool) and step >= 0 else None
    in_use.choose_for_everybody(known_modality(str(form.get("modality", ""))).name, str(form.get("name", "")), whole)


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise UserError("engine.out_of_range_whole", name="count", value=str(value)[:40], low=1, high=1000)
    return value


def _number(value: Any) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise UserError("engine.out_of_range", name="seconds", value=str(value)[:40], low=0, high=60)
    return float(value)


def _numbers(values: Any) -> dict[str, float]:
    if not isinstance(values, dict):
        raise UserError("ui.bad_request")
    return {str(name): _number_of(value) for name, value in values.items()}


def _number_of(value: Any) -> Any:
    """Return what was typed as a number; what is none is left for `change` to refuse."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return value
