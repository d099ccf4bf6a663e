"""Face GAN: a generator that paints a face from noise and labels, and the discriminator that teaches it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor, nn

from genai_demo.engine.fields import Within
from genai_demo.engine.nn.sizes import Depths, Width, Widths, check_multiple, check_stages
from genai_demo.faces.models import conditioning
from genai_demo.faces.models.blocks import ACTIVATION_GAIN, SMALLEST, ConvDecoder, ConvEncoder, activate, depth


@dataclass(frozen=True)
class GanConfig:
    """Sizes of the generator and of the discriminator."""

    resolution: Annotated[int, Within(8, 1024)] = 64
    """side of the pictures in pixels, a power of two from 8"""
    latent: Width = 128
    """normal numbers that a face is made from"""
    widths: Widths = (192, 160, 96, 48, 24)
    """generator's channels from 4x4 on; stages finer than `resolution` are left out"""
    blocks: Depths = (1, 1, 1, 1, 1)
    """generator's residual blocks per stage"""
    critic_widths: Widths = (128, 128, 96, 48, 24)
    """discriminator's channels from 4x4 on; both fields of the discriminator are called so in checkpoints"""
    critic_blocks: Depths = (1, 1, 1, 1, 1)
    """discriminator's residual blocks per stage"""

    def __post_init__(self) -> None:
        check_multiple("resolution", self.resolution, 2 ** (depth(self.resolution) + 1))
        stages = depth(self.resolution)
        check_stages(stages, widths=self.widths, blocks=self.blocks)
        check_stages(stages, critic_widths=self.critic_widths, critic_blocks=self.critic_blocks)


DEBUG = {"resolution": 16, "latent": 8, "widths": (16, 8, 8), "blocks": (1, 1, 1)} | {
    "critic_widths": (16, 8, 8),
    "critic_blocks": (1, 1, 1),
}
"""sizes at which tests train the networks in a second"""


class Generator(nn.Module):
    """Paints faces from latent vectors and conditions.

    Both are read into one 4x4 map, linearly; a `ConvDecoder` makes a picture of it.
    """

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        self.config = config
        stages, cells = depth(config.resolution), config.widths[0] * SMALLEST**2
        self.read_latent = nn.Linear(config.latent, cells, bias=False)
        self.read_condition = nn.Linear(conditioning.SIZE, cells)
        nn.init.normal_(self.read_latent.weight, std=config.latent**-0.5)
        nn.init.normal_(self.read_condition.weight, std=conditioning.SIZE**-0.5)
        nn.init.zeros_(self.read_condition.bias)
        self.painter = ConvDecoder(config.widths[:stages], config.blocks[:stages])

    def forward(self, latents: Tensor, condition: Tensor) -> Tensor:
        """Return pictures (B, 3, S, S), about -1 to 1.

        Args:
            latents: (B, latent) from the standard normal distribution.
            condition: (B, conditioning.SIZE).
        """
        return self.painter(self.ground(latents, condition))

    def ground(self, latents: Tensor, condition: Tensor) -> Tensor:
        """Return the map (B, C, 4, 4) that the painting begins with; the arguments are those of `forward`."""
        ground = self.read_latent(latents) + self.read_condition(condition)
        return ground.unflatten(1, (-1, SMALLEST, SMALLEST))


class Discriminator(nn.Module):
    """Scores how real faces look, and how well they fit their conditions (Miyato and Koyama 2018, projection).

    It also reads labels off faces, so that a generator can be told that it painted another one than it was asked for
    (Odena, Olah and Shlens 2017, section 3).
    """

    def __init__(self, config: GanConfig) -> None:
        super().__init__()
        stages, width = depth(config.resolution), config.critic_widths[0]
        # It must see at once what is missing: blurred faces lack nothing but the finest details.
        self.observer = ConvEncoder(config.critic_widths[:stages], config.critic_blocks[:stages], start=1)
        # One 4x4 kernel per channel: each channel says what it has seen in all of the picture.
        self.gather = nn.Conv2d(width, width, SMALLEST, groups=width)
        nn.init.normal_(self.gather.weight, std=ACTIVATION_GAIN / SMALLEST)
        self.score = nn.Linear(width, 1, bias=False)
        nn.init.normal_(self.score.weight, std=width**-0.5)
        self.read_condition = _condition_reader(width)
        self.read_labels = nn.Linear(width, 3)
        nn.init.zeros_(self.read_labels.weight)
        nn.init.zeros_(self.read_labels.bias)

    def forward(self, pictures: Tensor, condition: Tensor) -> Tensor:
        """Return scores (B,).

        Args:
            pictures: (B, 3, S, S), -1 to 1.
            condition: (B, conditioning.SIZE).
        """
        return self.score_features(self.features(pictures), condition)

    def features(self, pictures: Tensor) -> Tensor:
        """Return features (B, C) of pictures (B, 3, S, S), -1 to 1."""
        return self.gather(activate(self.observer(pictures))).flatten(1)  # (B, C, 1, 1) -> (B, C)

    def score_features(self, features: Tensor, condition: Tensor) -> Tensor:
        """Return scores (B,) for features (B, C), with conditions (B, conditioning.SIZE).

        They are computed in single precision: only small differences between them count.
        """
        with torch.autocast(features.device.type, enabled=False):
            features = features.float()
            fit = (features * self.read_condition(condition)).sum(1) * features.shape[1] ** -0.5
            return self.score(features)[:, 0] + fit

    def predict_labels(self, features: Tensor) -> Tensor:
        """Return (B, 3) for features (B, C): age on the scale of `conditioning`, log odds of woman and of smile."""
        with torch.autocast(features.device.type, enabled=False):
            return self.read_labels(features.float())


def _condition_reader(outputs: int) -> nn.Module:
    hidden = 64
    return nn.Sequential(nn.Linear(conditioning.SIZE, hidden), nn.SiLU(), nn.Linear(hidden, outputs))
