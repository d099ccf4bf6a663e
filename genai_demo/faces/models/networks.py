"""The networks of the face models by the name of their family."""

from __future__ import annotations

from typing import Any

from torch import nn

from genai_demo.faces.models import encoder, gan, vae
from genai_demo.faces.models.encoder import EncoderConfig, FaceEncoder
from genai_demo.faces.models.gan import GanConfig, Generator
from genai_demo.faces.models.vae import Vae, VaeConfig


def make_network(family: str, sizes: dict[str, Any]) -> nn.Module:
    """Return the network of `family` ("gan", "vae" or "encoder") that ships, with these sizes."""
    if family == "gan":
        return Generator(GanConfig(**sizes))
    return Vae(VaeConfig(**sizes)) if family == "vae" else FaceEncoder(EncoderConfig(**sizes))


def debug_sizes(family: str) -> dict[str, Any]:
    """Return sizes at which `family` trains in a second."""
    return {"gan": gan.DEBUG, "vae": vae.DEBUG, "encoder": encoder.DEBUG}[family]
