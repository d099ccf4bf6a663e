"""Contact sheets hold every picture, untouched, at its place on white."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image

from genai_demo.faces.sampling.grid import grid, grid_png


@pytest.mark.parametrize(
    ("count", "columns", "gap", "cells"),
    [
        *((1, None, 2, (1, 1)), (2, None, 2, (1, 2)), (5, None, 2, (2, 3)), (16, None, 2, (4, 4)), (64, 8, 2, (8, 8))),
        *((3, 8, 2, (1, 8)), (1, 8, 2, (1, 8)), (9, 8, 2, (2, 8)), (5, 1, 3, (5, 1)), (64, 8, 0, (8, 8))),
    ],
)
def test_every_picture_is_at_its_place_and_all_else_is_white(
    count: int, columns: int | None, gap: int, cells: tuple[int, int]
) -> None:
    pictures = torch.randint(0, 256, (count, 3, 12, 12), dtype=torch.uint8)
    rows, across = cells
    expected = np.full((rows * (12 + gap) - gap, across * (12 + gap) - gap, 3), 255, np.uint8)
    for index, picture in enumerate(pictures.permute(0, 2, 3, 1).numpy()):
        top, left = index // across * (12 + gap), index % across * (12 + gap)
        expected[top : top + 12, left : left + 12] = picture
    sheet = grid(pictures, columns, gap)
    assert sheet.mode == "RGB"
    assert np.array_equal(np.asarray(sheet), expected)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(grid_png(pictures, columns, gap)))), expected)
