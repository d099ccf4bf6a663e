"""Faces that turn into one another, round and round, as a short film."""

from __future__ import annotations

import io
import math
import tempfile
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from genai_demo.catalogue import message
from genai_demo.faces.loading import load
from genai_demo.faces.painting import between
from genai_demo.faces.requests import MorphRequest
from genai_demo.faces.results import enlarge

RATE = 24
"""pictures per second"""
SIDE = 256
"""side of a film in pixels"""
_BATCH = 12
KINDS = {"mp4": "video/mp4", "webp": "image/webp", "gif": "image/gif"}


@dataclass(frozen=True)
class Film:
    """How far a morph has come; complete once it has its content."""

    done: int
    """pictures painted"""
    total: int
    content: bytes = b""
    """the file"""


def morph(request: MorphRequest, model: str | None = None) -> Generator[Film, None, None]:
    """Paint a morph and yield how far it has come; the last one carries the file.

    Args:
        request: which faces, how fast, and as what.
        model: name or folder of a checkpoint; None takes the one that ships.

    Raises:
        UserError: a setting is not allowed, or the checkpoint cannot be used.
    """
    request.check()
    painter = load(model or request.faces[0].model).painter
    stations = [painter.code(face) for face in request.faces]
    steps = max(2, round(request.seconds * RATE))
    codes = [
        between(start, end, _eased(step / steps))
        for start, end in zip(stations, [*stations[1:], stations[0]], strict=True)
        for step in range(steps)
    ]
    pictures: list[np.ndarray] = []
    for first in range(0, len(codes), _BATCH):
        painted = painter.paint(codes[first : first + _BATCH])
        pictures.extend(painted.permute(0, 2, 3, 1).numpy())  # (N, S, S, 3)
        yield Film(len(pictures), len(codes))
    frames = (enlarge(picture, SIDE) for picture in pictures)
    content = _mp4(frames) if request.format == "mp4" else _animation(frames, request.format)
    yield Film(len(pictures), len(codes), content)


def _eased(share: float) -> float:
    """Return a share (0 to 1) that starts and ends slowly, so that each face can be seen."""
    return 0.5 - 0.5 * math.cos(math.pi * share)


def _mp4(frames: Iterator[Image.Image]) -> bytes:
    import av

    # With its index before the pictures a browser plays what it has; moving it there takes a real file.
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "morph.mp4"
        with av.open(str(file), "w", options={"movflags": "+faststart"}) as film:
            film.metadata["comment"] = message("faces.machine_made")
            options = {"crf": "18", "preset": "veryfast"}
            track = film.add_stream("libx264", rate=RATE, options=options)
            track.width = track.height = SIDE
            track.pix_fmt = "yuv420p"
            for frame in frames:
                film.mux(track.encode(av.VideoFrame.from_image(frame)))
            film.mux(track.encode())
        return file.read_bytes()


def _animation(frames: Iterator[Image.Image], kind: str) -> bytes:
    first, *others = frames
    stream = io.BytesIO()
    marks = {"comment": message("faces.machine_made").encode()} if kind == "gif" else {"quality": 80, "method": 2}
    first.save(stream, kind, save_all=True, append_images=others, duration=round(1000 / RATE), loop=0, **marks)
    return stream.getvalue()
