"""What the tasks of all face models have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai_demo.engine.evaluation.variety import variety
from genai_demo.engine.training.task import Batch, Task, Training
from genai_demo.faces.data.batches import FaceBatches, shrink
from genai_demo.faces.data.labels import data_hash
from genai_demo.faces.models import conditioning

if TYPE_CHECKING:
    from genai_demo.engine.models.lineage import Start
    from genai_demo.faces.data.labels import Faces


_COMPARED = 16
"""side at which the variety of pictures is measured"""


class FaceConfig(Protocol):
    """A dataclass with the sizes of a face network."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def resolution(self) -> int: ...


class FaceTask(Task):
    """Data, batches and description of a face model in training.

    Args:
        training: how to train.
        config: of the network.
        faces: faces to learn from.
        validation: faces to measure on; may be empty.
        start: what the weights come from, if not from chance.
    """

    def __init__(
        self, training: Training, config: FaceConfig, faces: Faces, validation: Faces, start: Start | None = None
    ) -> None:
        data = {"faces": faces, "validation": validation}
        described = {name: {"faces": len(some.pictures), "hash": data_hash(some)} for name, some in data.items()}
        super().__init__(training, config, described, start)
        self._batches = FaceBatches(faces, config.resolution, training.seed)
        self.held_out = shrink(validation.pictures, config.resolution)
        """validation pictures (N, 3, S, S), uint8"""
        self.shown = self.held_out[:64] if len(self.held_out) else shrink(faces.pictures[:64], config.resolution)
        """pictures (up to 64, 3, S, S), uint8, that previews start from"""
        source = validation if len(self.held_out) else faces
        self.known = conditioning.encode(source.ages, source.women, source.smiles)
        """conditions (N, conditioning.SIZE) of the validation faces, or, without any, of the training faces"""

    def batch(self, step: int, size: int, rank: int) -> Batch:
        """Return "pictures" (size, 3, S, S), -1 to 1, and "conditions" (size, conditioning.SIZE)."""
        return self._batches.batch(step, size, rank)


def picture_variety(made: Tensor, real: Tensor) -> float:
    """Return how much painted pictures differ from one another, as a share of how much real ones do.

    Args:
        made, real: uint8 (N, 3, S, S) and (M, 3, S, S), at least two each; compared as all but the details show them.
    """
    side = min(_COMPARED, made.shape[3])
    return variety(*(F.adaptive_avg_pool2d(pictures.float(), side) for pictures in (made, real)))


@torch.inference_mode()
def in_batches(network: nn.Module, *inputs: Tensor, size: int = 64) -> Tensor:
    """Return what `network` makes of inputs (N, ...), `size` at a time, on the CPU."""
    device = next(network.parameters()).device
    made = [
        network(*(part.to(device) for part in parts)).float().cpu()
        for parts in zip(*(some.split(size) for some in inputs), strict=True)
    ]
    return torch.cat(made)
