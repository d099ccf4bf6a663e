"""Drawn stand-ins for photographs: a light disc whose place, colour and mouth follow its labels."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

from genai_demo.faces.data.labels import Faces


def drawing(age: float, woman: float, smile: float, seed: int, side: int = 64) -> Image.Image:
    """Return a picture that shows its labels: hue for gender, size for age, a mouth that bends for a smile."""
    random = np.random.default_rng(seed)
    image = Image.new("RGB", (side, side), tuple(int(value) for value in random.integers(0, 120, 3)))
    draw = ImageDraw.Draw(image)
    radius = side * (0.25 + 0.15 * (age - 18) / 72)
    x, y = side / 2 + random.normal(0, side / 40), side / 2 + random.normal(0, side / 40)
    colour = (230, 180, 190) if woman else (170, 190, 230)
    draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=colour)
    eye = side / 24
    for middle in (x - radius / 2, x + radius / 2):
        top = y - radius / 3
        draw.ellipse([middle - eye, top - eye, middle + eye, top + eye], fill=(20, 20, 30))
    mouth = [x - radius / 2, y + radius / 6, x + radius / 2, y + radius * 0.7]
    if smile:
        draw.chord(mouth, 0, 180, fill=(200, 30, 40))
    else:
        draw.line([mouth[0], y + radius / 2, mouth[2], y + radius / 2], fill=(120, 60, 60), width=max(1, side // 32))
    return image


def labels(count: int) -> list[tuple[float, float, float]]:
    """Return labels of `count` drawings, every combination of gender and smile among each four."""
    return [(18.0 + 7 * index % 72, float(index % 2), float(index // 2 % 2)) for index in range(count)]


def toy_faces(count: int = 12, side: int = 16) -> Faces:
    """Return drawings with their labels."""
    known = labels(count)
    pictures = [np.array(drawing(*known[index], seed=index, side=side)) for index in range(count)]
    ages, women, smiles = torch.tensor(known).T
    return Faces(
        pictures=torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous(),  # (N, 3, S, S)
        ages=ages.clone(),
        women=women.clone(),
        smiles=smiles.clone(),
        names=tuple(f"toy_{index:03d}" for index in range(count)),
    )


def no_faces(side: int = 16) -> Faces:
    """Return an empty set."""
    return Faces(torch.empty(0, 3, side, side, dtype=torch.uint8), torch.empty(0), torch.empty(0), torch.empty(0), ())


def write_toys(folder: Path, count: int = 12, side: int = 64) -> Path:
    """Write drawings as `toys.zip` with `toys.csv` beside it, a quarter of them held out; return the ZIP's path."""
    known = labels(count)
    with zipfile.ZipFile(folder / "toys.zip", "w") as archive:
        for index in range(count):
            stream = io.BytesIO()
            drawing(*known[index], seed=index, side=side).save(stream, "PNG")
            archive.writestr(f"toy_{index:03d}.png", stream.getvalue())
    with (folder / "toys.csv").open("w", newline="", encoding="utf-8") as stream_:
        writer = csv.writer(stream_)
        writer.writerow(["file", "split", "age", "gender", "smile"])
        for index, (age, woman, smile) in enumerate(known):
            split = "validation" if index % 4 == 3 else "train"
            writer.writerow([f"toy_{index:03d}", split, int(age), "woman" if woman else "man", int(smile)])
    return folder / "toys.zip"
