"""The list of the modalities, in the order of the page's tabs: a further one is a package, and a line here."""

from __future__ import annotations

from importlib import import_module

from genai_demo.engine.modality import Modality

PACKAGES = [
    "genai_demo.text",
    "genai_demo.faces",
    "genai_demo.music",
]
"""each has a module `modality`, which holds its `MODALITY`"""


def modalities() -> dict[str, Modality]:
    """Return all modalities by name."""
    found = [import_module(f"{package}.modality").MODALITY for package in PACKAGES]
    return {modality.name: modality for modality in found}
