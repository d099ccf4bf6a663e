"""Trains the baseline, the plain DCGAN, as its paper did."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai_demo.engine.evaluation.distances import frechet_distance, unit_scale
from genai_demo.engine.evaluation.verdicts import JUDGED, verdict_histograms
from genai_demo.engine.training.config import Progress
from genai_demo.engine.training.schedule import constant
from genai_demo.engine.training.task import Batch, Phase, Task, batch_generator
from genai_demo.faces.models.dcgan import FAMILY, DcganConfig, DcganDiscriminator, DcganGenerator, generate
from genai_demo.faces.models.random_features import RandomFeatures, as_floats, extract
from genai_demo.faces.sampling.grid import grid_png
from genai_demo.faces.training.configs import DcganTraining
from genai_demo.faces.training.face_task import in_batches, picture_variety

_PREVIEWED = 64
_VALIDATED = 512


class DcganTask(Task):
    """The baseline as the engine sees it.

    Args:
        training: how to train.
        pictures: to learn from, uint8 (N, 3, 64, 64).
        validation: uint8 (M, 3, 64, 64) to measure the distance to; None measures nothing.
        sizes: fields of the networks' configuration that differ from its defaults.
        source: what the pictures are, as reports describe data; JSON-able.
    """

    family = FAMILY
    ema_network = "generator"
    _training: DcganTraining

    def __init__(
        self,
        training: DcganTraining,
        pictures: Tensor,
        validation: Tensor | None = None,
        sizes: dict[str, Any] | None = None,
        source: dict[str, Any] | None = None,
    ) -> None:
        config = DcganConfig(**(sizes or {}))
        super().__init__(training, config, {"pictures": len(pictures), **(source or {})})
        self._latent = config.latent
        self._pictures, self._validation = pictures, validation
        torch.manual_seed(training.seed)
        self._generator, self._discriminator = DcganGenerator(config), DcganDiscriminator(config)
        self.networks = {"generator": self._generator, "discriminator": self._discriminator}
        losses = {"discriminator": self._discriminator_loss, "generator": self._generator_loss}
        self.phases = [
            Phase(name, name, _optimizer(self.networks[name], training), loss, constant(1.0))
            for name, loss in losses.items()
        ]

    def _made(self, count: int, device: torch.device) -> Tensor:
        return self._generator(torch.randn(count, self._latent, device=device))

    def _discriminator_loss(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        real = as_floats(batch["pictures"])
        with torch.no_grad():
            fake = self._made(len(real), real.device)
        # Each kind is normalised by itself, as in the paper's training.
        on_real, on_fake = self._discriminator(real), self._discriminator(fake)
        loss = F.softplus(-on_real.float()).mean() + F.softplus(on_fake.float()).mean()
        right = (on_real > on_fake).float().mean()
        return {"loss": loss, "real": on_real.float().mean(), "fake": on_fake.float().mean(), "pairs_right": right}

    def _generator_loss(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        pictures = batch["pictures"]
        logits = self._discriminator(self._made(len(pictures), pictures.device))
        # Non-saturating: minus the log of the probability that the picture is real (Goodfellow et al. 2014, section 3).
        return {"loss": F.softplus(-logits.float()).mean()}

    def batch(self, step: int, size: int, rank: int) -> Batch:
        """Return pictures, uint8 (size, 3, 64, 64)."""
        generator = batch_generator(self._training.seed, step, rank)
        pictures = self._pictures[torch.randint(len(self._pictures), (size,), generator=generator)]
        mirrored = torch.rand(size, 1, 1, 1, generator=generator) < 0.5 * self._training.flip
        return {"pictures": torch.where(mirrored, pictures.flip(3), pictures)}

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Return random features' Fréchet distance, and the variety, of at most 512 pictures, if any are held out."""
        assert isinstance(network, DcganGenerator)
        if self._validation is None:
            return {}
        features = RandomFeatures()
        real = self._validation[:_VALIDATED]
        made = generate(network, len(real), seed=0)
        reference, fake = unit_scale(extract(features, real), extract(features, made))
        return {"random_frechet": frechet_distance(reference, fake), "variety": picture_variety(made, real)}

    def verdicts(self, network: nn.Module) -> dict[str, Any]:
        """Return the probabilities of being real that the discriminator gives held-out and made pictures."""
        assert isinstance(network, DcganGenerator)
        if self._validation is None:
            return {}
        real = self._validation[:JUDGED]
        # As in training each kind is normalised by itself; the statistics that this moves are a copy's.
        judge = deepcopy(self._discriminator).train()
        shown = (as_floats(real), as_floats(generate(network, len(real), seed=0)))
        on_real, on_made = (in_batches(judge, some).sigmoid() for some in shown)
        return verdict_histograms(on_real, on_made, probabilities=True)

    def sample(self, network: nn.Module) -> dict[str, bytes]:
        assert isinstance(network, DcganGenerator)
        return {"sample.png": grid_png(generate(network, _PREVIEWED, seed=0), gap=0)}


def _optimizer(network: nn.Module, training: DcganTraining) -> torch.optim.Optimizer:
    return torch.optim.Adam(network.parameters(), lr=training.learning_rate, betas=(0.5, 0.999), foreach=True)
