"""Trains the face VAE."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from genai_demo.engine.training.config import Progress
from genai_demo.engine.training.run import REAL
from genai_demo.engine.training.schedule import cosine, warm_up
from genai_demo.engine.training.task import Batch, Phase, decayed_adamw
from genai_demo.faces.data.batches import to_bytes, to_floats
from genai_demo.faces.models.blocks import channels_last
from genai_demo.faces.models.vae import Decoder, MeanEncoder, Vae, VaeConfig, vae_loss
from genai_demo.faces.sampling.grid import grid_png
from genai_demo.faces.training.configs import VaeTraining
from genai_demo.faces.training.face_task import FaceTask, in_batches

if TYPE_CHECKING:
    from genai_demo.engine.models.lineage import Start
    from genai_demo.faces.data.labels import Faces


class VaeTask(FaceTask):
    """The face VAE as the engine sees it.

    Args:
        training: how to train.
        faces: faces to learn from; their labels are not used.
        validation: faces to measure on; may be empty.
        sizes: fields of the network's configuration that differ from its defaults, or from those of `start`.
        start: a VAE whose weights to start from.
    """

    family = "vae"
    ema_network = "vae"

    def __init__(
        self,
        training: VaeTraining,
        faces: Faces,
        validation: Faces,
        sizes: dict[str, Any] | None = None,
        start: Start | None = None,
    ) -> None:
        config = VaeConfig(**((start.checkpoint.model if start else {}) | (sizes or {})))
        super().__init__(training, config, faces, validation, start)
        torch.manual_seed(training.seed)
        self._vae = channels_last(Vae(config))
        if start is not None:
            start.load_into(self._vae)
        self._free, self._latent = training.free, config.latent
        self.networks = {"vae": self._vae}
        optimizer = decayed_adamw(self._vae, training.learning_rate, training.weight_decay)
        rate = warm_up(cosine(1.0, training.final_rate), training.warm_up)
        self.phases = [Phase("vae", "vae", optimizer, self._loss, rate)]

    def change(self, name: str, value: float) -> None:
        super().change(name, value)
        if name == "free":
            self._free = value

    def _loss(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        return vae_loss(self._vae, batch["pictures"].to(memory_format=torch.channels_last), self._free)

    @torch.inference_mode()
    def validate(self, network: nn.Module) -> dict[str, float]:
        """Return the loss, and the root mean square difference of reconstructions in grey levels (0 to 255)."""
        if not len(self.held_out):
            return {}
        assert isinstance(network, Vae)
        pictures = to_floats(self.held_out)
        device = next(network.parameters()).device
        torch.manual_seed(0)
        loss = vae_loss(network, pictures[:256].to(device), self._free)["loss"]
        difference = repaint(network, self.held_out) - pictures
        return {"loss": float(loss), "difference": float(difference.square().mean().sqrt() * 127.5)}

    def sample(self, network: nn.Module) -> dict[str, bytes]:
        """Return faces beside their reconstructions, and faces of drawn codes."""
        assert isinstance(network, Vae)
        repainted = to_bytes(repaint(network, self.shown))
        pairs = torch.stack([self.shown, repainted], 1).flatten(0, 1)  # (N, 2, 3, S, S) -> (2N, 3, S, S)
        codes = torch.randn(len(self.shown), self._latent, generator=torch.Generator().manual_seed(1))
        drawn = to_bytes(in_batches(Decoder(network), codes))
        return {f"{REAL}and-reconstructed.png": grid_png(pairs, columns=8), "drawn.png": grid_png(drawn, columns=8)}


def repaint(vae: Vae, pictures: Tensor) -> Tensor:
    """Return what is left of pictures (N, 3, S, S), uint8, when they have been encoded and decoded: -1 to 1."""
    return in_batches(Decoder(vae), in_batches(MeanEncoder(vae), to_floats(pictures)))
