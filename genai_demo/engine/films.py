"""Pictures, one after another, as a film: H.264 in MP4, or a looping WebP or GIF; they say that a machine made them."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

KINDS = {"mp4": "video/mp4", "webp": "image/webp", "gif": "image/gif"}
_DESCRIPTION = 0x010E
"""what EXIF calls the sentence about a picture"""
_COLOURED, _COLOURS_SIDE = 64, 16
"""pictures, and their side in pixels, that a GIF's colours are chosen from"""


class Mp4:
    """Encodes pictures as H.264; with its index before the pictures a browser plays what it has, which takes a file.

    Args:
        file: to write while it is made; `finish` returns its content.
        size: width and height of all pictures in pixels, both even.
        rate: pictures per second.
        note: the sentence that says that a machine made it.
    """

    def __init__(self, file: Path, size: tuple[int, int], rate: int, note: str) -> None:
        import av

        self._file = file
        self._film = av.open(str(file), "w", options={"movflags": "+faststart"})
        self._film.metadata["comment"] = note
        self._track = self._film.add_stream("libx264", rate=rate, options={"crf": "18", "preset": "veryfast"})
        self._track.width, self._track.height = size
        self._track.pix_fmt = "yuv420p"

    def add(self, picture: Image.Image) -> None:
        """Add the next picture."""
        import av

        self._film.mux(self._track.encode(av.VideoFrame.from_image(picture)))

    def finish(self) -> bytes:
        """Return the film."""
        self._film.mux(self._track.encode())
        self.close()
        return self._file.read_bytes()

    def close(self) -> None:
        """Let go of the file."""
        self._film.close()


class Animation:
    """Encodes pictures as a looping WebP or GIF, which takes all of them at once.

    Args:
        kind: "webp" or "gif".
        rate: pictures per second.
        note: the sentence that says that a machine made it, which a GIF takes as its comment.
    """

    def __init__(self, kind: str, rate: float, note: str) -> None:
        self._kind, self._rate, self._note = kind, rate, note
        self._pictures: list[Image.Image] = []

    def add(self, picture: Image.Image) -> None:
        """Add the next picture."""
        self._pictures.append(picture)

    def finish(self) -> bytes:
        """Return the film."""
        first, *others = _in_few_colours(self._pictures) if self._kind == "gif" else self._pictures
        marks = {"comment": self._note.encode()} if self._kind == "gif" else {"quality": 80, "method": 2}
        how = {"save_all": True, "append_images": others, "duration": round(1000 / self._rate), "loop": 0}
        stream = io.BytesIO()
        first.save(stream, self._kind, **how, **marks)
        if self._kind == "webp" and stream.getvalue()[12:16] != b"VP8X":
            # Pictures that are all the same become a single one, in the format without room for marks.
            told = Image.Exif()
            told[_DESCRIPTION] = self._note
            stream = io.BytesIO()
            first.save(stream, self._kind, exif=told, **marks)
        return stream.getvalue()

    def close(self) -> None:
        """Let go of the pictures."""
        self._pictures.clear()


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
