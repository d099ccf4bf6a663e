"""What lessons about faces have in common: painted faces to measure on, and what checkpoints tell of their training."""

from __future__ import annotations

from torch import Tensor

from genai_demo.engine.models.checkpoint import Checkpoint
from genai_demo.engine.models.lineage import stages
from genai_demo.faces.data.batches import to_floats
from genai_demo.faces.models.blocks import ConvDecoder, ConvEncoder
from genai_demo.faces.requests import FaceRequest
from genai_demo.faces.sampling.loading import LoadedPainter

FACES = 16
"""painted faces on which networks that ship are measured"""
SEED = 7
OPENED = (ConvDecoder, ConvEncoder)
"""modules whose parts are shown in their place"""


def painted(loaded: LoadedPainter) -> Tensor:
    """Return faces that a model paints, (FACES, 3, S, S), -1 to 1, on its device."""
    painter, model = loaded.painter, loaded.checkpoint.family
    requests = [FaceRequest(model=model, seed=SEED, index=index) for index in range(FACES)]
    pictures = painter.paint([painter.code(painter.fill_in(request)) for request in requests])
    return to_floats(pictures).to(next(painter.network.parameters()).device)


def trained(checkpoint: Checkpoint, field: str) -> float:
    """Return a hyper-parameter of the last stage of a checkpoint that knows it; nan where none does."""
    told = [stage.trained.get("data", {}).get("training", {}).get(field) for stage in stages(checkpoint)]
    return float(next((one for one in reversed(told) if one is not None), float("nan")))


def gallery(model: str) -> dict[str, str]:
    """Return the settings of the address that shows faces of a model, the same ones every time."""
    return {"page": "gallery", "model": model, "seed": str(SEED)}
