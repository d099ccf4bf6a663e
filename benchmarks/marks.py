"""What marks cost: `python -m benchmarks.marks [--json FILE]`.

Measures the milliseconds to put marks into a file of every kind that is downloaded, how many of them the signature of
its Content Credentials takes, the milliseconds to read them back, and the bytes that they add; one thread, the key read
from a new data folder.
"""

from __future__ import annotations

import io
import os
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.reporting import machine, median, read_options, show
from genai_demo.engine.generation.receipts import Receipt, origin
from genai_demo.marks import credentials
from genai_demo.marks.kinds import kind_of
from genai_demo.marks.reading import read_marks
from genai_demo.marks.writing import marked

_SECONDS = 30
_SIDE, _FRAMES = 256, 24


def files() -> dict[str, bytes]:
    """Return a file without marks of every kind: noise, half a minute or a second long."""
    from genai_demo.music.audio.synthesis import RATE, encode

    random = np.random.default_rng(0)
    pictures = [Image.fromarray(frame) for frame in random.integers(0, 256, (_FRAMES, _SIDE, _SIDE, 3), np.uint8)]
    made: dict[str, bytes] = {
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><path d="' + b"M0 0" * 20_000 + b'"/></svg>'
    }
    for kind in ("png", "gif", "webp"):
        moving: dict[str, Any] = {} if kind == "png" else {"save_all": True, "append_images": pictures[1:]}
        stream = io.BytesIO()
        pictures[0].save(stream, kind, **moving)
        made[kind] = stream.getvalue()
    made["mp4"] = _film(pictures)
    sound = (random.standard_normal((_SECONDS * RATE, 2)) / 20).astype(np.float32)
    return made | {kind: encode(sound, kind) for kind in ("mp3", "ogg", "wav")}


def _film(pictures: list[Image.Image]) -> bytes:
    import av

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "film.mp4"
        with av.open(str(file), "w", options={"movflags": "+faststart"}) as film:
            track = film.add_stream("libx264", rate=_FRAMES)
            track.width = track.height = _SIDE
            track.pix_fmt = "yuv420p"
            for picture in pictures:
                film.mux(track.encode(av.VideoFrame.from_image(picture)))
            film.mux(track.encode())
        return file.read_bytes()


def cost(content: bytes, repeats: int) -> dict[str, float]:
    """Return the milliseconds and bytes that the marks of one file cost; kilobytes are those of the file without."""
    receipt = Receipt("faces", "paint", "faces-gan", "0123456789ab", {"seed": 7})
    where, kind = origin("A machine made this.", receipt, "A title"), kind_of(content)

    def measure(_: int) -> dict[str, float]:
        times = [time.perf_counter()]
        file = marked(content, where)
        times.append(time.perf_counter())
        if kind != "audio/ogg":
            credentials.sign(content, kind, where)
        times.append(time.perf_counter())
        read_marks(file)
        times.append(time.perf_counter())
        write, sign, read = (1000 * (after - before) for before, after in pairwise(times))
        return {"write_ms": write, "of_it_c2pa_ms": sign, "read_ms": read, "bytes_added": len(file) - len(content)}

    return {"kilobytes": len(content) / 1000} | median(measure, repeats)


def main() -> None:
    """Print a table, and JSON where asked."""
    options = read_options(__doc__)
    report: dict[str, dict[str, Any]] = {"machine": machine(options.threads)}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GENAI_DEMO_DATA"] = folder
        report |= {kind: cost(content, options.repeats) for kind, content in files().items()}
    show(report, options.json)


if __name__ == "__main__":
    main()
