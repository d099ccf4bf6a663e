"""Checks of what is asked for, the same in every modality; imports no torch."""

from __future__ import annotations

from genai_demo.errors import UserError

SEED = (0, 2**31 - 1)
"""seeds that can be asked for"""


def check_number(name: str, value: float, low: float, high: float) -> None:
    """Raise `UserError` unless `value` is a number from `low` to `high`."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not low <= value <= high:  # not a number is not between any bounds
        raise UserError("engine.out_of_range", name=name, value=str(value)[:40], low=low, high=high)


def check_whole(name: str, value: int, low: int, high: int) -> None:
    """Raise `UserError` unless `value` is a whole number from `low` to `high`."""
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise UserError("engine.out_of_range_whole", name=name, value=str(value)[:40], low=low, high=high)


def check_one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    """Raise `UserError` unless `value` is one of `allowed`."""
    if value not in allowed:
        raise UserError("engine.not_one_of", name=name, value=str(value)[:40], allowed=", ".join(allowed))
