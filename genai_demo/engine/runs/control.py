"""What a run is told while it trains: `control.json` in its folder, which the loop looks at in every step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from genai_demo.engine.generation.checks import check_number, check_one_of, check_whole
from genai_demo.engine.runs.access import is_presenter
from genai_demo.engine.runs.limits import check_resume
from genai_demo.engine.runs.orders import Orders, Steps, changing, read_orders, write_orders
from genai_demo.engine.runs.record import read_record, write_record
from genai_demo.engine.runs.registry import AT_WORK, Run, find
from genai_demo.engine.runs.waiting import checked_title, leave, wait_again
from genai_demo.engine.training.run import RunFolder
from genai_demo.errors import UserError

MOST_STEPS = 1000
"""single steps of one order"""
SLOWEST = 60.0
"""seconds before each step"""
_KEPT = 100
"""orders of steps that are kept, the newest"""


def pause(name: str, root: Path | None = None) -> Run:
    """Let a run pause after its present step; that costs nothing of its budget.

    Raises:
        UserError: there is no such run, or it is not at work.
    """
    run = _at_work(name, root)
    _tell(run, lambda orders: replace(orders, paused=True, steps=()))
    return run


def resume(name: str, root: Path | None = None, key: str = "") -> Run:
    """Let a paused run go on; put one that was stopped, failed or lost on the waiting list, to go on from its state.

    Args:
        name: of the run.
        root: folder of the runs; None for that of the settings.
        key: the presenter's, for whom there are no limits.

    Raises:
        UserError: there is no such run, it is at work already or is finished, nobody knows its command, or whoever
            started it has runs enough.
    """
    run = find(name, root)
    if run.state in ("running", "preparing", "waiting"):
        raise UserError("runs.at_work", title=run.title)
    if run.state == "finished":
        raise UserError("runs.finished", title=run.title)
    if run.state != "paused" and not run.command:
        raise UserError("runs.no_command", name=run.name)
    if run.state != "paused":
        check_resume(run, key, root)
    _tell(run, lambda orders: replace(orders, paused=False, steps=()))
    if run.state != "paused":
        wait_again(run.folder, unlimited=is_presenter(key))
    return find(name, root)


def step(name: str, count: int = 1, phase: str | None = None, root: Path | None = None) -> Run:
    """Let a run take single steps, and pause.

    Args:
        name: of the run; it pauses first if it is running.
        count: 1 to 1000.
        phase: the only phase of each step to take, such as "discriminator"; None for all of them. The run's history
            tells of it.
        root: folder of the runs; None for that of the settings.

    Raises:
        UserError: there is no such run, it is not at work, or it has no such phase.
    """
    check_whole("count", count, 1, MOST_STEPS)
    run = _at_work(name, root)
    if phase is not None:
        check_one_of("phase", phase, run.phases)

    def order(orders: Orders) -> Orders:
        steps = (*orders.steps, Steps(orders.number + 1, count, phase)) if orders.paused else ()
        steps = steps or (Steps(orders.number + 1, count, phase),)
        return replace(orders, paused=True, steps=steps[-_KEPT:], number=orders.number + 1)

    _tell(run, order)
    return run


def slow(name: str, seconds: float, root: Path | None = None) -> Run:
    """Let a run wait before each step, 0 to 60 seconds; that costs nothing of its budget.

    Raises:
        UserError: there is no such run, it is not at work, or `seconds` is not allowed.
    """
    check_number("seconds", seconds, 0, SLOWEST)
    run = _at_work(name, root)
    _tell(run, lambda orders: replace(orders, seconds=float(seconds)))
    return run


def change(name: str, values: Mapping[str, float], root: Path | None = None) -> Run:
    """Change hyper-parameters of a run in its midst; its history tells of it, as {"marks": [...]} of the next line.

    Args:
        name: of the run.
        values: by name, see `Run.live`.
        root: folder of the runs; None for that of the settings.

    Raises:
        UserError: there is no such run, it is not at work, or a value is not allowed.
    """
    run = _at_work(name, root)
    for field, value in values.items():
        if field not in run.live:
            raise UserError("runs.not_live", name=field, allowed=", ".join(run.live) or "-")
        check_number(field, value, run.live[field]["low"], run.live[field]["high"])
    _tell(run, lambda orders: replace(orders, values=orders.values | {key: float(one) for key, one in values.items()}))
    return run


def stop(name: str, root: Path | None = None) -> Run:
    """Let a run end after its present step with its state saved, or take it off the waiting list.

    Raises:
        UserError: there is no such run, or it is neither waiting nor at work.
    """
    run, folder = find(name, root), RunFolder(find(name, root).folder)
    if run.state == "waiting":
        leave(run.folder)
        folder.write_status("stopped", **folder.stood())
    elif run.state in AT_WORK:
        with folder.writing():
            folder.stop_file.touch()
        if run.state == "preparing":
            _end(folder)
    else:
        raise UserError("runs.not_at_work", title=run.title)
    return find(name, root)


def rename(name: str, title: str, root: Path | None = None) -> Run:
    """Call a run otherwise; its folder keeps its name.

    Raises:
        UserError: there is no such run, or the title is empty or longer than 80 characters.
    """
    run, title = find(name, root), checked_title(title)
    with changing(run.folder):
        write_record(run.folder, replace(read_record(run.folder), title=title))
    return find(name, root)


def _at_work(name: str, root: Path | None) -> Run:
    run = find(name, root)
    if run.state not in AT_WORK:
        raise UserError("runs.not_at_work", title=run.title)
    return run


def _tell(run: Run, change: Callable[[Orders], Orders]) -> None:
    with changing(run.folder):
        write_orders(run.folder, change(read_orders(run.folder) or Orders()))


def _end(folder: RunFolder) -> None:
    """End a process of this machine that is still reading its data and looks at no file yet."""
    import platform

    import psutil

    status = folder.read_status()
    if status.get("host") == platform.node() and isinstance(status.get("pid"), int):
        with suppress(psutil.Error):
            psutil.Process(status["pid"]).terminate()
