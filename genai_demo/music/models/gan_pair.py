"""The piano GAN as it is kept: the generator, and the discriminator that has taught it and chooses among its drafts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from genai_demo.music.models.gan import GanConfig, Generator
from genai_demo.music.models.gan_discriminator import Discriminator
from genai_demo.music.models.roll_conditioning import BARS

Parts = tuple[Tensor, Tensor, Tensor]
"""cells, known bars and conditions of canvases, see `Canvases`"""


@dataclass(frozen=True)
class Canvases:
    """Bars and the bars before them, with what is known and asked of them; all of one metre."""

    cells: np.ndarray
    """bool (B, 2 hands, 2 channels, T, 72) with the tonic on C"""
    known: np.ndarray
    """bool (B, bars) which bars are shown"""
    conditions: np.ndarray
    """float32 (B, traits.SIZE)"""


class Gan(nn.Module):
    """Generator and discriminator."""

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        self.config = config
        self.generator, self.discriminator = Generator(config), Discriminator(config)

    @torch.inference_mode()
    def write(self, canvases: Canvases, seed: int, size: int = 64, temperature: float = 1.0) -> Canvases:
        """Return canvases with those of their last four bars written that are not known.

        Args:
            canvases: what is known and asked.
            seed: of the latent vectors.
            size: canvases that are written at once.
            temperature: by which the latent vectors are multiplied.
        """
        random = torch.Generator().manual_seed(seed)
        latents = torch.randn(len(canvases.cells), 1 + BARS, self.config.latent, generator=random) * temperature
        written = []
        for noise, (cells, known, conditions) in zip(latents.split(size), self._split(canvases, size), strict=True):
            written.append(self.generator(noise.to(cells.device), conditions, cells, known).cpu() > 0.5)
        return Canvases(torch.cat(written).numpy(), canvases.known, canvases.conditions)

    @torch.inference_mode()
    def judge(self, canvases: Canvases, size: int = 64) -> Tensor:
        """Return how real the discriminator finds canvases, (N,); compare only those with the same bars known.

        Args:
            canvases: of one metre.
            size: canvases that are judged at once.
        """
        scores = [
            self.discriminator(cells, conditions, known) for cells, known, conditions in self._split(canvases, size)
        ]
        return torch.cat(scores).cpu()

    def _split(self, canvases: Canvases, size: int) -> list[Parts]:
        device = next(self.parameters()).device
        parts = [torch.from_numpy(part) for part in (canvases.cells, canvases.known, canvases.conditions)]
        cells, known, conditions = ([some.to(device) for some in part.split(size)] for part in parts)
        return [(some.float(), *rest) for some, *rest in zip(cells, known, conditions, strict=True)]
