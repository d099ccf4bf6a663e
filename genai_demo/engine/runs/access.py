"""Anyone may watch; who started a run, or has the presenter's key, may change it."""

from __future__ import annotations

from genai_demo.engine.runs.registry import Run


def presenter_key() -> tuple[str, bool]:
    """Return the presenter's key of this process, and whether it was made now at random and has to be told."""
    raise NotImplementedError


def is_presenter(key: str) -> bool:
    """Return whether `key` is the presenter's."""
    raise NotImplementedError


def may_control(run: Run, token: str = "", key: str = "") -> bool:
    """Return whether somebody may pause, stop, change or delete a run.

    Args:
        run: the run.
        token: of the visitor, kept in the browser; empty for none.
        key: that the visitor typed.
    """
    raise NotImplementedError


def check_may_control(run: Run, token: str = "", key: str = "") -> None:
    """Raise `UserError` unless somebody may control a run, see `may_control`."""
    raise NotImplementedError
