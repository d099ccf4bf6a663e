"""The beats of music: whether those of its file fit, where they are if not, and how many make a bar.

Imports no torch.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from genai_demo.music.theory.piece import TICKS, Note

_PERIODS = (TICKS, TICKS // 2, TICKS // 3, TICKS // 4)
"""ticks between what players strike: quarters, eighths, triplets, sixteenths"""
_FEW = 0.5
"""share of the places in a quarter that notes would have by chance, and above which they were not typed"""
_MOST = 96
"""places in a quarter that typed notes have at most: what is recorded in seconds may have more, and few all the same"""
_COARSEST = 24
"""ticks a quarter note that a file has at least"""
_UNFIT = 0.16
"""below this mean resultant length no period fits; in recorded and edited performances with their true beats it is
0.17 at least, in the same ones with a steady count 0.16 at most"""
_CHANCE = 2.0
"""times the mean resultant length that so few onsets have anywhere by chance"""
_PARTS = 4
"""of a beat, in which music may be like itself"""
_RATE = 50
"""frames per second"""
_BLUR = 0.03
"""seconds by which onsets of one beat spread"""
_USUAL, _OCTAVES = 0.5, 0.8
"""seconds of the likeliest beat, and the standard deviation of its logarithm to base 2"""
_LONGEST_BEAT = 2.0
"""seconds"""
_STEADY = 3.0
"""what a beat twice as long or as short costs, in strokes of average strength

Chosen, with `_USUAL` and the weights in `timing`, on every 50th recorded performance with annotated beats.
"""


def beats_fit(onsets: Sequence[int]) -> bool:
    """Return whether notes begin on the beats that a file states, or on parts of them, more than elsewhere.

    They do where they have few places within a quarter note, as what is typed has, uneven groups too; else the Rayleigh
    test of their phases tells (Mardia and Jupp 2000, Directional Statistics, section 6.3.1).

    Args:
        onsets: in ticks of a piece.
    """
    ticks = np.asarray(onsets)
    possible = max(TICKS // np.gcd.reduce([*onsets, TICKS]), _COARSEST)
    if len(np.unique(ticks % TICKS)) <= min(_FEW * possible * (1 - np.exp(-len(ticks) / possible)), _MOST):
        return True
    lengths = [abs(np.exp(2j * np.pi * ticks / period).mean()) for period in _PERIODS]
    return max(lengths) >= max(_UNFIT, min(_CHANCE / np.sqrt(len(ticks)), 0.5))


def track_beats(onsets: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the seconds of the beats, at least one, (beats,).

    They are a beat apart, as far as the music's own strokes allow, and as many strokes as can be lie on them (Ellis
    2007, "Beat Tracking by Dynamic Programming").

    Args:
        onsets: seconds at which notes begin, in order, (notes,).
        weights: how much each of them counts, (notes,).
    """
    first = onsets[0]
    frames = int((onsets[-1] - first) * _RATE) + 2 * _RATE
    strength = np.zeros(frames)
    np.add.at(strength, np.round((onsets - first) * _RATE).astype(int) + _RATE // 2, weights)
    reach = np.arange(-_RATE // 5, _RATE // 5 + 1) / _RATE
    strength = np.convolve(np.minimum(strength, 4 * np.mean(weights)), np.exp(-0.5 * (reach / _BLUR) ** 2), "same")
    period = _period(strength)
    strength /= np.sqrt(np.mean(strength**2)) or 1.0
    steps = np.arange(max(1, round(period / 2)), round(2 * period) + 1)
    costs = _STEADY * np.log2(steps / period) ** 2
    total, before = strength.copy(), np.full(frames, -1)
    for frame in range(int(steps[0]), frames):
        some = steps[: frame - int(steps[0]) + 1]
        ways = total[frame - some] - costs[: len(some)]
        best = int(ways.argmax())
        if ways[best] > 0:
            total[frame] += ways[best]
            before[frame] = frame - some[best]
    at = int(frames - round(period) + total[frames - round(period) :].argmax())
    found = []
    while at >= 0:
        found.append(at)
        at = int(before[at])
    return (np.array(found[::-1]) - _RATE // 2) / _RATE + first


def _period(strength: np.ndarray) -> float:
    """Return the frames of a beat: where music is most like itself, usual beats preferred."""
    lags = np.arange(_RATE // 5, int(_LONGEST_BEAT * _RATE) + 1)
    size = 1 << int(len(strength) * 2 - 1).bit_length()
    spectrum = np.fft.rfft(strength - strength.mean(), size)
    alike = np.fft.irfft(np.abs(spectrum) ** 2, size)[: lags[-1] * 2 + 2]
    alike = np.pad(alike, (0, max(0, 2 * lags[-1] + 2 - len(alike))))
    # What is alike after two beats counts for one beat too.
    fit = alike[lags] + 0.5 * alike[2 * lags]
    return float(lags[(fit * np.exp(-0.5 * (np.log2(lags / _RATE / _USUAL) / _OCTAVES) ** 2)).argmax()])


def beats_in_a_bar(notes: Sequence[Note], start: int, end: int, beat: int) -> int:
    """Return how many beats a bar has, 2, 3 or 4: after how many of them music is most like itself.

    In three, if it is so more after three and six beats than after two and four, which tells 255 of 262 scores and
    340 of 350 songs right; else in two or four, whichever has its strongest beat first more often.

    Args:
        notes: in the order of time.
        start, end: ticks from the first bar line to behind the last beat.
        beat: ticks of one.
    """
    count = max((end - start) // beat, 1)
    strokes = np.zeros((count, _PARTS + 2))
    for note in notes:
        place, within = divmod(note.start - start, beat)
        if 0 <= place < count:
            strokes[place, within * _PARTS // beat] += 1
            if within <= beat // 16:
                low = min(max((60 - note.pitch) / 12, 0), 2)
                strokes[place, _PARTS] += min(max(note.length / beat, 0.2), 2) * (1 + low)
                strokes[place, _PARTS + 1] = max(strokes[place, _PARTS + 1], low)
    usual = (strokes - strokes.mean(0)) / (strokes.std(0) + 1e-6)

    def alike(beats: int) -> float:
        return float((usual[:-beats] * usual[beats:]).mean()) if beats < count else 0.0

    threes, twos = alike(3) + alike(6), alike(2) + alike(4)
    if 0 < threes > twos:
        return 3

    def firsts(beats: int) -> float:
        """Return the share of bars whose first beat is the strongest, less what chance gives."""
        bars = strokes[: count // beats * beats, _PARTS].reshape(-1, beats)
        return float((bars[:, 0] >= bars.max(1)).mean()) - 1 / beats

    return 2 if firsts(2) > firsts(4) else 4
