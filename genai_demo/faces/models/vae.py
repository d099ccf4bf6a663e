"""Face VAE: finds the latent code of a photo, and paints the face of a code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai_demo.engine.fields import Within
from genai_demo.engine.nn.sizes import Depths, Width, Widths, check_multiple, check_stages
from genai_demo.faces.models.blocks import (
    ACTIVATION_GAIN,
    SMALLEST,
    ConvDecoder,
    ConvEncoder,
    activate,
    depth,
    downsample,
    upsample,
)

if TYPE_CHECKING:
    from genai_demo.engine.models.checkpoint import Checkpoint

ACTIVE = 0.05
"""nats from which a number of a code tells something"""
LEVELS = 3
"""levels of the Laplacian pyramid that pictures are compared on"""


@dataclass(frozen=True)
class VaeConfig:
    """Sizes of the encoder and of the decoder."""

    resolution: Annotated[int, Within(16, 1024)] = 64
    """side of the pictures in pixels, a power of two from 16"""
    latent: Width = 128
    """numbers in a face's code"""
    widths: Widths = (192, 160, 96, 48, 24)
    """decoder's channels from 4x4 on; stages finer than `resolution` are left out"""
    blocks: Depths = (1, 1, 1, 1, 1)
    """decoder's residual blocks per stage"""
    encoder_widths: Widths = (192, 128, 64, 32, 16)
    """encoder's channels from 4x4 on"""
    encoder_blocks: Depths = (1, 1, 1, 1, 1)
    """encoder's residual blocks per stage"""

    def __post_init__(self) -> None:
        check_multiple("resolution", self.resolution, 2 ** (depth(self.resolution) + 1))
        stages = depth(self.resolution)
        check_stages(stages, widths=self.widths, blocks=self.blocks)
        check_stages(stages, encoder_widths=self.encoder_widths, encoder_blocks=self.encoder_blocks)


DEBUG = {"resolution": 16, "latent": 8, "widths": (16, 8, 8), "blocks": (1, 1, 1)} | {
    "encoder_widths": (16, 8, 8),
    "encoder_blocks": (1, 1, 1),
}
"""sizes at which tests train the networks in a second"""


