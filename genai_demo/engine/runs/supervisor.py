"""Starts waiting runs when their turn comes; the app has one, and tests take it step by step."""

from __future__ import annotations

from pathlib import Path

from genai_demo.engine.runs.registry import Run


class Supervisor:
    """Looks at the waiting list every second, on a thread of its own; several do not get in one another's way.

    Args:
        root: folder of the runs; None for that of the settings.
    """

    def __init__(self, root: Path | None = None) -> None:
        self._root = root

    def start(self) -> None:
        """Begin to look after the runs, until the process ends or `stop` is called."""
        raise NotImplementedError

    def stop(self) -> None:
        """Look no more; runs go on."""
        raise NotImplementedError

    def advance(self) -> list[Run]:
        """Look once: start what there is a place for, stop what is over its limits; return what was started."""
        raise NotImplementedError
