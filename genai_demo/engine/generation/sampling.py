"""How tokens are drawn from a network's logits: what shapes their probabilities, and the draw; imports no torch.

All is computed in double precision, so that the same logits and the same chance give the same tokens everywhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

_LOWEST, _LEAST = float(np.finfo(np.float64).min), float(np.finfo(np.float64).tiny)


@dataclass(frozen=True)
class Sampling:
    """How a token is drawn."""

    temperature: float = 1.0
    """below 1 safer, above 1 wilder"""
    top_p: float = 1.0
    """sample among the likeliest tokens that together have this probability; 1 switches it off"""
    min_p: float = 0.0
    """drop tokens less likely than this share of the likeliest one; 0 switches it off"""
    repetition_penalty: float = 1.0
    """divides the odds of used tokens; 1 switches it off"""


@dataclass(frozen=True)
class Rival:
    """A token that could have been drawn."""

    token: int
    before: float
    """probability by the network alone"""
    after: float
    """probability with which it could be drawn"""
    allowed: bool
    """whether the constraint left it"""
    start: float = 0.0
    """where its share begins when those of all tokens lie side by side, from 0 to 1, as `draw` lays them"""


@dataclass(frozen=True)
class TokenTrace:
    """What could have been drawn instead of a token."""

    token: int
    probability: float
    """with which it was drawn"""
    rivals: tuple[Rival, ...]
    """the likeliest tokens before and those after shaping, the drawn one among them; the likeliest after it first"""
    forbidden: float
    """probability that the network gave to tokens that a constraint did not allow"""
    uniform: float = 0.0
    """the chance by which it was drawn, 0 to 1: it falls on the share of the token"""


def token_probabilities(
    logits: np.ndarray, sampling: Sampling, allowed: np.ndarray | None = None, used: np.ndarray | None = None
) -> np.ndarray:
    """Return the probabilities (..., V) from which tokens are drawn; all 0 where none is possible.

    Args:
        logits: (..., V); minus infinity where a token is not possible.
        sampling: how to shape them: repetition penalty (Keskar et al. 2019, section 4.1, on log-probabilities),
            temperature, min-p (Nguyen et al. 2024), top-p (Holtzman et al. 2020, section 3.1), in this order.
        allowed: bool (..., V): tokens that a constraint leaves; None leaves all.
        used: bool (..., V): tokens that are penalised.
    """
    scores = np.asarray(logits, np.float64)
    if allowed is not None:
        scores = np.where(allowed, scores, -np.inf)
    if used is not None and sampling.repetition_penalty != 1:
        # The odds of a used token are divided by the penalty, whatever the sign of its logit.
        scores = scores - math.log(sampling.repetition_penalty) * used
    shaped = _softmax(scores / sampling.temperature)
    if sampling.min_p > 0:
        shaped = _normalised(np.where(shaped < sampling.min_p * shaped.max(-1, keepdims=True), 0.0, shaped))
    if sampling.top_p < 1:
        for row in shaped.reshape(-1, shaped.shape[-1]):
            _keep_likeliest(row, sampling.top_p)
        shaped = _normalised(shaped)
    return shaped


def _softmax(scores: np.ndarray) -> np.ndarray:
    # Where all scores are minus infinity, their difference to the lowest number is so, too.
    return _normalised(np.exp(scores - np.maximum(scores.max(-1, keepdims=True), _LOWEST)))


def _normalised(weights: np.ndarray) -> np.ndarray:
    return weights / np.maximum(weights.sum(-1, keepdims=True), _LEAST)


def _keep_likeliest(probabilities: np.ndarray, mass: float) -> None:
    """Set to 0 the probabilities (V,) of all but the fewest tokens that reach `mass`, which is below 1."""
    # Those that are less likely than this have less than the rest of the mass, all together.
    tokens = np.flatnonzero(probabilities >= (1 - mass) / len(probabilities))
    tokens = tokens[np.argsort(-probabilities[tokens], kind="stable")]
    descending = probabilities[tokens]
    count = int(np.searchsorted(descending.cumsum(), mass)) + 1
    probabilities[:] = 0.0
    probabilities[tokens[:count]] = descending[:count]


def draw(probabilities: np.ndarray, uniform: np.ndarray | float) -> np.ndarray:
    """Return one token (...) by each row of probabilities (..., V), which need not sum to 1.

    Args:
        probabilities: at least one of each row above 0.
        uniform: (...) numbers from 0 up to 1: where in the cumulative sum the tokens lie.
    """
    cumulative = probabilities.cumsum(-1)
    total = cumulative[..., -1]
    # Rounding must not point beyond the last possible token.
    wanted = np.minimum(uniform * total, np.nextafter(total, 0.0))
    return (cumulative <= wanted[..., None]).sum(-1)


def trace_token(
    token: int,
    logits: np.ndarray,
    drawn_from: np.ndarray,
    allowed: np.ndarray | None = None,
    uniform: float = 0.0,
    count: int = 10,
) -> TokenTrace:
    """Return what could have been drawn instead of a token.

    Args:
        token: that was drawn.
        logits: (V,) as the network gave them.
        drawn_from: (V,) from `token_probabilities`.
        allowed: bool (V,), as there.
        uniform: as in `draw`.
        count: tokens to name of the likeliest before, and of the likeliest after shaping.
    """
    plain = _softmax(np.asarray(logits, np.float64))
    left = np.ones(len(plain), bool) if allowed is None else allowed
    named = {token, *_likeliest(plain, count), *_likeliest(drawn_from, count)}
    order = sorted(named, key=lambda one: (-drawn_from[one], -plain[one], one))
    ends = drawn_from.cumsum()
    starts = np.maximum(ends - drawn_from, 0.0) / max(float(ends[-1]), _LEAST)
    rivals = (
        Rival(one, float(plain[one]), float(drawn_from[one]), bool(left[one]), float(starts[one])) for one in order
    )
    return TokenTrace(token, float(drawn_from[token]), tuple(rivals), float(plain[~left].sum()), uniform)


def _likeliest(probabilities: np.ndarray, count: int) -> list[int]:
    """Return the `count` likeliest of the tokens (V,) that are possible at all."""
    count = min(count, len(probabilities))
    tokens = np.argpartition(probabilities, -count)[-count:]
    return [int(token) for token in tokens if probabilities[token] > 0]
