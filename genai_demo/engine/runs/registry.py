"""All runs of an installation, as whoever looks at them wants to see them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STATES = ("waiting", "preparing", "running", "paused", "finished", "stopped", "failed", "lost")
AT_WORK = ("preparing", "running", "paused")
"""states in which a process is at work"""


@dataclass(frozen=True)
class Best:
    """The best figure of a run on held-out data."""

    name: str
    value: float
    step: int


@dataclass(frozen=True)
class Run:
    """A run as it stands; read anew by `all_runs` and `find`."""

    folder: Path
    name: str
    """of the folder, which stays; what commands and endpoints call it"""
    title: str
    """what people call it"""
    modality: str
    """empty where nobody knows, as of older runs"""
    family: str
    data: str
    """what people call what it learns from"""
    state: str
    """one of `STATES`"""
    doing: str
    """what it is at: "training", "validating" or nothing"""
    place: int | None
    """in the waiting list, from 1; None if it does not wait"""
    step: int
    fraction: float
    """of its budget, 0 to 1"""
    seconds: float
    """that it has trained, pauses not counted"""
    seconds_left: float | None
    """of training; None while nobody can tell"""
    best: Best | None
    created: float
    """seconds since 1970"""
    thumbnail: Path | None
    """the newest preview"""
    command: str
    """what to type to start the same; empty where nobody knows"""
    sentence: str
    """why it failed or was lost, in English; empty if it did not. `told` says so in any language"""
    live: dict[str, dict[str, float]] = field(default_factory=dict)
    """what can be changed while it runs: "value", "low" and "high" by name"""
    phases: tuple[str, ...] = ()
    """of a step, such as ("discriminator", "generator"); each can be stepped by itself if there are several"""
    owner: str = ""
    """hash of the token of who started it; empty for the command line"""

    def told(self, language: str) -> str:
        """Return why it failed or was lost, in a language of the catalogue; empty if it did not."""
        raise NotImplementedError

    def plain(self) -> dict[str, Any]:
        """Return all but the owner as JSON-able data."""
        raise NotImplementedError


def all_runs(root: Path | None = None) -> list[Run]:
    """Return all runs: those at work first, then those that wait by their place, then the others, newest first.

    Args:
        root: folder of the runs; None for that of the settings.
    """
    raise NotImplementedError


def find(name: str, root: Path | None = None) -> Run:
    """Return the run of that name.

    Raises:
        UserError: there is none.
    """
    raise NotImplementedError
