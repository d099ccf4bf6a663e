"""Whether examples that were made differ from one another, and from what was learnt from: beside real ones."""

from __future__ import annotations

import torch
from torch import Tensor

_MOST = 256
"""examples that are compared"""


def variety(made: Tensor, real: Tensor) -> float:
    """Return the mean distance between two examples that were made, as a multiple of that between two real ones.

    Near 1 for a model that makes what it has seen; near 0 for one that makes the same again and again.

    Args:
        made, real: (N, ...) and (M, ...) examples of one shape, at least two each; of many the first are taken.
    """
    return _mean_distance(made) / max(_mean_distance(real), 1e-12)


def nearest_share(made: Tensor, learnt: Tensor, held_out: Tensor) -> float:
    """Return how far examples are from the nearest one that was learnt from, as a share of how far real ones are.

    The mean over the examples; real ones are those held out. Near 0 for a model that gives back what it was given.

    Args:
        made: (N, ...) examples.
        learnt: (M, ...) examples that were learnt from, at least one.
        held_out: (L, ...) real ones that were not, at least one.
    """
    return _nearest(made, learnt) / max(_nearest(held_out, learnt), 1e-12)


def _mean_distance(examples: Tensor) -> float:
    flat = examples[:_MOST].float().flatten(1)
    return float(torch.pdist(flat).mean())


def _nearest(examples: Tensor, learnt: Tensor) -> float:
    known, asked = learnt.float().flatten(1), examples[:_MOST].float().flatten(1)
    return float(torch.stack([torch.cdist(asked, part).amin(1) for part in known.split(4096)]).amin(0).mean())
