"""Deleted runs lie in a folder of their own for a while, and can be put back."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path

from genai_demo.engine.runs.orders import changing
from genai_demo.engine.runs.registry import AT_WORK, Run, find, runs_folder
from genai_demo.errors import UserError
from genai_demo.settings import settings

FOLDER = ".trash"
"""in that of the runs; each run in it lies in a folder that is named by when it was deleted, in milliseconds"""
_TICKET = re.compile(r"(\d{13,15})-(.+)")


def delete(name: str, root: Path | None = None) -> str:
    """Move a run that is not at work into the trash, and return the ticket to `undo` that with.

    Raises:
        UserError: there is no such run, or it is at work.
    """
    folder, run = runs_folder(root), find(name, root)
    with changing(folder):
        run = find(name, root)  # nobody starts it now
        if run.state in AT_WORK:
            raise UserError("runs.stop_first", title=run.title)
        ticket = f"{int(time.time() * 1000)}-{name}"
        (folder / FOLDER).mkdir(exist_ok=True)
        run.folder.rename(folder / FOLDER / ticket)
    return ticket


def undo(ticket: str, root: Path | None = None) -> Run:
    """Put back a run that was deleted.

    Raises:
        UserError: it is gone for good, or there is another run of its name by now.
    """
    folder = runs_folder(root)
    lying, known = folder / FOLDER / ticket, _TICKET.fullmatch(ticket)
    if known is None or lying.parent != folder / FOLDER or not lying.is_dir():
        raise UserError("runs.gone", ticket=ticket[:80])
    name = known[2]
    with changing(folder):
        if (folder / name).exists():
            raise UserError("runs.name_taken", name=name)
        lying.rename(folder / name)
    return find(name, root)


def empty(root: Path | None = None, now: float | None = None) -> list[str]:
    """Remove for good what has lain in the trash for longer than the settings say, and return their tickets."""
    now, gone = time.time() if now is None else now, []
    folder = runs_folder(root) / FOLDER
    for lying in sorted(folder.iterdir()) if folder.is_dir() else []:
        known = _TICKET.fullmatch(lying.name)
        if known and now - int(known[1]) / 1000 > settings().trash_hours * 3600:
            shutil.rmtree(lying, ignore_errors=True)
            gone.append(lying.name)
    return gone
