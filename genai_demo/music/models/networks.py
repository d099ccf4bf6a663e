"""The networks of the music models by the name of their family."""

from __future__ import annotations

from typing import Any

from torch import nn

from genai_demo.music.models import composer, encoder, gan, masked
from genai_demo.music.models.composer import Composer, ComposerConfig
from genai_demo.music.models.encoder import EncoderConfig, MusicEncoder
from genai_demo.music.models.gan import Gan, GanConfig
from genai_demo.music.models.masked import MaskedConfig, MaskedRoll


def make_network(family: str, sizes: dict[str, Any]) -> nn.Module:
    """Return the network of `family` that ships, with these sizes.

    Raises:
        KeyError: there is no such family.
    """
    networks = {
        "composer": (Composer, ComposerConfig),
        "encoder": (MusicEncoder, EncoderConfig),
        "gan": (Gan, GanConfig),
        "masked": (MaskedRoll, MaskedConfig),
    }
    network, config = networks[family]
    return network(config(**sizes))


def debug_sizes(family: str) -> dict[str, Any]:
    """Return sizes at which `family` trains in a second."""
    sizes: dict[str, dict[str, Any]] = {
        "composer": composer.DEBUG,
        "encoder": encoder.DEBUG,
        "gan": gan.DEBUG,
        "masked": masked.DEBUG,
    }
    return sizes[family]
