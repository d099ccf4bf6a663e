"""What can be counted on rolls, and how far two sets of them are apart in it; imports no torch.

Cheap enough to be measured during a training. What a model is judged by in the end is in `evaluation`.
"""

from __future__ import annotations

import numpy as np

from genai_demo.music.tokens.roll import HOLD, ONSET

SCALES = {False: (0, 2, 4, 5, 7, 9, 11), True: (0, 2, 3, 5, 7, 8, 10, 11)}
"""pitch classes above the tonic that belong to minor (True: with both sevenths) and major"""
FEATURES = (
    *("notes_per_quarter", "spread_of_notes", "struck_together", "polyphony", "silence"),
    *("pitch_classes", "in_key", "mean_pitch", "span", "left_share", "length", "same_rhythm", "same_chroma"),
)
"""numbers of each window, in the order of `measure`"""
_LEAST_SPREAD = 0.05
"""standard deviation that a feature of the reference is taken to have at least"""


def measure(cells: np.ndarray, minor: np.ndarray, bars: int) -> np.ndarray:
    """Return the `FEATURES` of windows, float (N, F).

    Args:
        cells: bool (N, 2 hands, 2 channels, T, P), P whole octaves from C, with the tonic on C; no hold without onset.
        minor: bool (N,).
        bars: in each window.
    """
    onset, sounding = cells[:, :, ONSET], cells[:, :, ONSET] | cells[:, :, HOLD]  # (N, 2, T, P)
    count, _, steps, keys = onset.shape
    both = (onset[:, 0] | onset[:, 1]).reshape(count, bars, -1, keys)  # (N, bars, S, P)
    per_step = both.sum(3)  # (N, bars, S)
    notes = np.maximum(per_step.sum((1, 2)), 1)
    per_bar = per_step.sum(2)
    held = (sounding[:, 0] | sounding[:, 1]).sum(2)  # (N, T)
    silent = held == 0
    per_key = both.sum((1, 2))  # (N, P)
    classes = both.reshape(count, bars, -1, keys // 12, 12).sum((2, 3))  # (N, bars, 12)
    scale = np.zeros((count, 12), bool)
    for is_minor, members in SCALES.items():
        scale[np.ix_(minor == is_minor, members)] = True
    places = np.arange(keys)
    mean = per_key @ places / notes
    struck = np.maximum((per_step > 0).sum((1, 2)), 1)
    return np.stack(
        [
            notes / (steps / 4),
            per_bar.std(1) / np.maximum(per_bar.mean(1), 1),
            notes / struck,
            held.sum(1) / np.maximum((~silent).sum(1), 1),
            silent.mean(1),
            (classes > 0).sum(2).mean(1),
            (classes.sum(1) * scale).sum(1) / notes,
            mean,
            np.sqrt(np.maximum(per_key @ places**2 / notes - mean**2, 0)),
            onset[:, 1].sum((1, 2)) / notes,
            np.log2(np.maximum(sounding.sum((1, 2, 3)), 1) / np.maximum(onset.sum((1, 2, 3)), 1)),
            _alike(per_step > 0),
            _alike(classes),
        ],
        1,
    )


def _alike(bars: np.ndarray) -> np.ndarray:
    """Return (N,) the mean cosine between any two bars (N, bars, F) of a window."""
    flat = bars / np.maximum(np.linalg.norm(bars, axis=2, keepdims=True), 1e-9)
    gram = flat @ flat.transpose(0, 2, 1)
    rows, columns = np.triu_indices(bars.shape[1], 1)
    return gram[:, rows, columns].mean(1)


def distances(measured: np.ndarray, reference: np.ndarray) -> dict[str, float]:
    """Return how far each feature's distribution is from the reference's, in standard deviations of the reference.

    It is the first Wasserstein distance: the mean difference of both sets' quantiles.

    Args:
        measured, reference: (N, F) and (M, F), see `measure`.
    """
    at = (np.arange(200) + 0.5) / 200
    apart = np.abs(np.quantile(measured, at, axis=0) - np.quantile(reference, at, axis=0)).mean(0)
    return dict(zip(FEATURES, (apart / np.maximum(reference.std(0), _LEAST_SPREAD)).tolist(), strict=True))
