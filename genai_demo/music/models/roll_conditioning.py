"""What is known or asked of some bars of music, as the numbers that roll models read; imports no torch.

These models hear and write all music with its tonic on C: what they learn in one key they know in all, and a key that
is asked for is obeyed by transposing. Density and register are numbers, not classes: what is asked for is exact.
"""

from __future__ import annotations

import numpy as np

from genai_demo.music.theory.texture import STYLES

PHRASE_BARS = 4
"""bars that are written at once, and bars before them that are seen"""
WINDOW_BARS = 2 * PHRASE_BARS
ROLL_TIME_SIGNATURES = ((4, 4), (3, 4), (2, 4), (6, 8))
"""metres that roll models know"""
SIZE = 2 + len(STYLES) + 1 + 2 + 2 + len(ROLL_TIME_SIGNATURES)
"""numbers per condition: minor or major, style and whether it is known, density, pitch, first, last, metre"""
NUMBERS = slice(2 + len(STYLES) + 1, 2 + len(STYLES) + 3)
"""places of the numbers for density and pitch in a condition"""
UNKNOWN = -1
"""style that is not known or left open"""
MEDIUM, DENSITY_SPREAD = 3.5, 0.5
"""notes per quarter note at which the number for density is 0, and by how much of its logarithm that changes by 1"""
MIDDLE, PITCH_SPREAD = 61.0, 5.0
"""mean pitch at which its number is 0, and semitones by which that changes by 1"""


def encode(
    time_signature: np.ndarray,
    minor: np.ndarray,
    style: np.ndarray,
    density: np.ndarray,
    pitch: np.ndarray,
    first: np.ndarray,
    last: np.ndarray,
) -> np.ndarray:
    """Return conditions, float32 (N, SIZE).

    Args:
        metre: int (N,) places in `ROLL_TIME_SIGNATURES`.
        minor: bool (N,).
        style: int (N,) places in `STYLES`, or `UNKNOWN`.
        density: (N,) notes per quarter note, above 0.
        pitch: (N,) mean pitch with the tonic on C.
        first, last: bool (N,) whether the bars begin and end a piece.
    """
    number = np.log(density / MEDIUM) / DENSITY_SPREAD
    columns = [
        minor,
        ~minor,
        *(style == place for place in range(len(STYLES))),
        style == UNKNOWN,
        np.clip(number, -3, 3),
        np.clip((pitch - MIDDLE) / PITCH_SPREAD, -3, 3),
        first,
        last,
        *(time_signature == place for place in range(len(ROLL_TIME_SIGNATURES))),
    ]
    return np.stack(columns, 1).astype(np.float32)


def shift_to_c(tonic: np.ndarray) -> np.ndarray:
    """Return the semitones, -5 to 6, by which music goes up to have its tonic on C.

    Args:
        tonic: int (...) pitch classes, 0 to 11.
    """
    return (5 - tonic) % 12 - 5
