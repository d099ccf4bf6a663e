"""The adversarial losses that face and music models share.

Relativistic pairing with zero-centred penalties on both sides: Huang, Gokaslan, Kuleshov and Tompkin,
"The GAN is dead; long live the GAN!" (2024), section 2. The pairing makes a generated example beat a real one
instead of a fixed mark, which keeps the generator from collapsing; the penalties make that game converge.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

Discriminator = Callable[[Tensor], Tensor]
"""scores (B,) of examples (B, ...): the higher, the more real"""


def discriminator_loss(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """Return the mean loss of a discriminator that should score each real example above its generated partner.

    Args:
        real_scores, fake_scores: (B,) scores; partners stand at the same place.
    """
    return F.softplus(fake_scores - real_scores).mean()


def generator_loss(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """Return the mean loss of a generator whose examples should be scored above their real partners.

    Args:
        real_scores, fake_scores: (B,) scores; partners stand at the same place.
    """
    return F.softplus(real_scores - fake_scores).mean()


def gradient_penalty(discriminator: Discriminator, examples: Tensor) -> Tensor:
    """Return the mean squared norm of the scores' gradient at `examples`: R1 on real ones, R2 on generated ones.

    It is computed in single precision and can be differentiated again (Mescheder, Geiger and Nowozin 2018, eq. 9).

    Args:
        discriminator: scores examples; each score depends on its own example only.
        examples: (B, ...) examples.
    """
    with torch.autocast(examples.device.type, enabled=False):
        examples = examples.detach().float().requires_grad_(True)
        scores = discriminator(examples)
        (gradient,) = torch.autograd.grad(scores.sum(), examples, create_graph=True)
    return gradient.square().flatten(1).sum(1).mean()  # (B, ...) -> (B, D) -> ()