class Vae(nn.Module):
    """Encoder and decoder with a normal code between them (Kingma and Welling 2014)."""

    def __init__(self, config: VaeConfig) -> None:
        super().__init__()
        self.config = config
        stages = depth(config.resolution)
        cells = SMALLEST**2
        self.observer = ConvEncoder(config.encoder_widths[:stages], config.encoder_blocks[:stages])
        self.to_code = nn.Linear(config.encoder_widths[0] * cells, 2 * config.latent)
        nn.init.normal_(self.to_code.weight, std=0.1 * ACTIVATION_GAIN * self.to_code.in_features**-0.5)
        nn.init.zeros_(self.to_code.bias)
        self.from_code = nn.Linear(config.latent, config.widths[0] * cells)
        nn.init.normal_(self.from_code.weight, std=config.latent**-0.5)
        self.painter = ConvDecoder(config.widths[:stages], config.blocks[:stages])

    def encode(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and log variance, both (B, latent), of the codes of pictures (B, 3, S, S), -1 to 1."""
        seen = activate(self.observer(pictures)).flatten(1)  # (B, C, 4, 4) -> (B, 16 C)
        mean, log_variance = self.to_code(seen).chunk(2, 1)
        # Bounds that no sensible code reaches, so that an odd picture cannot overflow.
        return mean, log_variance.clamp(-12, 4)

    def decode(self, codes: Tensor) -> Tensor:
        """Return pictures (B, 3, S, S), about -1 to 1, of codes (B, latent)."""
        return self.painter(self.ground(codes))

    def ground(self, codes: Tensor) -> Tensor:
        """Return the map (B, C, 4, 4) that the painting begins with, of codes (B, latent)."""
        return self.from_code(codes).unflatten(1, (-1, SMALLEST, SMALLEST))

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return reconstructions (B, 3, S, S) from one draw of the codes, and the codes' mean and log variance."""
        mean, log_variance = self.encode(pictures)
        codes = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
        return self.decode(codes), mean, log_variance


def load_vae(checkpoint: Checkpoint) -> Vae:
    """Return the network of a VAE's checkpoint."""
    vae = Vae(VaeConfig(**checkpoint.model))
    vae.load_state_dict(checkpoint.weights())
    return vae


class MeanEncoder(nn.Module):
    """The encoder of a VAE alone."""

    def __init__(self, vae: Vae) -> None:
        super().__init__()
        self.vae = vae

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the likeliest codes (B, latent) of pictures (B, 3, S, S), -1 to 1."""
        return self.vae.encode(pictures)[0]


class Encoder(nn.Module):
    """The encoder of a VAE with all that it tells."""

    def __init__(self, vae: Vae) -> None:
        super().__init__()
        self.vae = vae

    def forward(self, pictures: Tensor) -> Tensor:
        """Return means and variances (B, 2 latent) of the codes of pictures (B, 3, S, S), -1 to 1."""
        mean, log_variance = self.vae.encode(pictures)
        return torch.cat([mean, log_variance.exp()], 1)


class Decoder(nn.Module):
    """The decoder of a VAE alone."""

    def __init__(self, vae: Vae) -> None:
        super().__init__()
        self.vae = vae

    def forward(self, codes: Tensor) -> Tensor:
        """Return pictures (B, 3, S, S), about -1 to 1, of codes (B, latent)."""
        return self.vae.decode(codes)


def laplacian_pyramid(pictures: Tensor, levels: int = LEVELS) -> list[Tensor]:
    """Return what each level adds to the coarser ones, finest first, and last what is left (Burt and Adelson 1983).

    Args:
        pictures: (B, C, S, S), S a multiple of 2 ** (levels - 1).
        levels: how many, at least 1.
    """
    parts = []
    for _ in range(levels - 1):
        coarse = downsample(pictures)
        parts.append(pictures - upsample(coarse))
        pictures = coarse
    return [*parts, pictures]


def reconstruction_loss(pictures: Tensor, painted: Tensor) -> Tensor:
    """Return the mean negative log likelihood in nats per picture, up to a constant.

    The differences on each level of a Laplacian pyramid follow a Laplace distribution whose width is the one that
    fits best, so that no weight has to be set by hand (Rybkin, Daniilidis and Levine 2021, section 4.2,
    there for a normal distribution).

    Args:
        pictures, painted: (B, 3, S, S), -1 to 1.
    """
    total = pictures.new_zeros(())
    for difference in laplacian_pyramid(painted - pictures):
        width = difference.abs().mean().clamp_min(1e-4)
        total = total + difference[0].numel() * width.log()
    return total


def kl_divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return the KL divergence of each code number from a standard normal one, in nats, averaged over B: (latent,)."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean(0)


def vae_loss(vae: Vae, pictures: Tensor, free: float) -> dict[str, Tensor]:
    """Return "loss" in nats per picture number, with "reconstruction" and "divergence" in nats per picture.

    "active" is the share of the code's numbers that tell anything.

    Args:
        vae: the network.
        pictures: (B, 3, S, S), -1 to 1.
        free: nats that each code number may tell at no cost (Kingma et al. 2016, appendix C.8).
    """
    painted, mean, log_variance = vae(pictures)
    reconstruction = reconstruction_loss(pictures, painted)
    kl = kl_divergence(mean, log_variance)
    loss = (reconstruction + F.relu(kl - free).sum()) / pictures[0].numel()
    told = {"divergence": kl.sum().detach(), "active": (kl > ACTIVE).float().mean()}
    return {"loss": loss, "reconstruction": reconstruction.detach(), **told}
