"""Music encoder: one vector for a few bars, near for bars of one piece, by which sets of music are compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai_demo.engine.nn.sizes import Width, Widths, check_multiple
from genai_demo.music.tokens.roll import CHANNELS, COMPACT_KEYS, HAND_COUNT

_GROUPS = 8
"""groups of the normalisation"""


@dataclass(frozen=True)
class EncoderConfig:
    """Sizes of the encoder."""

    widths: Widths = (32, 64, 96)
    """channels of its stages, multiples of 8; each sees notes half as finely as the one before"""
    features: Width = 64
    """numbers by which sets of music are compared"""
    embedding: Width = 32
    """numbers of the vector that two stretches of music are compared by"""

    def __post_init__(self) -> None:
        for width in self.widths:
            check_multiple("widths", width, _GROUPS)


DEBUG: dict[str, Any] = {"widths": (8, 8), "features": 8, "embedding": 4}
"""sizes at which tests train the network in a second"""


class MusicEncoder(nn.Module):
    """Features of a few bars, by convolutions over time and keys, which see a chord alike in every key."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.config = config
        first = config.widths[0]
        # Thirteen keys: an octave is seen at once.
        layers: list[nn.Module] = [nn.Conv2d(HAND_COUNT * CHANNELS, first, (3, 13), stride=(2, 2), padding=(1, 6))]
        rows = -(-COMPACT_KEYS // 2)
        for before, width in zip((first, *config.widths), config.widths, strict=False):
            if len(layers) > 1:
                layers.append(nn.Conv2d(before, width, 3, stride=2, padding=1))
                rows = -(-rows // 2)
            layers.append(_Block(width))
        self.observer = nn.Sequential(*layers, nn.GroupNorm(_GROUPS, config.widths[-1]), nn.SiLU())
        self.to_features = nn.Linear(config.widths[-1] * rows, config.features)
        self.to_embedding = nn.Sequential(
            nn.SiLU(),
            nn.Linear(config.features, config.features),
            nn.SiLU(),
            nn.Linear(config.features, config.embedding),
        )

    def forward(self, rolls: Tensor) -> Tensor:
        """Return features (B, features) of rolls (B, 2, 2, T, 72), as `to_roll` makes them, of `COMPACT` keys."""
        x = self.observer(rolls.flatten(1, 2).to(self.to_features.weight.dtype))  # (B, C, T', P')
        return self.to_features(x.mean(2).flatten(1))  # (B, C, P') -> (B, C * P')

    def embed(self, features: Tensor) -> Tensor:
        """Return vectors (B, embedding) of length 1, whose products say how alike music is, -1 to 1."""
        return F.normalize(self.to_embedding(features), dim=1)


class _Block(nn.Module):
    """Two convolutions whose result is added to what they see (He et al. 2016b, figure 4e)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.GroupNorm(_GROUPS, width),
            nn.SiLU(),
            nn.Conv2d(width, width, 3, padding=1),
            nn.GroupNorm(_GROUPS, width),
            nn.SiLU(),
            nn.Conv2d(width, width, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


@torch.inference_mode()
def in_batches(encoder: MusicEncoder, rolls: Tensor, embed: bool = False, size: int = 128) -> Tensor:
    """Return features, or the vectors of `MusicEncoder.embed`, of rolls (N, 2, 2, T, 72), on the CPU.

    Args:
        rolls: of any type, N at least 1.
        embed: whether the vectors are wanted.
        size: rolls computed at once.
    """
    device = encoder.to_features.weight.device
    made = []
    for part in rolls.split(size):
        features = encoder(part.to(device))
        made.append((encoder.embed(features) if embed else features).float().cpu())
    return torch.cat(made)
