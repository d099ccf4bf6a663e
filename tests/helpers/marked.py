"""Small files of every kind that is marked, without marks and with them."""

from __future__ import annotations

import io
import tempfile
from functools import cache
from pathlib import Path

import av
import numpy as np
import soundfile
from PIL import Image

from genai_demo.engine.generation.receipts import Receipt, origin
from genai_demo.marks.origin import Origin
from genai_demo.marks.writing import marked
from tests.helpers.pictures import encoded, picture

RECEIPT = Receipt("faces", "paint", "faces-gan", "0123456789ab", {"seed": 7, "title": "Öl <&> 夜"})
NOTE = "This was made by a machine: nobody drew it."
ORIGIN = origin(NOTE, RECEIPT, "夜曲 & more")
KINDS = {
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "svg": "image/svg+xml",
    "mp4": "video/mp4",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "ogg": "audio/ogg",
}
SIGNED = tuple(kind for kind in KINDS if kind != "ogg")


@cache
def bare(kind: str) -> bytes:
    """Return a file without marks."""
    pictures = [picture(seed) for seed in range(3)]
    if kind == "png":
        return encoded(pictures[0])
    if kind in ("gif", "webp"):
        return encoded(pictures[0], kind, save_all=True, append_images=pictures[1:], duration=40, loop=0)
    if kind == "svg":
        drawing = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9"/></svg>'
        return b'<?xml version="1.0"?>\n' + drawing
    if kind == "mp4":
        return _film(pictures)
    tone = np.sin(np.arange(44_100) * 0.06).astype(np.float32)[:, None].repeat(2, 1) / 4
    stream = io.BytesIO()
    subtype = {"wav": "PCM_16", "mp3": "MPEG_LAYER_III", "ogg": "VORBIS"}[kind]
    soundfile.write(stream, tone, 44_100, subtype, format=kind.upper())
    return stream.getvalue()


def _film(pictures: list[Image.Image]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "film.mp4"
        with av.open(str(file), "w", options={"movflags": "+faststart"}) as film:
            track = film.add_stream("libx264", rate=24)
            track.width = track.height = 64
            track.pix_fmt = "yuv420p"
            for frame in pictures:
                film.mux(track.encode(av.VideoFrame.from_image(frame)))
            film.mux(track.encode())
        return file.read_bytes()


def with_marks(kind: str, where: Origin = ORIGIN) -> bytes:
    """Return a file with marks."""
    return marked(bare(kind), where)
