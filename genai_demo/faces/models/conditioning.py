"""What is known or asked of a face, as the numbers that networks read."""

from __future__ import annotations

import torch
from torch import Tensor

SIZE = 6
"""numbers per condition: value and whether it is known, for age, gender and smile"""
MIDDLE_AGE, AGE_SPREAD = 40.0, 20.0
"""years at which the age number is 0, and by which it changes by 1"""


def encode(ages: Tensor, women: Tensor, smiles: Tensor) -> Tensor:
    """Return conditions (N, SIZE).

    Args:
        ages: (N,) years; NaN where unknown or left open.
        women: (N,) from 0 man to 1 woman; NaN where unknown or left open.
        smiles: (N,) from 0 no smile to 1 smile; NaN where unknown or left open.
    """
    values = torch.stack([(ages - MIDDLE_AGE) / AGE_SPREAD, women * 2 - 1, smiles * 2 - 1], 1).float()  # (N, 3)
    known = ~values.isnan()
    return torch.stack([values.nan_to_num(), known.float()], 2).flatten(1)  # (N, 3, 2) -> (N, SIZE)
