"""What is drawn of music can be told apart by everybody: its colours differ, whatever the eye lacks."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pytest

from genai_demo.ui.components.library import PieceLibrary

NAMES = ("right-hand", "left-hand", "sounding", "changed", "chosen")
PLAIN = np.eye(3)
# Machado, Oliveira and Fernandes 2009, table 1, for the severity 1
SEEN = {
    "all": PLAIN,
    "no red": np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]),
    "no green": np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]),
    "no blue": np.array([[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]]),
}
FROM_RGB = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
TOLD_APART = 15
"""distance in CIELAB between colours of patches as small as notes; 2.3 is just noticeable side by side"""


def linear(colour: str) -> np.ndarray:
    shares = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)


def lab(light: np.ndarray) -> np.ndarray:
    x, y, z = FROM_RGB @ np.clip(light, 0, 1) / np.array([0.9505, 1, 1.089])
    bent = [np.cbrt(one) if one > 0.008856 else 7.787 * one + 16 / 116 for one in (x, y, z)]
    return np.array([116 * bent[1] - 16, 500 * (bent[0] - bent[1]), 200 * (bent[1] - bent[2])])


@pytest.mark.parametrize("theme", [0, 1])
def test_hands_what_sounds_what_was_changed_and_what_is_chosen_differ(theme: int) -> None:
    sheet = next(sheet for sheet in PieceLibrary.styles() if sheet.name == "notes.css").read_text(encoding="utf-8")
    colours = {name: re.findall(rf"--{name}: (#[0-9a-f]{{6}})", sheet)[theme] for name in NAMES}
    for one, other in combinations(NAMES, 2):
        for eye, matrix in SEEN.items():
            apart = float(np.linalg.norm(lab(matrix @ linear(colours[one])) - lab(matrix @ linear(colours[other]))))
            assert apart > TOLD_APART, (one, other, eye, apart)
