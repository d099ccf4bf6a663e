"""Trains the face encoder: two views of each face should meet, and its labels be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from genai_demo.engine.nn.contrastive import contrastive_loss
from genai_demo.engine.training.config import Progress
from genai_demo.engine.training.run import REAL
from genai_demo.engine.training.schedule import cosine, warm_up
from genai_demo.engine.training.task import Batch, Phase, decayed_adamw
from genai_demo.faces.data.batches import to_floats
from genai_demo.faces.data.views import ANGLES, SCALES, SHIFTS, warp
from genai_demo.faces.models import conditioning
from genai_demo.faces.models.blocks import channels_last
from genai_demo.faces.models.encoder import EncoderConfig, FaceEncoder, label_losses
from genai_demo.faces.sampling.grid import grid_png
from genai_demo.faces.sampling.reference_faces import embed
from genai_demo.faces.training.augmentation import augment
from genai_demo.faces.training.configs import EncoderTraining
from genai_demo.faces.training.face_task import FaceTask

if TYPE_CHECKING:
    from genai_demo.faces.data.labels import Faces


class EncoderTask(FaceTask):
    """The face encoder as the engine sees it.

    Args:
        training: how to train.
        faces: faces to learn from, with the labels that are known.
        validation: faces to measure on; may be empty.
        sizes: fields of the network's configuration that differ from its defaults.
    """

    family = "encoder"
    ema_network = "encoder"
    _training: EncoderTraining

    def __init__(
        self, training: EncoderTraining, faces: Faces, validation: Faces, sizes: dict[str, Any] | None = None
    ) -> None:
        config = EncoderConfig(**(sizes or {}))
        super().__init__(training, config, faces, validation)
        torch.manual_seed(training.seed)
        self._encoder = channels_last(FaceEncoder(config))
        self.networks = {"encoder": self._encoder}
        optimizer = decayed_adamw(self._encoder, training.learning_rate, training.weight_decay)
        rate = warm_up(cosine(1.0, training.final_rate), training.warm_up)
        self.phases = [Phase("encoder", "encoder", optimizer, self._loss, rate)]

    def _loss(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        views = torch.cat([view(batch["pictures"]), view(batch["pictures"])])  # (2B, 3, S, S)
        features = self._encoder(views.to(memory_format=torch.channels_last))
        first, second = self._encoder.embed(features).chunk(2)  # (B, E) each
        contrast = contrastive_loss(first, second, self._training.temperature)
        labels = label_losses(self._encoder.predict_labels(features), batch["conditions"].repeat(2, 1))
        loss = self._training.contrast * contrast + torch.stack(list(labels.values())).sum()
        return {"loss": loss, "contrast": contrast.detach(), **{name: value.detach() for name, value in labels.items()}}

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Return how well labels of held-out faces are read: mean error of the age, shares right of the others."""
        if not len(self.held_out):
            return {}
        assert isinstance(network, FaceEncoder)
        read = network.judge(to_floats(self.held_out))
        values, known = self.known.unflatten(1, (3, 2)).unbind(2)  # (N, 6) -> (N, 3, 2) -> (N, 3) twice
        ages = values[:, 0] * conditioning.AGE_SPREAD + conditioning.MIDDLE_AGE
        woman, smile = (
            (found > 0.5) == (values[:, column] > 0) for column, found in ((1, read.women), (2, read.smiles))
        )
        right = torch.stack([(read.ages - ages).abs(), woman.float(), smile.float()], 1)  # (N, 3)
        names = ("age_error", "gender_accuracy", "smile_accuracy")
        return {
            name: float(right[known[:, index] > 0, index].mean())
            for index, name in enumerate(names)
            if known[:, index].any()
        }

    def sample(self, network: nn.Module) -> dict[str, bytes]:
        """Return rows of a held-out face and the seven that are most like it."""
        assert isinstance(network, FaceEncoder)
        pictures = self.held_out if len(self.held_out) else self.shown
        vectors = embed(network, pictures)
        nearest = (vectors[:8] @ vectors.T).topk(min(8, len(vectors))).indices  # (8, 8)
        return {f"{REAL}neighbours.png": grid_png(pictures[nearest.flatten()], columns=nearest.shape[1])}


def view(pictures: Tensor) -> Tensor:
    """Return pictures (B, 3, S, S) a little nearer or farther, turned, shifted, mirrored and recoloured.

    No blur and no noise: who is to judge generated faces must go on seeing them.
    """
    count, device = len(pictures), pictures.device
    scale = torch.empty(count, device=device).uniform_(*SCALES)
    angle = torch.empty(count, device=device).uniform_(*ANGLES)
    mirror = torch.where(torch.rand(count, device=device) < 0.5, -1.0, 1.0)
    shift = torch.empty(count, 2, device=device).uniform_(*SHIFTS)
    return augment(warp(pictures, scale, angle, mirror, shift), 0.6, most_shift=0.0)
