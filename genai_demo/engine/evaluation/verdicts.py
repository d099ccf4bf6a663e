"""What a discriminator says of real and of made examples, as two histograms over the same edges."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

BINS = 16
JUDGED = 128
"""examples of each kind whose verdicts are enough for a histogram"""


def verdict_histograms(real: Tensor, made: Tensor, probabilities: bool = False) -> dict[str, Any]:
    """Return how verdicts are spread, JSON-able; nothing where one of them is no number.

    Args:
        real, made: (N,) and (M,) verdicts on real and on made examples, at least one each: the higher, the more real.
        probabilities: whether they lie between 0 and 1, which are the outer edges then; otherwise the least and the
            greatest verdict are.

    Returns:
        "edges", one more than `BINS`; "real" and "made", how many verdicts lie in each bin; "means" of both; and
        "apart", the share of all pairs of a real and a made example whose real one is judged more real: 0.5 by chance.
    """
    both = [verdicts.detach().double().cpu() for verdicts in (real, made)]
    all_ = torch.cat(both)
    if not bool(all_.isfinite().all()):
        return {}
    low, high = (0.0, 1.0) if probabilities else (float(all_.min()), float(all_.max()))
    if low == high:
        low, high = low - 0.5, high + 0.5
    counts = [torch.histc(verdicts, BINS, low, high).int().tolist() for verdicts in both]
    lead = both[0][:, None] - both[1]  # (N, M)
    apart = float((lead > 0).double().mean() + 0.5 * (lead == 0).double().mean())
    return {
        "edges": [float(f"{edge:.6g}") for edge in torch.linspace(low, high, BINS + 1, dtype=torch.float64).tolist()],
        "real": counts[0],
        "made": counts[1],
        "means": [float(verdicts.mean()) for verdicts in both],
        "apart": apart,
    }
