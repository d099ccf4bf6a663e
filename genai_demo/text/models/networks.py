"""The networks of the news models by the name of their family."""

from __future__ import annotations

from typing import Any

from genai_demo.text.models import gru, masked
from genai_demo.text.models.gru import GruConfig, GruModel
from genai_demo.text.models.masked import MaskedConfig, MaskedModel

NewsModel = GruModel | MaskedModel


def make_network(family: str, sizes: dict[str, Any]) -> NewsModel:
    """Return a network of `family` ("gru" or "masked") with the fields `sizes` of its configuration."""
    return GruModel(GruConfig(**sizes)) if family == "gru" else MaskedModel(MaskedConfig(**sizes))


def debug_sizes(family: str) -> dict[str, Any]:
    """Return sizes at which `family` trains in a second."""
    return gru.DEBUG if family == "gru" else masked.DEBUG
