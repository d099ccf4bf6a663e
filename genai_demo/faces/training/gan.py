"""Trains the face GAN: what the two networks play for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from genai_demo.engine.evaluation.distances import frechet_distance
from genai_demo.engine.evaluation.verdicts import JUDGED, verdict_histograms
from genai_demo.engine.models.checkpoint import Checkpoint
from genai_demo.engine.models.lineage import open_start
from genai_demo.engine.nn.adversarial import discriminator_turn, generator_loss, lazy_penalty_weight
from genai_demo.engine.training.config import Progress
from genai_demo.engine.training.run import RunFolder
from genai_demo.engine.training.schedule import cosine, linear, warm_up
from genai_demo.engine.training.state import read_networks
from genai_demo.engine.training.task import Batch, Phase
from genai_demo.errors import UserError
from genai_demo.faces.data.batches import to_bytes
from genai_demo.faces.models.blocks import channels_last
from genai_demo.faces.models.encoder import label_losses
from genai_demo.faces.models.gan import Discriminator, GanConfig, Generator
from genai_demo.faces.models.judge import Judge
from genai_demo.faces.models.metadata import FILE, FaceMetadata, tabulate
from genai_demo.faces.models.random_features import RandomFeatures, as_floats, extract
from genai_demo.faces.models.vae import load_vae
from genai_demo.faces.requests import DIRECTIONS
from genai_demo.faces.sampling.grid import grid_png
from genai_demo.faces.training.adaptive import AdaptiveAugmentation
from genai_demo.faces.training.augmentation import augment
from genai_demo.faces.training.configs import GanTraining
from genai_demo.faces.training.face_task import FaceTask, in_batches, picture_variety
from genai_demo.faces.training.vae_initialization import initialize_from_vae

if TYPE_CHECKING:
    from genai_demo.faces.data.labels import Faces


class GanTask(FaceTask):
    """The face GAN as the engine sees it.

    Args:
        training: how to train.
        faces: faces to learn from.
        validation: faces to measure on; may be empty.
        folder: where the table of the labels is written; every checkpoint takes it along.
        sizes: fields of the networks' configuration that differ from its defaults.
        start: a run of a GAN whose networks to go on with, at its resolution or a smaller one; a GAN's checkpoint,
            which may hold its generator alone; or a run or checkpoint of a VAE, as whose decoder the generator starts.
    """

    family = "gan"
    ema_network = "generator"
    selection_metric = "random_frechet"
    _training: GanTraining

    def __init__(
        self,
        training: GanTraining,
        faces: Faces,
        validation: Faces,
        folder: Path,
        sizes: dict[str, Any] | None = None,
        start: Path | None = None,
    ) -> None:
        config = GanConfig(**(sizes or {}))
        origin = None if start is None else open_start(start, "gan", "vae")
        super().__init__(training, config, faces, validation, origin)
        self._folder = folder
        FaceMetadata(tabulate(faces.labels().numpy()), ("",) * DIRECTIONS).write(folder)
        torch.manual_seed(training.seed)
        self._generator, self._discriminator = Generator(config), Discriminator(config)
        self._latent = config.latent
        share = training.generator_share
        rates = {
            "discriminator": cosine(1.0, training.final_rate),
            "generator": cosine(share, share * training.final_rate),
        }
        if start is not None and origin is not None:
            if origin.checkpoint.family == "vae":
                initialize_from_vae(self._generator, load_vae(origin.checkpoint), faces)
                knows = False
            else:
                knows = self._go_on_from(start, origin.checkpoint)
            if not knows:
                # What a new discriminator says at first would only do harm.
                rates["generator"] = warm_up(rates["generator"], training.warm_up)
        self.networks = {"generator": self._generator, "discriminator": self._discriminator}
        for network in self.networks.values():
            channels_last(network)
        self._adaptive = AdaptiveAugmentation(training.adaptive) if training.adaptive else None
        if self._adaptive is not None:
            self.networks["augmentation"] = self._adaptive
        self.phases = [
            Phase(name, name, self._optimizer(self.networks[name]), loss, rates[name])
            for name, loss in (("discriminator", self._discriminator_loss), ("generator", self._generator_loss))
        ]

    def _optimizer(self, network: nn.Module) -> torch.optim.Optimizer:
        # No momentum: each player must follow where the other has moved to (Mescheder et al. 2018, section 5).
        return torch.optim.Adam(network.parameters(), lr=self._training.learning_rate, betas=(0.0, 0.99), foreach=True)

    def _go_on_from(self, start: Path, checkpoint: Checkpoint) -> bool:
        """Take over the networks, and return whether a discriminator was among them."""
        networks = read_networks(RunFolder(start)) if RunFolder(start).state_folder() is not None else None
        _take_over(self._generator, networks["generator"] if networks else checkpoint.weights(), start)
        if networks:
            _take_over(self._discriminator, networks["discriminator"], start)
        elif judge := Judge.read_from(checkpoint):
            _take_over(self._discriminator, judge.network.state_dict(), start)
        else:
            return False
        return True

    def _noise(self, count: int, like: Tensor) -> Tensor:
        return torch.randn(count, self._latent, device=like.device)  # (B, latent)

    def _gamma(self, progress: Progress) -> float:
        return linear(self._training.gamma, self._training.final_gamma)(progress.fraction)

    def _augment(self, pictures: Tensor, progress: Progress) -> Tensor:
        if self._adaptive is not None:
            return augment(pictures, self._adaptive.now())
        first, last = self._training.first_augmentation, self._training.augmentation
        return augment(pictures, first + (last - first) * min(1.0, 2 * progress.fraction))

    def _discriminator_loss(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        real, known = batch["pictures"].to(memory_format=torch.channels_last), batch["conditions"]
        with torch.no_grad():
            fake = self._generator(self._noise(len(real), real), known)
        real, fake = self._augment(real, progress), self._augment(fake, progress)
        weight = lazy_penalty_weight(self._gamma(progress), progress.step, self._training.penalty_every)
        seen: list[Tensor] = []

        def score(pictures: Tensor) -> Tensor:
            seen.append(self._discriminator.features(pictures))
            return self._discriminator.score_features(seen[-1], known)

        turn = discriminator_turn(score, real, fake, weight)
        told = {}
        if self._adaptive is not None:
            self._adaptive.follow(turn["pairs_right"], len(real))
            told = {"augmentation": self._adaptive.probability.clone()}
        # It sees the real faces first; nothing can be learnt from the labels that it reads off generated ones.
        labels = self._label_loss(seen[0], known)
        return turn | told | {"loss": turn["loss"] + self._training.label_weight * labels, "labels": labels.detach()}

    def _generator_loss(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        real, known = batch["pictures"].to(memory_format=torch.channels_last), batch["conditions"]
        fake = self._generator(self._noise(len(real), real), known)
        with torch.no_grad():
            real_scores = self._discriminator(self._augment(real, progress), known)
        self._discriminator.requires_grad_(False)
        features = self._discriminator.features(self._augment(fake, progress))
        fake_scores = self._discriminator.score_features(features, known)
        labels = self._label_loss(features, known)
        self._discriminator.requires_grad_(True)
        loss = generator_loss(real_scores, fake_scores) + self._training.label_weight * labels
        return {"loss": loss, "labels": labels.detach()}

    def _label_loss(self, features: Tensor, known: Tensor) -> Tensor:
        losses = label_losses(self._discriminator.predict_labels(features), known)
        return self._training.age_weight * losses["age"] + losses["gender"] + losses["smile"]

    def files(self) -> dict[str, Path]:
        """Return the table of the labels."""
        return {FILE: self._folder / FILE}

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Return distance and variety of as many generated faces as validation faces, with the same labels."""
        if len(self.held_out) < 2:
            return {}
        features = RandomFeatures()
        fake = to_bytes(self._previews(network, len(self.held_out), seed=0))
        distance = frechet_distance(extract(features, self.held_out), extract(features, fake))
        return {"random_frechet": distance, "variety": picture_variety(fake, self.held_out)}

    def verdicts(self, network: nn.Module) -> dict[str, Any]:
        """Return the scores of validation faces and of generated ones with the same labels, all as they are."""
        real = self.held_out[:JUDGED]
        if not len(real):
            return {}
        made, known = self._previews(network, len(real), seed=0), self.known[: len(real)]
        on_real, on_made = (in_batches(self._discriminator, some, known) for some in (as_floats(real), made))
        return verdict_histograms(on_real, on_made)

    def sample(self, network: nn.Module) -> dict[str, bytes]:
        """Return a sheet of faces, not chosen."""
        return {"sample.png": grid_png(to_bytes(self._previews(network, len(self.shown), seed=1)))}

    def _previews(self, network: nn.Module, count: int, seed: int) -> Tensor:
        latents = torch.randn(count, self._latent, generator=torch.Generator().manual_seed(seed))
        return in_batches(network, latents, self.known[:count])


def _take_over(network: Generator | Discriminator, weights: dict[str, Tensor], start: Path) -> None:
    own = network.state_dict()
    # What was trained at a smaller side lacks the finest stages; they start as if they were not there.
    if not weights or any(key not in own or own[key].shape != value.shape for key, value in weights.items()):
        raise UserError("faces.other_sizes", run=start)
    for key in own.keys() - weights.keys():
        if key.startswith("observer.transitions."):
            own[key].zero_()
    network.load_state_dict(weights, strict=False)
