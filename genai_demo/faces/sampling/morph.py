"""Faces that turn into one another, round and round, as a short film."""

from __future__ import annotations

import io
import math
import tempfile
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path

from PIL import Image

from genai_demo.catalogue import message
from genai_demo.faces.requests import MorphRequest
from genai_demo.faces.results import Film, enlarge
from genai_demo.faces.sampling.painting import GanPainter, VaePainter, between

RATE = 24
"""pictures per second"""
SIDE = 256
"""side of a film in pixels"""
_BATCH = 12
_COLOURED, _COLOURS_SIDE = 64, 16
"""pictures, and their side in pixels, that a GIF's colours are chosen from"""
KINDS = {"mp4": "video/mp4", "webp": "image/webp", "gif": "image/gif"}


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
        closing(_Mp4(Path(folder)) if request.format == "mp4" else _Animation(request.format)) as writer,
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


class _Mp4:
    """Encodes pictures as H.264; with its index before the pictures a browser plays what it has, which takes a file."""

    def __init__(self, folder: Path) -> None:
        import av

        self._file = folder / "morph.mp4"
        self._film = av.open(str(self._file), "w", options={"movflags": "+faststart"})
        self._film.metadata["comment"] = message("faces.machine_made")
        self._track = self._film.add_stream("libx264", rate=RATE, options={"crf": "18", "preset": "veryfast"})
        self._track.width = self._track.height = SIDE
        self._track.pix_fmt = "yuv420p"

    def add(self, picture: Image.Image) -> None:
        import av

        self._film.mux(self._track.encode(av.VideoFrame.from_image(picture)))

    def finish(self) -> bytes:
        self._film.mux(self._track.encode())
        self.close()
        return self._file.read_bytes()

    def close(self) -> None:
        self._film.close()


def _in_few_colours(pictures: Sequence[Image.Image]) -> list[Image.Image]:
    """Return pictures in the 256 colours that suit all of them best, as a GIF needs it.

    Left to itself, Pillow looks for those of each picture among all its pixels, which takes a hundred times as long as
    painting it.
    """
    looked_at = pictures[:: math.ceil(len(pictures) / _COLOURED)]
    sheet = Image.new("RGB", (_COLOURS_SIDE, _COLOURS_SIDE * len(looked_at)))
    for place, picture in enumerate(looked_at):
        small = picture.resize((_COLOURS_SIDE, _COLOURS_SIDE), Image.Resampling.BOX)
        sheet.paste(small, (0, place * _COLOURS_SIDE))
    colours = sheet.quantize()
    return [picture.quantize(palette=colours, dither=Image.Dither.NONE) for picture in pictures]


class _Animation:
    """Encodes pictures as a looping WebP or GIF, which takes all of them at once."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._pictures: list[Image.Image] = []

    def add(self, picture: Image.Image) -> None:
        self._pictures.append(picture)

    def finish(self) -> bytes:
        first, *others = _in_few_colours(self._pictures) if self._kind == "gif" else self._pictures
        stream = io.BytesIO()
        gif = {"comment": message("faces.machine_made").encode()}
        marks = gif if self._kind == "gif" else {"quality": 80, "method": 2}
        first.save(
            stream, self._kind, save_all=True, append_images=others, duration=round(1000 / RATE), loop=0, **marks
        )
        return stream.getvalue()

    def close(self) -> None:
        self._pictures.clear()
