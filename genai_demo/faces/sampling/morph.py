"""Faces that turn into one another, round and round, as a short film."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

from genai_demo.catalogue import message
from genai_demo.engine.films import KINDS, Animation, Mp4
from genai_demo.faces.requests import MorphRequest
from genai_demo.faces.results import Film, enlarge
from genai_demo.faces.sampling.painting import GanPainter, VaePainter, between

__all__ = ["KINDS", "RATE", "SIDE", "shoot"]

RATE = 24
"""pictures per second"""
SIDE = 256
"""side of a film in pixels"""
_BATCH = 12


def shoot(painter: GanPainter | VaePainter, request: MorphRequest) -> Generator[Film, None, None]:
    """Paint a morph and yield how far it has come; the last one carries the file.

    Args:
        painter: of the model of the faces.
        request: which faces, how fast, and as what; checked.
    """
    stations = [painter.code(face) for face in request.faces]
    steps = max(2, round(request.seconds * RATE))
    codes = [
        between(start, end, _eased(step / steps))
        for start, end in zip(stations, [*stations[1:], stations[0]], strict=True)
        for step in range(steps)
    ]
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(_writer(Path(folder), request.format)) as writer,
    ):
        # Pictures are encoded as they come, so that whoever stops waits for neither.
        for first in range(0, len(codes), _BATCH):
            for picture in painter.paint(codes[first : first + _BATCH]).permute(0, 2, 3, 1).numpy():  # (N, S, S, 3)
                writer.add(enlarge(picture, SIDE))
            yield Film(min(first + _BATCH, len(codes)), len(codes))
        content = writer.finish()
    yield Film(len(codes), len(codes), content)


def _eased(share: float) -> float:
    """Return a share (0 to 1) that starts and ends slowly, so that each face can be seen."""
    return 0.5 - 0.5 * math.cos(math.pi * share)


def _writer(folder: Path, kind: str) -> Mp4 | Animation:
    note = message("faces.machine_made")
    return Mp4(folder / "morph.mp4", (SIDE, SIDE), RATE, note) if kind == "mp4" else Animation(kind, RATE, note)
