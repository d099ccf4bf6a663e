"""Products with weights and activations of eight bits, summed up exactly.

Weights have a scale for each output, activations one for each row, found anew each time (Dettmers et al. 2022,
LLM.int8(), section 2.2, vector-wise quantisation). Sums of whole numbers do not depend on their order: a row's result
is the same bit for bit whatever is computed beside it, on however many threads, by whichever of the two paths.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from torch import Tensor

_MOST = 127
"""largest whole number that stands for a weight or an activation"""
_EXACT = 2**24
"""whole numbers up to this are exact in single precision"""


class Int8Linear:
    """A linear layer whose weights are whole numbers.

    Args:
        weight: (outputs, inputs), at least one of each.
        bias: (outputs,), or None.
        fast: whether to multiply eight bits at a time, see `fast_products`; the other path gives the same numbers.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None = None, fast: bool | None = None) -> None:
        exact = weight.detach().float().cpu()
        scale = exact.abs().amax(1).div_(_MOST).clamp_(min=torch.finfo(torch.float32).tiny)  # (O,)
        whole = (exact / scale[:, None]).round().to(torch.int8)  # (O, I)
        # With one input the weights are a column, whose products torch 2.14.1 leaves unwritten.
        self._fast = (fast_products() if fast is None else fast) and whole.shape[1] > 1
        wide = torch.float32 if whole.shape[1] * _MOST**2 <= _EXACT else torch.float64
        self._weight = (whole if self._fast else whole.to(wide)).t()  # (I, O)
        self._scale = scale.numpy()
        self._bias = None if bias is None else bias.detach().float().cpu().numpy()

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """Return the outputs, float32 (B, outputs), of rows, float32 (B, inputs)."""
        scale = np.abs(rows).max(-1, keepdims=True) / np.float32(_MOST)  # (B, 1)
        np.maximum(scale, np.finfo(np.float32).tiny, out=scale)
        whole = torch.from_numpy(np.rint(rows / scale))  # (B, I)
        if self._fast:
            sums = torch._int_mm(whole.to(torch.int8), self._weight).numpy()  # (B, O)
        else:
            sums = torch.mm(whole.to(self._weight.dtype), self._weight).numpy()
        outputs: np.ndarray = sums.astype(np.float32) * (scale * self._scale)
        return outputs if self._bias is None else outputs + self._bias


@cache
def fast_products() -> bool:
    """Return whether this machine multiplies eight bits at a time, and exactly.

    Some processors without instructions for it add up in sixteen bits, which are too few.
    """
    low, high = torch.full((3, 640), -_MOST, dtype=torch.int8), torch.full((64, 640), _MOST, dtype=torch.int8)
    wanted = -(_MOST**2) * 640
    try:
        found = [torch._int_mm(rows, high.t()) for rows in (low[:1], low)]
    except (AttributeError, RuntimeError):
        return False
    return all(bool((one == wanted).all()) for one in found)
