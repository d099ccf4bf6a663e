"""How the textbook's models are trained, and the mistakes that everybody makes once; imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from genai_demo.engine.fields import Mistake, Seed, Share
from genai_demo.engine.training.config import Rate, Weight

FAMILIES = ("textbook-vae", "textbook-gan")
ENGINE: dict[str, Any] = {"batch_size": 64, "clip_norm": 1e9, "ema_half_life": 0.0}
"""fields of the engine's configuration that leave the training as it stands in the books: no clipping, no average"""


@dataclass(frozen=True)
class TextbookVaeTraining:
    """How the textbook's VAE is trained, beyond what the engine needs to know."""

    learning_rate: Rate = 3e-3
    """peak learning rate"""
    kl_weight: Weight = 1.0
    """weight of the KL divergence beside the reconstruction; 1 as derived, much more and the codes say nothing"""
    skip_kl: Annotated[bool, Mistake] = False
    """a classic mistake: no KL term, so that nothing keeps the codes where they will be drawn"""
    raw_variance: Annotated[bool, Mistake] = False
    """a classic mistake: the logarithm of the variance is taken for the spread, so that codes lose their noise"""
    clamp_codes: Annotated[bool, Mistake] = False
    """a classic mistake: codes are cut off at -1 and 1, so that the decoder never sees most of those that are drawn"""
    seed: Seed = 0


@dataclass(frozen=True)
class TextbookGanTraining:
    """How the textbook's GAN is trained, beyond what the engine needs to know."""

    learning_rate: Rate = 2e-3
    """peak learning rate"""
    generator_share: Weight = 1.0
    """the generator's learning rate as a share of the discriminator's, lest that fall behind (Heusel et al. 2017)"""
    momentum: Share = 0.5
    """of the gradients; players that follow one another do better with less than usual"""
    skip_real: Annotated[bool, Mistake] = False
    """a classic mistake: the discriminator never sees a real picture, so that it has nothing to tell apart"""
    judge_pictures: Annotated[bool, Mistake] = False
    """a classic mistake: the generator's loss is that of its pictures, not of the verdict on them: they go white"""
    seed: Seed = 0
