"""What moving along a direction of a latent space does to faces, in words: measured, not guessed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from genai_demo.faces.data.batches import to_floats
from genai_demo.faces.models.encoder import FaceEncoder

NAMES = ("age", "gender", "smile", "light", "background", "warmth", "contrast", "side_light")
"""what a direction can be named after"""
_CLEAR = 1.0
"""a name needs an effect, from two deviations on one side to two on the other, of this many spreads among faces"""


def measure(pictures: Tensor, encoder: FaceEncoder | None) -> Tensor:
    """Return what can be measured on pictures (N, 3, S, S), uint8: (N, len(NAMES)).

    Args:
        encoder: reads age, gender and smile; without it those are 0.
    """
    x = to_floats(pictures)
    side = x.shape[3]
    quarter = side // 4
    grey = x.mean(1)  # (N, S, S)
    face = grey[:, quarter : 3 * quarter, quarter : 3 * quarter].flatten(1)  # (N, S * S / 4)
    corners = torch.cat([grey[:, :quarter, : quarter // 2], grey[:, :quarter, -(quarter // 2) :]], 2).flatten(1)
    halves = face.unflatten(1, (2 * quarter, 2, quarter)).mean((1, 3))  # (N, 2)
    seen = [
        face.mean(1),
        corners.mean(1),
        x[:, 0].mean((1, 2)) - x[:, 2].mean((1, 2)),
        face.std(1),
        halves[:, 0] - halves[:, 1],
    ]
    if encoder is None:
        read = [torch.zeros(len(x))] * 3
    else:
        judged = encoder.judge(x)
        read = [judged.ages, judged.women, judged.smiles]
    return torch.stack([*read, *seen], 1)


def name_directions(
    paint: Callable[[int, float], Tensor], count: int, encoder: FaceEncoder | None, allowed: Sequence[str] = NAMES
) -> tuple[str, ...]:
    """Return a name for each of `count` directions; "" where no measure explains it, and no name twice.

    Args:
        paint: returns the same N pictures (N, 3, S, S), uint8, pushed along a direction, given its index and how far.
        count: directions.
        encoder: reads age, gender and smile; without it no direction is named after those.
        allowed: names that may be given.
    """
    spread = measure(paint(0, 0.0), encoder).std(0).clamp_min(1e-6)  # (M,)
    changes = [measure(paint(index, 2.0), encoder) - measure(paint(index, -2.0), encoder) for index in range(count)]
    effects = (torch.stack(changes).mean(1) / spread).abs()  # (D, N, M) -> (D, M)
    for column, name in enumerate(NAMES):
        if name not in allowed or (encoder is None and column < 3):
            effects[:, column] = 0
    names = [""] * count
    # The clearest pair of direction and name first; then neither is free any more.
    while float(effects.max()) >= _CLEAR:
        row, column = divmod(int(effects.argmax()), len(NAMES))
        names[row] = NAMES[column]
        effects[row], effects[:, column] = 0, 0
    return tuple(names)
