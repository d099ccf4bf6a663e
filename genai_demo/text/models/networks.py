"""The networks of the news models by the name of their family."""

from __future__ import annotations

from typing import Any

from genai_demo.text.models import gru, masked
from genai_demo.text.models.gru import GruConfig, GruModel
from genai_demo.text.models.masked import MaskedConfig, MaskedModel

NewsModel = GruModel | MaskedModel


def make_network(family: str, sizes: dict[str, Any]) -> NewsModel:
    """Return a network of `family` ("gru" or "masked") with the fields `sizes` of its configuration.

    Raises:
        KeyError: there is no such family.
    """
    networks: dict[str, tuple[Any, Any]] = {"gru": (GruModel, GruConfig), "masked": (MaskedModel, MaskedConfig)}
    network, config = networks[family]
    return network(config(**sizes))


def debug_sizes(family: str) -> dict[str, Any]:
    """Return sizes at which `family` trains in a second."""
    return {"gru": gru.DEBUG, "masked": masked.DEBUG}[family]
