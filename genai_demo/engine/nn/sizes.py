"""What the sizes of networks may be; imports no torch."""

from __future__ import annotations

from typing import Annotated

from genai_demo.engine.fields import Each, Within
from genai_demo.errors import UserError

Width = Annotated[int, Within(1, 16_384)]
"""channels, or numbers per position"""
Depth = Annotated[int, Within(1, 64)]
"""layers, blocks or heads"""
Widths = Annotated[tuple[int, ...], Each(Within(1, 16_384))]
"""a width for each stage"""
Depths = Annotated[tuple[int, ...], Each(Within(1, 64))]
"""a depth for each stage"""
Dropout = Annotated[float, Within(0.0, 0.99)]
"""share of units dropped"""


def check_heads(width: int, heads: int, multiple: int = 1) -> None:
    """Raise `UserError` unless `width` can be shared out among `heads`, a multiple of `multiple` numbers to each."""
    check_multiple("width", width, multiple * heads)


def check_multiple(name: str, value: int, multiple: int) -> None:
    """Raise `UserError` unless `value` is a multiple of `multiple`."""
    if value % multiple:
        raise UserError("engine.not_a_multiple", name=name, value=value, multiple=multiple)


def check_stages(stages: int, **fields: tuple[int, ...]) -> None:
    """Raise `UserError` unless each field names as many stages as the first one, and no fewer than `stages`."""
    wanted = max(stages, len(next(iter(fields.values()))))
    for name, value in fields.items():
        if len(value) != wanted:
            raise UserError("engine.bad_stages", name=name, found=len(value), wanted=wanted)
