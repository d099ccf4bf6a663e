"""How much training is allowed: what is refused before it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Limits:
    """What may be trained from the page."""

    training: str
    """"off", "limited" or "on\""""
    at_once: int
    """runs that are at work at once"""
    minutes: float
    """longest budget of a run"""
    waiting: int
    """runs that may wait"""
    each: int
    """runs of one visitor that wait or are at work"""
    pause_minutes: float
    """after which a paused run is stopped if others wait"""
    upload_bytes: int
    """largest upload to learn from"""
    hub: bool
    """whether data may be fetched from the hub"""


def limits() -> Limits:
    """Return what the settings allow."""
    raise NotImplementedError


def check_start(modality: str, options: Mapping[str, Any], token: str, key: str, root: Path | None = None) -> None:
    """Raise `UserError` unless a run may be put on the waiting list, see `waiting.start`.

    The presenter may start any number of runs of any length.
    """
    raise NotImplementedError
