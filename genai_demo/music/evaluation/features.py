"""What sets of music are compared by: features of windows of four bars, from a trained encoder or a random one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from genai_demo.engine.evaluation.distances import frechet_distance, unit_scale
from genai_demo.music.data.labels import Label
from genai_demo.music.data.reading import Music
from genai_demo.music.data.roll_batches import RollWindows
from genai_demo.music.models.encoder import EncoderConfig, MusicEncoder, in_batches
from genai_demo.music.theory.piece import Piece
from genai_demo.music.training.encoder import ENCODED_BARS

_DIMENSIONS = 32
_ALL = 1e9
"""notes between the sixteenths for each one on them that a window may have"""
_FILLED = 8
"""a Fréchet distance sees the first `_DIMENSIONS` principal components, fewer where there are not `_FILLED` windows for
each"""


def random_encoder(seed: int = 0) -> MusicEncoder:
    """Return an encoder that has learnt nothing: it forgives little, and is the same on every machine."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return MusicEncoder(EncoderConfig()).eval()


def features(encoder: MusicEncoder, pieces: Sequence[Piece]) -> Tensor:
    """Return features (N, F) of all windows of `ENCODED_BARS` bars that follow one another from a piece's first bar on.

    Windows with hardly any notes are left out, see `RollWindows`. Notes between the sixteenths go to the nearest one.
    """
    names = tuple(map(str, range(len(pieces))))
    windows = RollWindows(Music(tuple(pieces), tuple(Label() for _ in pieces), names), ENCODED_BARS, 0, strays=_ALL)
    found = [torch.zeros(0, encoder.config.features)]
    for metre in np.unique(windows.time_signature):
        chosen = np.flatnonzero((windows.time_signature == metre) & (windows.bar % ENCODED_BARS == 0))
        if len(chosen):
            rolls = windows.cells(chosen, np.zeros(len(chosen), int))
            found.append(in_batches(encoder, torch.from_numpy(rolls)))
    return torch.cat(found)


def distance(reference: Tensor, other: Tensor) -> float | None:
    """Return the Fréchet distance of features (M, F) to those of a reference (N, F); None where one has too few."""
    if min(len(reference), len(other)) < 2:
        return None
    first, second = unit_scale(reference, other)
    return frechet_distance(first, second, max(1, min(_DIMENSIONS, len(reference) // _FILLED)))
