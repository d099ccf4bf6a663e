"""The networks of the face models by the name of their family."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn

from genai_demo.faces.models import encoder, gan, textbook_gan, textbook_vae, vae
from genai_demo.faces.models.encoder import EncoderConfig, FaceEncoder
from genai_demo.faces.models.gan import GanConfig, Generator
from genai_demo.faces.models.textbook_gan import TextbookGanConfig, TextbookGenerator
from genai_demo.faces.models.textbook_vae import TextbookVae, TextbookVaeConfig
from genai_demo.faces.models.vae import Vae, VaeConfig


def make_network(family: str, sizes: dict[str, Any]) -> nn.Module:
    """Return the network of `family` that a checkpoint keeps, with these sizes; a baseline's is its own."""
    made: dict[str, Callable[[], nn.Module]] = {
        "gan": lambda: Generator(GanConfig(**sizes)),
        "vae": lambda: Vae(VaeConfig(**sizes)),
        "encoder": lambda: FaceEncoder(EncoderConfig(**sizes)),
        textbook_vae.FAMILY: lambda: TextbookVae(TextbookVaeConfig(**sizes)),
        textbook_gan.FAMILY: lambda: TextbookGenerator(TextbookGanConfig(**sizes)),
    }
    return made[family]()


def debug_sizes(family: str) -> dict[str, Any]:
    """Return sizes at which `family` trains in a second."""
    sizes: dict[str, dict[str, Any]] = {
        "gan": gan.DEBUG,
        "vae": vae.DEBUG,
        "encoder": encoder.DEBUG,
        textbook_vae.FAMILY: textbook_vae.DEBUG,
        textbook_gan.FAMILY: textbook_gan.DEBUG,
    }
    return sizes[family]
