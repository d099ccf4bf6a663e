"""The samples of a run as a film: the same seeds at every moment, each with its step below."""

from __future__ import annotations

import io
import tempfile
import textwrap
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from genai_demo.catalogue import message
from genai_demo.engine.films import Animation, Mp4
from genai_demo.engine.generation.receipts import origin
from genai_demo.errors import UserError
from genai_demo.marks.writing import marked

FORMS = ("mp4", "webp")
MOST = 64
"""moments of a film; of more, they are left out evenly"""
_RATE, _HELD, _LAST = 4, 3, 8
"""pictures per second, and for how many of them each moment and the last one stay"""
_WIDE, _TALL, _FOOT, _EDGE = 640, 640, 44, 16
"""pixels of a picture, of its line below, and around a text"""
_PAPER, _INK = "#fbfaf6", "#1d1b16"
_LETTERS = 20
"""pixels of a text's letters; smaller where it is long"""
_CJK = ("NotoSansCJK-Regular.ttc", "NotoSerifCJK-Regular.ttc", "PingFang.ttc", "msyh.ttc", "wqy-microhei.ttc")
"""fonts of systems that have Chinese letters"""
_ONE = threading.Lock()
"""one film is made at a time"""

Frame = tuple[str, bytes]
"""line below, and the content of a PNG, WebP, JPEG or UTF-8 text"""


def film(
    samples: Mapping[int, Sequence[Path]],
    previews: Mapping[str, Callable[[bytes], bytes]],
    form: str,
    title: str,
    language: str,
    models: Sequence[tuple[str, str]] = (),
) -> bytes:
    """Return a film of samples with the marks of every download.

    Args:
        samples: files by step.
        previews: what makes a picture of a sample, see `Modality`.
        form: one of `FORMS`.
        title: of the run.
        language: of the lines below.
        models: names and ids of the checkpoints that made the samples.

    Raises:
        UserError: another form, nothing that can be shown, or no font here has the letters.
    """
    if form not in FORMS:
        raise UserError("engine.not_one_of", name="form", value=form[:20], allowed=", ".join(FORMS))
    steps = sorted(samples)
    if len(steps) > MOST:
        steps = [steps[place * (len(steps) - 1) // (MOST - 1)] for place in range(MOST)]
    frames = []
    for step in steps:
        content = _content(samples[step], previews)
        if content is not None:
            frames.append((message("training.film_line", language, step=f"{step:,}", title=title), content))
    if not frames:
        raise UserError("training.film_empty", title=title)
    note = message("marks.machine_made_film", language)
    with _ONE:
        content = _shot(tuple(frames), form, note)
    return marked(content, origin(note, None, title, models))


def _content(files: Sequence[Path], previews: Mapping[str, Callable[[bytes], bytes]]) -> bytes | None:
    """Return the picture or the text of a moment."""
    for file in files:
        ending = file.suffix.removeprefix(".")
        if ending in ("png", "webp", "jpg", "txt"):
            return file.read_bytes()
        if f"{ending}.png" in previews:
            return previews[f"{ending}.png"](file.read_bytes())
    return None


@lru_cache(maxsize=4)
def _shot(frames: tuple[Frame, ...], form: str, note: str) -> bytes:
    pictures = [_picture(content) for _, content in frames]
    width = _WIDE
    height = min(_TALL, max(picture.height for picture in pictures)) // 2 * 2 + _FOOT
    with (
        tempfile.TemporaryDirectory(prefix="genai-demo-film-") as folder,
        closing(
            Mp4(Path(folder) / "film.mp4", (width, height), _RATE, note)
            if form == "mp4"
            else Animation(form, _RATE, note)
        ) as writer,
    ):
        for place, ((line, _), picture) in enumerate(zip(frames, pictures, strict=True)):
            shown = _framed(picture, (width, height), line)
            for _ in range(_LAST if place == len(frames) - 1 else _HELD):
                writer.add(shown)
        return writer.finish()


def _picture(content: bytes) -> Image.Image:
    """Return a sample as a picture that is no wider and no taller than a film's."""
    try:
        picture = Image.open(io.BytesIO(content)).convert("RGB")
    except OSError:
        return _written(content.decode("utf-8", "replace"))
    # Pixels of small pictures stay pixels.
    scale = min(_WIDE / picture.width, _TALL / picture.height)
    how = Image.Resampling.NEAREST if scale >= 2 else Image.Resampling.LANCZOS
    return picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))), how)


def _written(text: str) -> Image.Image:
    """Return a text as a picture, with smaller letters where it is long."""
    for size in (_LETTERS, 16, 13):
        font = _font(text, size)
        wide = max(1, int((_WIDE - 2 * _EDGE) / max(1.0, font.getlength("国" if _is_wide(text) else "abcdenort") / 9)))
        wide = wide if not _is_wide(text) else int((_WIDE - 2 * _EDGE) / size)
        lines = [part for line in text.strip().splitlines() for part in textwrap.wrap(line, wide) or [""]]
        tall = round(size * 1.45)
        if len(lines) * tall + 2 * _EDGE <= _TALL:
            break
    lines = lines[: (_TALL - 2 * _EDGE) // tall]
    page = Image.new("RGB", (_WIDE, _TALL), _PAPER)
    draw = ImageDraw.Draw(page)
    for place, line in enumerate(lines):
        draw.text((_EDGE, _EDGE + place * tall), line, _INK, font)
    return page


def _framed(picture: Image.Image, size: tuple[int, int], line: str) -> Image.Image:
    page = Image.new("RGB", size, _PAPER)
    shown = ImageOps.contain(picture, (size[0], size[1] - _FOOT))
    page.paste(shown, ((size[0] - shown.width) // 2, (size[1] - _FOOT - shown.height) // 2))
    font = _font(line, 18)
    while line and font.getlength(line) > size[0] - 2 * _EDGE:
        line = line[:-2] + "…"
    ImageDraw.Draw(page).text((_EDGE, size[1] - _FOOT + 11), line, _INK, font)
    return page


def _is_wide(text: str) -> bool:
    return any("\u2e80" <= letter <= "\uffef" for letter in text)


def _font(text: str, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return a font that has the letters of a text.

    Raises:
        UserError: there is none here.
    """
    if not _is_wide(text):
        return ImageFont.load_default(size)
    for name in _CJK:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    raise UserError("training.film_no_font")
