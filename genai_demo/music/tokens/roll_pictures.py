"""Pictures of piano rolls: time to the right, pitch upwards, each hand in a colour of its own; imports no torch."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from genai_demo.music.tokens.roll import HOLD, ONSET

_PAPER, _LINE = (255, 255, 255), (226, 226, 232)
_STRUCK = ((180, 60, 10), (20, 60, 150))
"""colours of what the right hand and the left hand strike"""
_HELD = ((245, 165, 110), (130, 170, 235))
_GAP, _SCALE = 6, 2


def picture(cells: np.ndarray, bars: int) -> np.ndarray:
    """Return a roll as colours, uint8 (P, T, 3), with lines where bars begin.

    Args:
        cells: bool (2 hands, 2 channels, T, P).
        bars: of equal length, T steps together.
    """
    steps, keys = cells.shape[2:]
    colours = np.full((steps, keys, 3), _PAPER, np.uint8)
    colours[:: steps // bars] = _LINE
    for channel, palette in ((HOLD, _HELD), (ONSET, _STRUCK)):
        for hand, colour in enumerate(palette):
            colours[cells[hand, channel]] = colour
    return colours.transpose(1, 0, 2)[::-1]  # (T, P, 3) -> (P, T, 3)


def sheet_png(rows: Sequence[np.ndarray], bars: int = 8) -> bytes:
    """Return rolls one above another as a PNG file's bytes; torchvision's grids know no rows of different widths.

    Args:
        rows: each bool (N, 2 hands, 2 channels, T, P), its rolls side by side.
        bars: in every roll.
    """
    strips = []
    for rolls in rows:
        parts = [np.pad(picture(roll, bars), ((0, _GAP), (0, _GAP), (0, 0)), constant_values=255) for roll in rolls]
        strips.append(np.concatenate(parts, 1))
    width = max(strip.shape[1] for strip in strips)
    padded = [np.pad(strip, ((0, 0), (0, width - strip.shape[1]), (0, 0)), constant_values=255) for strip in strips]
    sheet = Image.fromarray(np.concatenate(padded))
    stream = io.BytesIO()
    sheet.resize((sheet.width * _SCALE, sheet.height * _SCALE), Image.Resampling.NEAREST).save(stream, "PNG")
    return stream.getvalue()
