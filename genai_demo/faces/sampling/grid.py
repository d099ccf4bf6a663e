"""Contact sheets: many faces in one picture."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from genai_demo.faces.results import Face, marked_png

_GAP = 2


def grid(pictures: Tensor, columns: int | None = None) -> Image.Image:
    """Return bytes (N, 3, S, S) side by side on white, row by row; `columns` is about the root of N if left open."""
    count, _, height, width = pictures.shape
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    sheet = np.full((rows * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP, 3), 255, np.uint8)
    for index, picture in enumerate(pictures.permute(0, 2, 3, 1).numpy()):  # (N, S, S, 3)
        top, left = index // columns * (height + _GAP), index % columns * (width + _GAP)
        sheet[top : top + height, left : left + width] = picture
    return Image.fromarray(sheet)


def grid_png(pictures: Tensor, columns: int | None = None) -> bytes:
    """Return `grid` as a PNG file's bytes."""
    stream = io.BytesIO()
    grid(pictures, columns).save(stream, "PNG")
    return stream.getvalue()


def sheet_png(faces: Sequence[Face], columns: int | None = None) -> bytes:
    """Return painted faces side by side as a PNG file's bytes; it is marked as machine-made."""
    pictures = torch.from_numpy(np.stack([face.picture for face in faces])).permute(0, 3, 1, 2)  # (N, 3, S, S)
    return marked_png(grid(pictures, columns), None)
