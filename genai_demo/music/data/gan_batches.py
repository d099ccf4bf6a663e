"""Training batches of the piano GAN, each a pure function of (seed, process, step); imports no torch."""

from __future__ import annotations

import numpy as np

from genai_demo.music.data.roll_batches import Drawing, RollWindows
from genai_demo.music.models import roll_conditioning
from genai_demo.music.models.gan import RollBatch

_EDGES = 0.15
"""probability that a window is one that begins a piece, and the same for one that ends it"""
_ALONE = 0.1
"""probability that nothing is shown of the bars before a window that has some"""
_MENDED = 0.3
"""probability that some of a window's own bars are shown, for the others to be written between them"""
_STYLE_HIDDEN = 0.2
"""probability that the style is left open"""
_BLUR = (0.1, 0.7)
"""standard deviations by which the density (in its logarithm) and the pitch that are asked for miss the real ones"""


class GanBatches:
    """Batches of windows, with the tonic on C.

    Args:
        windows: those of pieces without a key are left out.
        seed: makes the batches of two runs differ.
    """

    def __init__(self, windows: RollWindows, seed: int) -> None:
        self.windows = windows
        self._drawing = Drawing(windows, np.flatnonzero(windows.tonic >= 0))
        self._seed = seed

    def batch(self, step: int, size: int, rank: int = 0) -> RollBatch:
        """Return a training batch of one metre."""
        random = np.random.default_rng([self._seed, rank, step])
        chosen = self._drawing.draw(random, size, _EDGES)
        there = self.windows.there[chosen] * (random.random(size) >= _ALONE)
        own = random.random((size, self.windows.bars)) < 0.5
        own &= (random.random(size) < _MENDED)[:, None]
        # At least one bar is left to be written.
        own[np.arange(size), random.integers(self.windows.bars, size=size)] = False
        style = np.where(random.random(size) < _STYLE_HIDDEN, roll_conditioning.UNKNOWN, self.windows.style[chosen])
        density = self.windows.density[chosen] * np.exp(_BLUR[0] * random.standard_normal(size))
        blur = _BLUR[1] * random.standard_normal(size)
        return _batch(self.windows, chosen, there, own, style, density, blur)


def spread(windows: RollWindows, count: int) -> list[RollBatch]:
    """Return windows of each metre, spread over all there are, with all that is known of them.

    None of their own bars is shown. It is the same windows each time.

    Args:
        windows: to choose from; metres without any are left out.
        count: at most that many of each metre.
    """
    found = []
    for time_signature in range(len(roll_conditioning.ROLL_TIME_SIGNATURES)):
        places = np.flatnonzero((windows.time_signature == time_signature) & (windows.tonic >= 0))
        if len(places) == 0:
            continue
        chosen = places[np.linspace(0, len(places) - 1, min(count, len(places))).astype(int)]
        own, exact = np.zeros((len(chosen), windows.bars), bool), np.zeros(len(chosen))
        asked = windows.there[chosen], own, windows.style[chosen], windows.density[chosen], exact
        found.append(_batch(windows, chosen, *asked))
    return found


def _batch(
    windows: RollWindows,
    chosen: np.ndarray,
    there: np.ndarray,
    own: np.ndarray,
    style: np.ndarray,
    density: np.ndarray,
    blur: np.ndarray,
) -> RollBatch:
    shifts = roll_conditioning.shift_to_c(windows.tonic[chosen])
    before = np.arange(windows.before) >= windows.before - there[:, None]  # (B, before)
    conditions = roll_conditioning.encode(
        windows.time_signature[chosen],
        windows.minor[chosen],
        style,
        density,
        windows.pitch[chosen] + shifts + blur,
        windows.first[chosen],
        windows.last[chosen],
    )
    return RollBatch(windows.cells(chosen, shifts, there), np.concatenate([before, own], 1), conditions)
