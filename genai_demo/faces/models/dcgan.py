"""The baseline: the plain DCGAN for 64x64 pictures (Radford et al. 2016), without labels or anything that came later.

What a newer generator is worth shows beside one that had the same pictures and the same time.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genai_demo.engine.nn.sizes import Width
from genai_demo.faces.models.random_features import as_shown

FAMILY = "dcgan"


@dataclass(frozen=True)
class DcganConfig:
    """Sizes of the networks."""

    latent: Width = 100
    """numbers a picture is made from"""
    width: Width = 64
    """channels at 32x32 pixels; each halving of the picture doubles them"""


DEBUG = {"latent": 8, "width": 2}
"""sizes at which tests train the networks in a second"""


class DcganGenerator(nn.Module):
    """Makes pictures from noise by transposed convolutions."""

    def __init__(self, config: DcganConfig) -> None:
        super().__init__()
        self.config = config
        channels = [config.latent, *(config.width * factor for factor in (8, 4, 2, 1))]
        layers: list[nn.Module] = []
        for index, (inputs, outputs) in enumerate(itertools.pairwise(channels)):
            stride, padding = (2, 1) if index else (1, 0)
            layers += [
                nn.ConvTranspose2d(inputs, outputs, 4, stride, padding, bias=False),
                nn.BatchNorm2d(outputs),
                nn.ReLU(),
            ]
        self.layers = nn.Sequential(*layers, nn.ConvTranspose2d(channels[-1], 3, 4, 2, 1, bias=False), nn.Tanh())
        self.apply(_init_weights)

    def forward(self, z: Tensor) -> Tensor:
        """Return pictures (B, 3, 64, 64) in -1 to 1 of noise (B, latent)."""
        return self.layers(z[:, :, None, None])


class DcganDiscriminator(nn.Module):
    """Tells real pictures from generated ones by strided convolutions."""

    def __init__(self, config: DcganConfig) -> None:
        super().__init__()
        channels = [3, *(config.width * factor for factor in (1, 2, 4, 8))]
        layers: list[nn.Module] = []
        for index, (inputs, outputs) in enumerate(itertools.pairwise(channels)):
            layers.append(nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False))
            # The paper leaves out the first layer's normalisation: with it training is not stable.
            layers += [nn.BatchNorm2d(outputs)] if index else []
            layers.append(nn.LeakyReLU(0.2))
        self.layers = nn.Sequential(*layers, nn.Conv2d(channels[-1], 1, 4, bias=False))
        self.apply(_init_weights)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return logits (B,), above 0 for real, of pictures (B, 3, 64, 64) in -1 to 1."""
        return self.layers(pictures).flatten()  # (B,)


def _init_weights(module: nn.Module) -> None:
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(module.weight, std=0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)


@torch.inference_mode()
def generate(network: DcganGenerator, count: int, seed: int) -> Tensor:
    """Return `count` pictures, uint8 (count, 3, 64, 64) on the CPU, the same for the same seed.

    Args:
        network: in evaluation mode, so that no picture depends on the others.
    """
    z = torch.randn(count, network.config.latent, generator=torch.Generator().manual_seed(seed))
    device = next(network.parameters()).device
    return torch.cat([as_shown(network(part.to(device))).cpu() for part in z.split(64)])
