"""Deleted runs lie in a folder of their own for a while, and can be put back."""

from __future__ import annotations

from pathlib import Path

from genai_demo.engine.runs.registry import Run


def delete(name: str, root: Path | None = None) -> str:
    """Move a run that is not at work into the trash, and return the ticket to `undo` that with.

    Raises:
        UserError: there is no such run, or it is at work.
    """
    raise NotImplementedError


def undo(ticket: str, root: Path | None = None) -> Run:
    """Put back a run that was deleted.

    Raises:
        UserError: it is gone for good, or there is another run of its name by now.
    """
    raise NotImplementedError


def empty(root: Path | None = None, now: float | None = None) -> list[str]:
    """Remove for good what has lain in the trash for longer than the settings say, and return their tickets."""
    raise NotImplementedError
