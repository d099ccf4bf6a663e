"""Conditioning features of each bar that the composer reads beside the tokens; imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genai_demo.music.theory.piece import PITCHES, TICKS, Bar
from genai_demo.music.theory.texture import ANY, DENSITIES, DENSITY_BOUNDS, REGISTER_BOUNDS, REGISTERS, STYLES
from genai_demo.music.tokens import events

MOST_BARS = 64
"""bars from the start, and to the end, that are told apart"""
STRETCH = 4
"""bars whose density and register are features of each bar: itself and those after it"""
BAR_FEATURES = {
    "style": len(STYLES) + 1,
    "density": len(DENSITIES) + 1,
    "register": len(REGISTERS) + 1,
    "key": len(events.KEYS_OR_NONE),
    "tempo": len(events.TEMPOS) + 1,
    "metre": len(events.TOKEN_TIME_SIGNATURES) + 1,
    "before": MOST_BARS + 2,
    "left": MOST_BARS + 2,
}
"""conditioning features of each bar, and how many values each has; 0 is always "left open":

style, density, register: places in `STYLES` and so on, from 1; density and register are those of `STRETCH` bars
key: place in `events.KEYS_OR_NONE`, the first of which is None
tempo, metre: places in `events.TEMPOS` and `events.TOKEN_TIME_SIGNATURES`, from 1
before: bars before this one, from 1 for none, `MOST_BARS` + 1 for more
left: bars from this one to the last, from 1 for the last one, `MOST_BARS` + 1 for more
"""
FEATURE_INDEX = {name: place for place, name in enumerate(BAR_FEATURES)}
_QUARTERS = np.array([Bar(0, *signature).length / TICKS for signature in events.TOKEN_TIME_SIGNATURES], np.float32)
_BAR, _POSITION, _PITCH, _METRE = (events.FIRST[kind] for kind in ("BAR", "POSITION", "PITCH", "METRE"))


def style_index(style: str) -> int:
    """Return the value of the feature "style" for one of `STYLES` or "any"."""
    return 0 if style == ANY else 1 + STYLES.index(style)


@dataclass(frozen=True)
class ConditionedTokens:
    """A piece as tokens, and what is known of its bars."""

    tokens: np.ndarray
    """(T,) int16, from `events.encode`"""
    bar_of: np.ndarray
    """(T,) int32: the bar of each token, from 0; the first one for key and tempo, the next one for a change of metre"""
    times: np.ndarray
    """(T,) float32: quarter notes from the start to each token's position"""
    features: np.ndarray
    """(bars, len(FACTS)) int16, "register" as 0"""
    pitches: np.ndarray
    """(bars,) float32: mean pitch of `STRETCH` bars, by which the register goes; NaN where nothing is struck"""


def condition_tokens(tokens: Sequence[int], style: int = 0, bars_to_come: int = 0) -> ConditionedTokens:
    """Return what is known of a piece.

    Args:
        tokens: from `events.encode`, with or without the end.
        style: from `style_index`.
        still_to_come: bars that will follow.
    """
    ids = np.asarray(tokens, np.int16)
    is_bar = ids == _BAR
    signature_tokens = _kind(ids, "METRE")
    bars = int(is_bar.sum())
    # A metre belongs to the bar line behind it.
    bar_of = np.clip(np.cumsum(is_bar) - 1 + signature_tokens, 0, max(0, bars - 1)).astype(np.int32)  # (T,)
    time_signatures = _last_seen(np.where(signature_tokens, ids - _METRE, -1))[is_bar]  # (bars,)
    quarters = _QUARTERS[time_signatures]
    starts = np.concatenate([[0], np.cumsum(quarters)[:-1]]).astype(np.float32)
    positions = _kind(ids, "POSITION")
    ticks = np.array([*events.POSITIONS], np.float32) / TICKS
    moments = np.full(len(ids), np.nan, np.float32)
    moments[is_bar] = starts
    moments[positions] = starts[bar_of[positions]] + ticks[ids[positions] - _POSITION]
    moments[0] = 0
    features = np.zeros((bars, len(BAR_FEATURES)), np.int16)
    struck = _kind(ids, "PITCH")
    counts = np.bincount(bar_of[struck], minlength=bars)
    sums = np.bincount(bar_of[struck], ids[struck] - _PITCH + PITCHES[0], minlength=bars)
    count, pitch_sum, length = (_stretches(values) for values in (counts, sums, quarters))
    features[:, FEATURE_INDEX["style"]] = style
    features[:, FEATURE_INDEX["density"]] = 1 + np.searchsorted(DENSITY_BOUNDS, count / length, side="right")
    features[:, FEATURE_INDEX["key"]] = ids[0] - events.FIRST["KEY"]
    features[:, FEATURE_INDEX["tempo"]] = 1 + ids[1] - events.FIRST["TEMPO"]
    features[:, FEATURE_INDEX["metre"]] = 1 + time_signatures
    features[:, FEATURE_INDEX["before"]] = np.minimum(np.arange(bars), MOST_BARS) + 1
    features[:, FEATURE_INDEX["left"]] = np.minimum(np.arange(bars + bars_to_come, bars_to_come, -1), MOST_BARS + 1)
    with np.errstate(invalid="ignore"):
        means = (pitch_sum / count).astype(np.float32)
    return ConditionedTokens(ids, bar_of, _last_seen(moments), features, means)


def register_index(pitches: np.ndarray) -> np.ndarray:
    """Return the values of the feature "register" for mean pitches; 0 for NaN."""
    return np.where(np.isnan(pitches), 0, 1 + np.searchsorted(REGISTER_BOUNDS, pitches, side="right"))


def _kind(ids: np.ndarray, kind: str) -> np.ndarray:
    """Return which tokens are of a kind, bool (T,)."""
    return (ids >= events.FIRST[kind]) & (ids < events.FIRST[kind] + events.COUNTS[kind])


def _last_seen(values: np.ndarray) -> np.ndarray:
    """Return (T,) values with each unknown one (NaN, or below 0) replaced by the last one known."""
    known = ~(np.isnan(values) | (values < 0))
    places = np.maximum.accumulate(np.where(known, np.arange(len(values)), 0))
    return values[places]


def _stretches(values: np.ndarray) -> np.ndarray:
    """Return for each bar the sum (bars,) over it and the bars after it, `STRETCH` in all."""
    sums = np.concatenate([[0], np.cumsum(values)])
    ends = np.minimum(np.arange(len(values)) + STRETCH, len(values))
    return sums[ends] - sums[:-1]
