"""A run's samples as a film: one picture a moment, with its step, and marked as machine-made."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from genai_demo.errors import UserError
from genai_demo.marks.origin import TRAINED
from genai_demo.marks.reading import read_marks
from genai_demo.ui.training import film as films
from genai_demo.ui.training.film import film

Previews = dict[str, Callable[[bytes], bytes]]


def sheet(folder: Path, step: int, colour: tuple[int, int, int]) -> list[Path]:
    file = folder / f"{step}.png"
    Image.new("RGB", (32, 16), colour).save(file)
    return [file]


def test_the_moments_follow_each_other_and_are_marked(tmp_path: Path) -> None:
    colours = {1: (250, 0, 0), 20: (0, 250, 0), 300: (0, 0, 250)}
    samples = {step: sheet(tmp_path, step, colour) for step, colour in reversed(colours.items())}
    made = film(samples, {}, "mp4", "Mine", "en", [("mine", "c0ffee")])
    frames = [frame.to_ndarray(format="rgb24") for frame in av.open(io.BytesIO(made)).decode(video=0)]
    seen = [int(frame[100, 320].argmax()) for frame in frames]
    assert seen == sorted(seen) and set(seen) == {0, 1, 2}  # red, green, blue, in the order of the steps
    animation = film(samples, {}, "webp", "Mine", "zh")
    with Image.open(io.BytesIO(animation)) as shown:
        assert getattr(shown, "n_frames", 1) == 3 and shown.size == frames[0].shape[1::-1]
        shown.seek(0)
        first = np.array(shown.convert("RGB"))
        shown.seek(2)
        assert not np.array_equal(first[-40:], np.array(shown.convert("RGB"))[-40:])  # the step stands below
    for content in (made, animation):
        marks = read_marks(content)
        assert marks.iptc == TRAINED and marks.aigc and marks.c2pa and not marks.receipt


def test_texts_and_rolls_are_shown(tmp_path: Path) -> None:
    for step, text in ((1, "the the the"), (2, "Oil prices rose.\n\nThe team won. " * 20), (3, "油价上涨。" * 80)):
        (tmp_path / f"{step}.txt").write_text(text, encoding="utf-8")
    samples = {step: [tmp_path / f"{step}.txt"] for step in (1, 2)}
    with Image.open(io.BytesIO(film(samples, {}, "webp", "Mine", "en"))) as shown:
        page = np.array(shown.convert("L"))
        assert (page[:-44] < 100).sum() > 50, "letters"
        shown.seek(1)
        assert (np.array(shown.convert("L"))[:-44] < 100).sum() > 5 * (page[:-44] < 100).sum()
    (tmp_path / "a.mid").write_bytes(b"MThd")
    black = io.BytesIO()
    Image.new("RGB", (8, 4)).save(black, "PNG")
    previews: Previews = {"mid.png": lambda content: black.getvalue() if content == b"MThd" else b""}
    with Image.open(io.BytesIO(film({5: [tmp_path / "a.mid"]}, previews, "webp", "Mine", "en"))) as shown:
        assert np.array(shown.convert("L"))[100, 320] < 10


def test_a_film_needs_something_to_show_and_the_letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError) as refused:
        film({}, {}, "mp4", "Mine", "en")
    assert refused.value.key == "training.film_empty"
    with pytest.raises(UserError):
        film({1: sheet(tmp_path, 1, (1, 2, 3))}, {}, "avi", "Mine", "en")
    monkeypatch.setattr(films, "_CJK", ("no-such-font.ttc",))
    with pytest.raises(UserError) as refused:
        film({1: sheet(tmp_path, 1, (1, 2, 3))}, {}, "webp", "我的", "zh")
    assert refused.value.key == "training.film_no_font"
