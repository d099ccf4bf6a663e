"""Accuracy of finding a face in a photo: `python -m benchmarks.alignment ARCHIVE [--count N] [--seed S]`.

Pastes aligned faces of a ZIP, enlarged, rolled and anywhere, into larger random pictures, and compares where
`align` finds them with where they are. Prints the constants of
`genai_demo.faces.data.alignment` as measured on the same pictures.
"""

from __future__ import annotations

import argparse
import io
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from genai_demo.errors import UserError
from genai_demo.faces.data import alignment
from genai_demo.faces.data.alignment import EYES, MOUTH, Square, align

_MIDDLE = 0.5 + 0.5j


def scenes(archive: Path, count: int, seed: int) -> Iterator[tuple[Image.Image, Square]]:
    """Yield `count` pictures with one face each, and the square in which it lies.

    Args:
        archive: ZIP of aligned pictures of one size.
        count: number of scenes.
        seed: seed of the choice of faces, backgrounds and places.
    """
    random = np.random.default_rng(seed)
    with zipfile.ZipFile(archive) as members:
        for name in random.choice(sorted(members.namelist()), count, replace=False):
            face = Image.open(io.BytesIO(members.read(name))).convert("RGB")
            side = random.uniform(90, 320)
            width, height = random.integers(480, 900, 2).tolist()
            scene = _background(random, width, height)
            edge = side * np.exp(1j * np.radians(random.uniform(-15, 15)))
            # A rolled square stays inside at three quarters of its side from the border.
            margin = 0.75 * side
            middle = complex(random.uniform(margin, width - margin), random.uniform(margin, height - margin))
            square = Square(middle, complex(edge))
            _paste(scene, face, square)
            yield scene, square


def _background(random: np.random.Generator, width: int, height: int) -> Image.Image:
    total = np.zeros((height, width, 3))  # (H, W, 3)
    for cells, share in ((4, 0.6), (16, 0.25), (64, 0.15)):
        noise = Image.fromarray(random.integers(0, 256, (cells, cells, 3), dtype=np.uint8))
        total += share * np.asarray(noise.resize((width, height), Image.Resampling.BICUBIC))
    return Image.fromarray(total.astype(np.uint8))


def _paste(scene: Image.Image, face: Image.Image, square: Square) -> None:
    # From the scene's pixels back to those of the face: place = middle + edge * (point - 0.5 - 0.5j), solved for point.
    step = face.width / square.edge
    corner = face.width * _MIDDLE - step * square.middle
    matrix = (step.real, -step.imag, corner.real, step.imag, step.real, corner.imag)
    warp = {"method": Image.Transform.AFFINE, "data": matrix, "resample": Image.Resampling.BICUBIC}
    mask = Image.new("L", face.size, 255)
    scene.paste(face.transform(scene.size, **warp), mask=mask.transform(scene.size, **warp))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.alignment", description=__doc__)
    parser.add_argument("archive", type=Path, help="ZIP of aligned pictures of one size, best of 128 pixels or more")
    parser.add_argument("--count", type=int, default=300, metavar="N", help="faces to look for (300)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="(0)")
    options = parser.parse_args()
    marks = np.array([*EYES, MOUTH])
    errors, milliseconds, wrong = [], [], 0
    windows, eyes = [], []
    for scene, true in scenes(options.archive, options.count, options.seed):
        start = time.perf_counter()
        try:
            found = align(scene).square
        except UserError:
            continue
        finally:
            milliseconds.append(1000 * (time.perf_counter() - start))
        error = 64 * (found.place(marks) - true.place(marks)) / true.edge  # in 64ths of the true square
        if abs(error).mean() > 8:
            wrong += 1
            continue
        errors.append(error)
        grey = scene.convert("L")
        window, _ = alignment._voted(grey, true.part(*alignment.WINDOW), alignment._cascade(alignment._FACE))
        windows.append([_within(true, window.middle), window.side / true.side])
        seen = [places.mean() for places in alignment._find_eyes(grey, true) if len(places)]
        if len(seen) == 2:
            eyes.append([_within(true, eye) for eye in seen])
    distances = abs(np.array(errors))  # (N, 3)
    print(f"found {len(errors)} of {options.count}, {wrong} more at a wrong place")
    print(f"error, in pixels of a 64-pixel picture: median {np.median(distances.mean(1)):.2f}, ", end="")
    print(f"90 % below {np.quantile(distances.mean(1), 0.9):.2f}")
    for name, column, offset in zip(
        ("left eye", "right eye", "mouth"), distances.T, np.array(errors).mean(0), strict=True
    ):
        print(f"  {name}: median {np.median(column):.2f}, mean offset {offset.real:+.2f} {offset.imag:+.2f}")
    print(f"time: median {np.median(milliseconds):.0f} ms")
    print(f"EYES = {_median(np.array(eyes)[:, 0])}, {_median(np.array(eyes)[:, 1])}")
    print(f"WINDOW = {_median(np.array(windows)[:, 0])}, {_median(np.array(windows)[:, 1]).real}")


def _within(square: Square, place: complex) -> complex:
    return (place - square.middle) / square.edge + _MIDDLE


def _median(values: np.ndarray) -> complex:
    return complex(round(float(np.median(values.real)), 3), round(float(np.median(values.imag)), 3))


if __name__ == "__main__":
    main()
