"""Anyone may watch; who started a run, or has the presenter's key, may change it."""

from __future__ import annotations

import hmac
import secrets
from functools import cache

from genai_demo.engine.runs.record import owner_of
from genai_demo.engine.runs.registry import Run
from genai_demo.errors import UserError
from genai_demo.settings import settings


def presenter_key() -> tuple[str, bool]:
    """Return the presenter's key of this process, and whether it was made at random and has to be told."""
    return (settings().key, False) if settings().key else (_random_key(), True)


@cache
def _random_key() -> str:
    return secrets.token_urlsafe(9)


def is_presenter(key: str) -> bool:
    """Return whether `key` is the presenter's."""
    return hmac.compare_digest(key.strip().encode(), presenter_key()[0].encode())


def may_control(run: Run, token: str = "", key: str = "") -> bool:
    """Return whether somebody may pause, stop, change or delete a run.

    Args:
        run: the run.
        token: of the visitor, kept in the browser; empty for none.
        key: that the visitor typed.
    """
    started = bool(token and run.owner) and hmac.compare_digest(owner_of(token), run.owner)
    return started or is_presenter(key)


def check_may_control(run: Run, token: str = "", key: str = "") -> None:
    """Raise `UserError` unless somebody may control a run, see `may_control`."""
    if not may_control(run, token, key):
        raise UserError("runs.not_yours", title=run.title)
