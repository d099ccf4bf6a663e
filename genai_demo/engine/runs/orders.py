"""What a run is told while it trains: `control.json` in its folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from genai_demo.engine.files import write_json
from genai_demo.engine.training.run import RunFolder

FILE = "control.json"


@dataclass(frozen=True)
class Steps:
    """Single steps that a paused run is to take."""

    number: int
    """of the order, from 1 on; each is higher than all before it"""
    count: int
    phase: str | None = None
    """the only phase to take; None for all"""


@dataclass(frozen=True)
class Orders:
    """All that a run is told."""

    paused: bool = False
    seconds: float = 0.0
    """to wait before each step"""
    steps: tuple[Steps, ...] = ()
    """to take while it is paused, one order after the other"""
    number: int = 0
    """of the last order of steps that was ever given"""
    values: dict[str, float] = field(default_factory=dict)
    """hyper-parameters that were changed, by name"""


def read_orders(folder: Path) -> Orders | None:
    """Return what the run in a folder is told: nothing before anybody said anything, None where that is damaged."""
    file = folder / FILE
    if not file.is_file():
        return Orders()
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        known = {one.name for one in fields(Orders)}
        kept = {name: value for name, value in values.items() if name in known}
        steps = tuple(Steps(int(one["number"]), int(one["count"]), one["phase"]) for one in kept.pop("steps", ()))
        orders = Orders(**kept, steps=steps)
        numbers = {name: float(value) for name, value in orders.values.items()}
        return Orders(bool(orders.paused), float(orders.seconds), steps, int(orders.number), numbers)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def write_orders(folder: Path, orders: Orders) -> None:
    """Tell the run in a folder; who changes what it was told before holds `changing`."""
    write_json(folder / FILE, asdict(orders))


@contextmanager
def changing(folder: Path) -> Iterator[None]:
    """Let nobody else change what these files say in a folder meanwhile.

    Raises:
        UserError: the folder cannot be written to.
    """
    from filelock import FileLock

    with RunFolder(folder).writing(), FileLock(folder / ".changing.lock", timeout=30):
        yield
