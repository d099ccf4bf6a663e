"""Trains the textbook's generative adversarial network."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from genai_demo.engine.evaluation.verdicts import JUDGED, verdict_histograms
from genai_demo.engine.training.config import Progress
from genai_demo.engine.training.schedule import constant
from genai_demo.engine.training.task import Batch, Phase
from genai_demo.faces.models.textbook_gan import (
    FAMILY,
    TextbookDiscriminator,
    TextbookGanConfig,
    TextbookGenerator,
    discriminator_loss,
    generator_loss,
)
from genai_demo.faces.training.face_task import in_batches
from genai_demo.faces.training.textbook.configs import TextbookGanTraining
from genai_demo.faces.training.textbook.pictures_task import PicturesTask, floats


class TextbookGanTask(PicturesTask):
    """The textbook's GAN as the engine sees it.

    Args:
        training: how to train, mistakes included.
        pictures: to learn from, uint8 (N, 1, S, S).
        held_out: to measure on, uint8 (M, 1, S, S).
        sizes: fields of the networks' configuration that differ from its defaults.
    """

    family = FAMILY
    ema_network = "generator"
    selection_metric = "distance"
    _training: TextbookGanTraining

    def __init__(
        self, training: TextbookGanTraining, pictures: Tensor, held_out: Tensor, sizes: dict[str, Any] | None = None
    ) -> None:
        config = TextbookGanConfig(**{**(sizes or {}), "side": pictures.shape[3]})
        super().__init__(training, config, pictures, held_out, config.latent)
        torch.manual_seed(training.seed)
        self._generator, self._discriminator = TextbookGenerator(config), TextbookDiscriminator(config)
        self.networks = {"generator": self._generator, "discriminator": self._discriminator}
        turns = {
            "discriminator": (self._discriminator_loss, 1.0),
            "generator": (self._generator_loss, training.generator_share),
        }
        self.phases = [
            Phase(name, name, self._optimizer(self.networks[name]), loss, constant(share))
            for name, (loss, share) in turns.items()
        ]

    def _optimizer(self, network: nn.Module) -> torch.optim.Optimizer:
        how = self._training
        return torch.optim.Adam(network.parameters(), lr=how.learning_rate, betas=(how.momentum, 0.999))

    def _made(self, batch: Batch) -> Tensor:
        pictures = batch["pictures"]
        return self._generator(torch.randn(len(pictures), self._latent, device=pictures.device))

    def _discriminator_loss(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        with torch.no_grad():
            made = self._made(batch)
        verdicts = self._discriminator(batch["pictures"]), self._discriminator(made)
        return discriminator_loss(*verdicts, skip_real=self._training.skip_real)

    def _generator_loss(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        made = self._made(batch)
        loss = generator_loss(self._discriminator(made), made, self._training.judge_pictures)
        return {"loss": loss, "brightness": made.detach().mean()}

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Return the figures of made pictures, see `PicturesTask.measured`."""
        return self.measured(network)

    def verdicts(self, network: nn.Module) -> dict[str, Any]:
        """Return the probabilities of being real that the discriminator gives held-out and made pictures."""
        if not len(self.held_out):
            return {}
        real = floats(self.held_out[:JUDGED])
        judged = [in_batches(self._discriminator, some) for some in (real, self.made(network, len(real), seed=0))]
        return verdict_histograms(judged[0].sigmoid(), judged[1].sigmoid(), probabilities=True)

    def sample(self, network: nn.Module) -> dict[str, bytes]:
        """Return a sheet of made pictures, not chosen."""
        return {"sample.png": self.drawn(network)}
