"""Face encoder: one vector per face, near for pictures of one face, from which age, gender and smile can be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai_demo.engine.fields import Within
from genai_demo.engine.nn.sizes import Depths, Dropout, Width, Widths, check_multiple, check_stages
from genai_demo.faces.models.blocks import ACTIVATION_GAIN, SMALLEST, ConvEncoder, activate, depth
from genai_demo.faces.models.conditioning import AGE_SPREAD, MIDDLE_AGE


@dataclass(frozen=True)
class EncoderConfig:
    """Sizes of the encoder."""

    resolution: Annotated[int, Within(8, 1024)] = 64
    """side of the pictures in pixels"""
    widths: Widths = (192, 128, 64, 32, 16)
    """channels from 4x4 on"""
    blocks: Depths = (2, 2, 1, 1, 1)
    """residual blocks per stage"""
    features: Width = 128
    """numbers from which labels are read"""
    embedding: Width = 64
    """numbers of the vector that faces are compared by"""
    dropout: Dropout = 0.2
    """share of features dropped before labels are read"""

    def __post_init__(self) -> None:
        check_multiple("resolution", self.resolution, 2 ** (depth(self.resolution) + 1))
        stages = depth(self.resolution)
        check_stages(stages, widths=self.widths, blocks=self.blocks)


DEBUG = {"resolution": 16, "widths": (16, 8, 8), "blocks": (1, 1, 1), "features": 8, "embedding": 4}
"""sizes at which tests train the network in a second"""


@dataclass(frozen=True)
class Judgement:
    """What the encoder reads off faces."""

    ages: Tensor
    """(N,) years"""
    women: Tensor
    """(N,) probability of a woman, 0 to 1"""
    smiles: Tensor
    """(N,) probability of a smile, 0 to 1"""


class FaceEncoder(nn.Module):
    """Features of faces, with a head that compares and one that reads labels."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        stages = depth(config.resolution)
        self.observer = ConvEncoder(config.widths[:stages], config.blocks[:stages])
        self.to_features = nn.Linear(config.widths[0] * SMALLEST**2, config.features)
        nn.init.normal_(self.to_features.weight, std=ACTIVATION_GAIN * self.to_features.in_features**-0.5)
        self.to_embedding = nn.Sequential(
            nn.Linear(config.features, config.features), nn.SiLU(), nn.Linear(config.features, config.embedding)
        )
        self.to_labels = nn.Linear(config.features, 3)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return features (B, features) of pictures (B, 3, S, S), -1 to 1; those of another side are resized."""
        side = self.config.resolution
        if pictures.shape[3] != side:
            pictures = F.interpolate(pictures, (side, side), mode="bilinear", antialias=True)
        return self.to_features(activate(self.observer(pictures)).flatten(1))  # (B, C, 4, 4) -> (B, 16 C)

    def embed(self, features: Tensor) -> Tensor:
        """Return vectors (B, embedding) of length 1, whose products say how alike faces are, -1 to 1."""
        return F.normalize(self.to_embedding(F.silu(features)), dim=1)

    def predict_labels(self, features: Tensor) -> Tensor:
        """Return (B, 3): age on the scale of `conditioning`, and log odds of woman and of smile."""
        return self.to_labels(F.dropout(F.silu(features), self.config.dropout, self.training))

    @torch.inference_mode()
    def judge(self, pictures: Tensor) -> Judgement:
        """Return what can be read off pictures (N, 3, S, S), -1 to 1."""
        device = next(self.parameters()).device
        read = torch.cat(
            [self.predict_labels(self(some.to(device))).float().cpu() for some in pictures.split(64)]
        )  # (N, 3)
        return Judgement(read[:, 0] * AGE_SPREAD + MIDDLE_AGE, read[:, 1].sigmoid(), read[:, 2].sigmoid())


def label_losses(read: Tensor, conditions: Tensor) -> dict[str, Tensor]:
    """Return the mean losses "age", "gender" and "smile" over the faces whose label is known; 0 where none is.

    Args:
        read: (B, 3) as from `FaceEncoder.predict_labels`.
        conditions: (B, conditioning.SIZE) with the true labels.
    """
    values, known = conditions.unflatten(1, (3, 2)).unbind(2)  # (B, 6) -> (B, 3, 2) -> (B, 3) twice
    age = F.smooth_l1_loss(read[:, 0], values[:, 0], reduction="none", beta=0.25)
    odds = F.binary_cross_entropy_with_logits(read[:, 1:], (values[:, 1:] + 1) / 2, reduction="none")
    losses = torch.stack([age, odds[:, 0], odds[:, 1]], 1) * known  # (B, 3)
    means = losses.sum(0) / known.sum(0).clamp_min(1)
    return dict(zip(("age", "gender", "smile"), means, strict=True))
