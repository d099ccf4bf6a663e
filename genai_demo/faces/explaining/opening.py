"""A face that is opened: made again from its receipt, with the model and the code that it was painted from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from genai_demo.engine.generation.receipts import Receipt
from genai_demo.faces.models import conditioning
from genai_demo.faces.requests import INDEX, FaceRequest
from genai_demo.faces.results import Face
from genai_demo.faces.sampling import generation
from genai_demo.faces.sampling.loading import LoadedPainter
from genai_demo.faces.sampling.painting import Code, GanPainter, VaePainter


@dataclass(frozen=True)
class OpenFace:
    """A face with all that it was painted from."""

    loaded: LoadedPainter
    face: Face
    request: FaceRequest
    """as it was asked for: what was left open is open"""
    code: Code

    @property
    def painter(self) -> GanPainter | VaePainter:
        """The model, ready to paint."""
        return self.loaded.painter

    @property
    def picture(self) -> Tensor:
        """The face (3, S, S), uint8."""
        return torch.from_numpy(self.face.picture).permute(2, 0, 1)

    @property
    def condition(self) -> Tensor:
        """What the model was told of the face's labels, (1, conditioning.SIZE)."""
        return conditioning.encode(*self.code.labels[:, None])

    def other(self, number: int) -> FaceRequest:
        """Return the face that comes `number` places after this one in its seed, not steered, of the same settings."""
        index = (self.request.index + number) % (INDEX[1] + 1)
        return replace(self.request, index=index, directions=(), nudges=())


def open_face(receipt: Receipt) -> OpenFace:
    """Return the face that a receipt records.

    Raises:
        UserError: the receipt is not in order, of something else, or of another checkpoint than the one that is here.
    """
    request = generation.face_of(receipt)
    face = generation.reproduce(receipt)
    loaded = generation.service.model_of(receipt)
    assert isinstance(face, Face) and isinstance(loaded, LoadedPainter)
    return OpenFace(loaded, face, request, loaded.painter.code(request))
