"""Contact sheets: many faces in one picture."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from genai_demo.faces.results import Face, marked_png


def grid(pictures: Tensor, columns: int | None = None, gap: int = 2) -> Image.Image:
    """Return pictures side by side on white, row by row.

    Args:
        pictures: uint8 (N, 3, S, S).
        columns: pictures in a row; about the root of N if left open.
        gap: pixels between neighbours.
    """
    from torchvision.transforms.functional import to_pil_image  # loading torchvision takes a second
    from torchvision.utils import make_grid

    count, _, side, _ = pictures.shape
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    # `make_grid` leaves its gaps around the sheet as well, and makes none of one picture, nor a row that is not full.
    framed = F.pad(pictures, (0, gap, 0, gap, 0, 0, 0, rows * columns - count), value=255)
    sheet = make_grid(framed, columns, padding=0)  # (3, rows (S + gap), columns (S + gap))
    return to_pil_image(sheet[:, : rows * (side + gap) - gap, : columns * (side + gap) - gap])


def grid_png(pictures: Tensor, columns: int | None = None, gap: int = 2) -> bytes:
    """Return `grid` as a PNG file's bytes."""
    stream = io.BytesIO()
    grid(pictures, columns, gap).save(stream, "PNG")
    return stream.getvalue()


def sheet_png(faces: Sequence[Face], columns: int | None = None) -> bytes:
    """Return painted faces side by side as a PNG file's bytes; it is marked as machine-made."""
    pictures = torch.from_numpy(np.stack([face.picture for face in faces])).permute(0, 3, 1, 2)  # (N, 3, S, S)
    models = dict.fromkeys((face.receipt.model, face.receipt.checkpoint) for face in faces)
    return marked_png(grid(pictures, columns), None, tuple(models))
