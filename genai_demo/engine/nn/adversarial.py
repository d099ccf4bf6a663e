"""The adversarial losses that the GANs share.

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
        real_scores, fake_scores: (B,) scores; partners stand at the same index.
    """
    return F.softplus(fake_scores - real_scores).mean()


def generator_loss(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """Return the mean loss of a generator whose examples should be scored above their real partners.

    Args:
        real_scores, fake_scores: (B,) scores; partners stand at the same index.
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


def discriminator_turn(
    discriminator: Discriminator, real: Tensor, fake: Tensor, penalty_weight: float
) -> dict[str, Tensor]:
    """Return the discriminator's "loss", its mean "lead" for real examples, and the share of "pairs_right", 0 to 1.

    Args:
        discriminator: the one whose turn it is.
        real, fake: (B, ...) examples as it sees them, augmented; partners stand at the same index.
        penalty_weight: weight of the gradient penalties on both sides together; at 0 they are not computed.
    """
    real_scores, fake_scores = discriminator(real), discriminator(fake)
    loss = discriminator_loss(real_scores, fake_scores)
    if penalty_weight > 0:
        penalty = gradient_penalty(discriminator, real) + gradient_penalty(discriminator, fake)
        loss = loss + penalty_weight * penalty
    lead = real_scores - fake_scores
    return {"loss": loss, "lead": lead.mean(), "pairs_right": (lead > 0).float().mean()}


def lazy_penalty_weight(gamma: float, step: int, every: int) -> float:
    """Return the weight of the penalties at `step`: a penalised step counts for those without (Karras et al. 2020).

    Args:
        gamma: weight if every step were penalised.
        every: steps from one penalised step to the next.
    """
    return every * gamma / 2 if step % every == 0 else 0.0
