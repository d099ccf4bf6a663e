"""What a network gives on from part to part, drawn to scale: sides and depths by their logarithms."""

from __future__ import annotations

from math import log2

_UNIT = 7.0
"""pixels by which something grows that is twice as large"""
_DEPTH = 2.4
"""the same for channels behind one another"""
_SMALL = 5.0
_MOST_LINES = 8
"""tokens that are drawn as lines of their own"""


def glyph(shape: tuple[int, ...]) -> str:
    """Return an SVG of a tensor.

    Args:
        shape: (C, H, W) for maps, (T, C) for tokens, (T,) for tokens that are still numbers or (C,) for a vector.
    """
    if len(shape) == 3:
        return _maps(*shape)
    if len(shape) == 2:
        return _tokens(*shape)
    return _vector(shape[0] if shape else 1)


def _length(count: int) -> float:
    return _SMALL + _UNIT * log2(max(count, 1))


def _svg(width: float, height: float, drawn: str) -> str:
    return (
        f'<svg class="glyph" width="{width + 2:.0f}" height="{height + 2:.0f}" '
        f'viewBox="-1 -1 {width + 2:.0f} {height + 2:.0f}" aria-hidden="true">{drawn}</svg>'
    )


def _maps(channels: int, height: int, width: int) -> str:
    """Return sheets of the maps' side, as many behind one another as there are channels, by the logarithm."""
    sheets = round(log2(max(channels, 1))) + 1
    wide, tall = _length(width), _length(height)
    drawn = "".join(
        f'<rect x="{_DEPTH * step:.1f}" y="{_DEPTH * (sheets - 1 - step):.1f}" width="{wide:.1f}" height="{tall:.1f}"/>'
        for step in reversed(range(sheets))
    )
    behind = _DEPTH * (sheets - 1)
    return _svg(wide + behind, tall + behind, drawn)


def _tokens(count: int, width: int) -> str:
    lines, wide = min(count, _MOST_LINES), _length(width)
    drawn = "".join(f'<rect x="0" y="{5 * line}" width="{wide:.1f}" height="3.5"/>' for line in range(lines))
    return _svg(wide, 5 * lines, drawn)


def _vector(width: int) -> str:
    wide = _length(width)
    return _svg(wide, 9, f'<rect x="0" y="0" width="{wide:.1f}" height="9"/>')
