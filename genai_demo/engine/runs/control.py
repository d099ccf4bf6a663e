"""What a run is told while it trains: `control.json` in its folder, which the loop looks at in every step."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from genai_demo.engine.runs.registry import Run


def pause(name: str, root: Path | None = None) -> Run:
    """Let a run pause after its present step; that costs nothing of its budget.

    Raises:
        UserError: there is no such run, or it is not at work.
    """
    raise NotImplementedError


def resume(name: str, root: Path | None = None) -> Run:
    """Let a paused run go on; put one that was stopped, failed or lost on the waiting list, to go on from its state.

    Raises:
        UserError: there is no such run, it is at work already or is finished, or nobody knows its command.
    """
    raise NotImplementedError


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
    raise NotImplementedError


def slow(name: str, seconds: float, root: Path | None = None) -> Run:
    """Let a run wait before each step, 0 to 60 seconds; that costs nothing of its budget.

    Raises:
        UserError: there is no such run, it is not at work, or `seconds` is not allowed.
    """
    raise NotImplementedError


def change(name: str, values: Mapping[str, float], root: Path | None = None) -> Run:
    """Change hyper-parameters of a run in its midst; its history tells of it, as {"marks": [...]} of the next line.

    Args:
        name: of the run.
        values: by name, see `Run.live`.
        root: folder of the runs; None for that of the settings.

    Raises:
        UserError: there is no such run, it is not at work, or a value is not allowed.
    """
    raise NotImplementedError


def stop(name: str, root: Path | None = None) -> Run:
    """Let a run end after its present step with its state saved, or take it off the waiting list.

    Raises:
        UserError: there is no such run, or it is neither waiting nor at work.
    """
    raise NotImplementedError


def rename(name: str, title: str, root: Path | None = None) -> Run:
    """Call a run otherwise; its folder keeps its name.

    Raises:
        UserError: there is no such run, or the title is empty or longer than 80 characters.
    """
    raise NotImplementedError
