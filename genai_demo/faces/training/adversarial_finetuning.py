"""Fine-tunes a trained VAE: a discriminator tells its decoder what reconstructions lack, so that faces become crisp.

Model cards and `--start` call this polishing.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from genai_demo.engine.evaluation.distances import frechet_distance
from genai_demo.engine.models.lineage import open_start
from genai_demo.engine.nn.adversarial import discriminator_turn, generator_loss, lazy_penalty_weight
from genai_demo.engine.training.config import Progress
from genai_demo.engine.training.schedule import cosine, linear
from genai_demo.engine.training.task import Batch, Phase
from genai_demo.faces.data.batches import to_bytes
from genai_demo.faces.models.blocks import channels_last
from genai_demo.faces.models.gan import Discriminator, GanConfig
from genai_demo.faces.models.random_features import RandomFeatures, extract
from genai_demo.faces.models.vae import Vae, reconstruction_loss
from genai_demo.faces.training.augmentation import augment
from genai_demo.faces.training.configs import FinetuningTraining, VaeTraining
from genai_demo.faces.training.vae import VaeTask, repaint

if TYPE_CHECKING:
    from genai_demo.faces.data.labels import Faces

DISCRIMINATOR_WIDTHS = (128, 128, 96, 48, 24)
"""discriminator's channels from 4x4 on; stages finer than the VAE's pictures are left out"""


class VaeFinetuningTask(VaeTask):
    """A VAE whose decoder goes on learning, as the engine sees it.

    The encoder stays as it is, and so does what codes mean. The decoder paints codes of training faces: their
    distribution is what new codes are drawn from. What it paints shall stay near the face, and be taken for a photo
    (Larsen et al. 2016, section 3.2; the pull is balanced as by Esser, Rombach and Ommer 2021, equation 7).

    Args:
        training: how to train.
        faces: faces to learn from, with the labels that are known.
        validation: faces to measure on; may be empty.
        start: a run of a VAE, or its checkpoint.
        widths: discriminator's channels from 4x4 on.
    """

    _training: FinetuningTraining

    def __init__(
        self,
        training: FinetuningTraining,
        faces: Faces,
        validation: Faces,
        start: Path,
        widths: tuple[int, ...] = DISCRIMINATOR_WIDTHS,
    ) -> None:
        how = VaeTraining(seed=training.seed)
        super().__init__(how, faces, validation, start=open_start(start, self.family))
        self._vae.observer.requires_grad_(False)
        self._vae.to_code.requires_grad_(False)
        config = GanConfig(self._vae.config.resolution, critic_widths=widths, critic_blocks=(1,) * len(widths))
        self._discriminator = channels_last(Discriminator(config))
        self._discriminator.read_labels.requires_grad_(False)  # the codes of real faces bring their labels with them
        self._described["training"] = asdict(training)
        self._training = training
        self.networks = {"vae": self._vae, "discriminator": self._discriminator}
        players = (
            ("discriminator", self._discriminator_loss, 1.0),
            ("vae", self._decoder_loss, training.generator_share),
        )
        self.phases = [
            Phase(name, name, self._optimizer(self.networks[name]), loss, cosine(share, share * training.final_rate))
            for name, loss, share in players
        ]

    def _optimizer(self, network: nn.Module) -> torch.optim.Optimizer:
        weights = [weight for weight in network.parameters() if weight.requires_grad]
        return torch.optim.Adam(weights, lr=self._training.learning_rate, betas=(0.0, 0.99), foreach=True)

    def _codes(self, pictures: Tensor) -> Tensor:
        """Return a draw of the code (B, latent) of each picture (B, 3, S, S)."""
        with torch.no_grad():
            mean, log_variance = self._vae.encode(pictures)
            return mean + torch.randn_like(mean) * (0.5 * log_variance).exp()

    def _gamma(self, progress: Progress) -> float:
        return linear(self._training.gamma, self._training.final_gamma)(progress.fraction)

    def _augment(self, pictures: Tensor) -> Tensor:
        return augment(pictures, self._training.augmentation)

    def _discriminator_loss(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        real, known = batch["pictures"].to(memory_format=torch.channels_last), batch["conditions"]
        with torch.no_grad():
            fake = self._vae.decode(self._codes(real))
        real, fake = self._augment(real), self._augment(fake)
        weight = lazy_penalty_weight(self._gamma(progress), progress.step, self._training.penalty_every)
        return discriminator_turn(lambda pictures: self._discriminator(pictures, known), real, fake, weight)

    def _decoder_loss(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        real, known = batch["pictures"].to(memory_format=torch.channels_last), batch["conditions"]
        painted = self._vae.decode(self._codes(real))
        near = reconstruction_loss(real, painted) / real[0].numel()
        with torch.no_grad():
            real_scores = self._discriminator(self._augment(real), known)
        self._discriminator.requires_grad_(False)
        crisp = generator_loss(real_scores, self._discriminator(self._augment(painted), known))
        self._discriminator.requires_grad_(True)
        weight = self._training.pull * adaptive_weight(near, crisp, painted)
        return {"loss": near + weight * crisp, "near": near.detach(), "crisp": crisp.detach(), "weight": weight}

    @torch.inference_mode()
    def validate(self, network: nn.Module) -> dict[str, float]:
        """Return what a VAE is measured by, and the distance of the reconstructions from real faces."""
        assert isinstance(network, Vae)
        if len(self.held_out) < 2:
            return {}
        features = RandomFeatures()
        painted = to_bytes(repaint(network, self.held_out))
        distance = frechet_distance(extract(features, self.held_out), extract(features, painted))
        return {**super().validate(network), "random_frechet": distance}


def adaptive_weight(first: Tensor, second: Tensor, painted: Tensor) -> Tensor:
    """Return the weight at which `second` pulls as strongly at pictures as `first`, of this batch.

    Args:
        first, second: losses, scalars.
        painted: pictures (B, 3, S, S) that both depend on.
    """
    pulls = [torch.autograd.grad(loss, painted, retain_graph=True)[0].norm() for loss in (first, second)]
    return (pulls[0] / pulls[1].clamp_min(1e-8)).detach()
