"""The piano GAN as it is kept: the generator, and the discriminator that has taught it and chooses among its drafts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from genai_demo.music.models.gan import GanConfig, Generator
from genai_demo.music.models.gan_discriminator import Discriminator
from genai_demo.music.models.roll_conditioning import PHRASE_BARS

Parts = tuple[Tensor, Tensor, Tensor]
"""cells, known bars and conditions of windows, see `RollBatch`"""


@dataclass(frozen=True)
class RollBatch:
    """Bars and the bars before them, with what is known and asked of them; all of one metre."""

    cells: np.ndarray
    """bool (B, 2 hands, 2 channels, T, 72) with the tonic on C"""
    known: np.ndarray
    """bool (B, bars) which bars are shown"""
    conditions: np.ndarray
    """float32 (B, roll_conditioning.SIZE)"""


class Gan(nn.Module):
    """Generator and discriminator."""

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        self.config = config
        self.generator, self.discriminator = Generator(config), Discriminator(config)

    @torch.inference_mode()
    def write(self, batch: RollBatch, seed: int, size: int = 64, temperature: float = 1.0) -> RollBatch:
        """Return windows with those of their last four bars written that are not known.

        Args:
            batch: what is known and asked.
            seed: of the latent vectors.
            size: windows that are written at once.
            temperature: by which the latent vectors are multiplied.
        """
        random = torch.Generator().manual_seed(seed)
        latents = torch.randn(len(batch.cells), 1 + PHRASE_BARS, self.config.latent, generator=random) * temperature
        written = []
        for noise, (cells, known, conditions) in zip(latents.split(size), self._split(batch, size), strict=True):
            written.append(self.generator(noise.to(cells.device), conditions, cells, known).cpu() > 0.5)
        return RollBatch(torch.cat(written).numpy(), batch.known, batch.conditions)

    @torch.inference_mode()
    def score(self, batch: RollBatch, size: int = 64) -> Tensor:
        """Return how real the discriminator finds windows, (N,); compare only those with the same bars known.

        Args:
            batch: of one metre.
            size: windows that are scored at once.
        """
        scores = [self.discriminator(cells, conditions, known) for cells, known, conditions in self._split(batch, size)]
        return torch.cat(scores).cpu()

    def _split(self, batch: RollBatch, size: int) -> list[Parts]:
        device = next(self.parameters()).device
        parts = [torch.from_numpy(part) for part in (batch.cells, batch.known, batch.conditions)]
        cells, known, conditions = ([some.to(device) for some in part.split(size)] for part in parts)
        return [(some.float(), *rest) for some, *rest in zip(cells, known, conditions, strict=True)]
