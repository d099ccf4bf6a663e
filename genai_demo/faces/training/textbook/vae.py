"""Trains the textbook's variational autoencoder."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from genai_demo.engine.training.config import Progress
from genai_demo.engine.training.run import REAL
from genai_demo.engine.training.schedule import constant
from genai_demo.engine.training.task import Batch, Phase
from genai_demo.faces.models.textbook_vae import FAMILY, TextbookVae, TextbookVaeConfig, vae_loss
from genai_demo.faces.training.textbook.configs import TextbookVaeTraining
from genai_demo.faces.training.textbook.pictures_task import PicturesTask, floats

_SHOWN = 32


class TextbookVaeTask(PicturesTask):
    """The textbook's VAE as the engine sees it.

    Args:
        training: how to train, mistakes included.
        pictures: to learn from, uint8 (N, 1, S, S).
        held_out: to measure on, uint8 (M, 1, S, S).
        sizes: fields of the network's configuration that differ from its defaults.
    """

    family = FAMILY
    ema_network = "vae"
    selection_metric = "loss"
    _training: TextbookVaeTraining

    def __init__(
        self, training: TextbookVaeTraining, pictures: Tensor, held_out: Tensor, sizes: dict[str, Any] | None = None
    ) -> None:
        config = TextbookVaeConfig(**{**(sizes or {}), "side": pictures.shape[3]})
        super().__init__(training, config, pictures, held_out, config.latent)
        torch.manual_seed(training.seed)
        self._vae = TextbookVae(config)
        self.networks = {self.ema_network: self._vae}
        optimizer = torch.optim.Adam(self._vae.parameters(), lr=training.learning_rate)
        self.phases = [Phase("vae", self.ema_network, optimizer, self._loss, constant(1.0))]

    def _loss(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        how = self._training
        weight = 0.0 if how.skip_kl else how.kl_weight
        return vae_loss(self._vae, batch["pictures"], weight, how.raw_variance, how.clamp_codes)

    @torch.inference_mode()
    def validate(self, network: nn.Module) -> dict[str, float]:
        """Return the evidence lower bound as a loss in nats per picture, and the figures of drawn pictures.

        Whatever mistake the training makes, this is the bound as it should be.
        """
        if len(self.held_out) < 2:
            return {}
        assert isinstance(network, TextbookVae)
        torch.manual_seed(0)
        told = vae_loss(network, floats(self.held_out).to(network.mean.weight.device))
        return {name: float(told[name]) for name in ("loss", "reconstruction")} | self.measured(network)

    @torch.inference_mode()
    def sample(self, network: nn.Module) -> dict[str, bytes]:
        """Return pictures beside their reconstructions, and pictures of drawn codes."""
        assert isinstance(network, TextbookVae)
        shown = floats((self.held_out if len(self.held_out) else self.pictures)[:_SHOWN])
        painted = network(network.encode(shown.to(network.mean.weight.device))[0]).cpu()
        pairs = torch.stack([shown, painted], 1).flatten(0, 1)  # (N, 2, 1, S, S) -> (2N, 1, S, S)
        return {f"{REAL}and-reconstructed.png": self.sheet(pairs), "drawn.png": self.drawn(network)}
