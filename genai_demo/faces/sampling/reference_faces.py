"""How near the closest training face is to a painted one, beside what is normal between strangers.

Only the encoder's vectors of the training faces are kept, rounded to bytes: no picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from genai_demo.errors import UserError
from genai_demo.faces.data.batches import to_floats
from genai_demo.faces.models.encoder import FaceEncoder

if TYPE_CHECKING:
    from genai_demo.faces.data.labels import Faces

FILE = "training_faces.safetensors"


@dataclass(frozen=True)
class Nearness:
    """How near the closest training face is."""

    likeness: float
    """cosine of the encoder's vectors, -1 to 1"""
    share_nearer: float
    """share of held-out real faces, people who were not trained on, that have a training face at least as near"""


@dataclass(frozen=True)
class StrangerIndex:
    """Vectors of training faces, and how near strangers come to them."""

    vectors: Tensor
    """(N, E) int8, of length about 127"""
    strangers: Tensor
    """(M,) likeness of held-out real faces to their nearest training face, rising"""

    def nearness(self, vectors: Tensor) -> list[Nearness]:
        """Return how near the closest training face is to each face, given vectors (B, E) of length 1."""
        likeness = (vectors.cpu().float() @ self.vectors.float().T / 127).amax(1)  # (B,)
        below = torch.searchsorted(self.strangers, likeness.contiguous())
        shares = 1 - below / max(1, len(self.strangers))
        return [Nearness(*pair) for pair in zip(likeness.tolist(), shares.tolist(), strict=True)]

    def write(self, folder: Path) -> None:
        """Write `FILE` into `folder`."""
        from safetensors.torch import save_file

        save_file({"vectors": self.vectors, "strangers": self.strangers}, folder / FILE)

    @classmethod
    def read_from(cls, folder: Path) -> StrangerIndex:
        """Read `FILE` of `folder`.

        Raises:
            UserError: it is missing or damaged.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        file = folder / FILE
        if not file.is_file():
            raise UserError("engine.missing", file=file)
        try:
            return cls(**load_file(file))
        except (SafetensorError, OSError, TypeError) as error:
            raise UserError("engine.damaged", file=file, reason=error) from error


def build_index(encoder: FaceEncoder, faces: Faces, held_out: Faces) -> StrangerIndex:
    """Return the index of training faces; `held_out` ones say what is normal between strangers."""
    known = (embed(encoder, faces.pictures) * 127).round().to(torch.int8)
    index = StrangerIndex(known, torch.empty(0))
    strangers = [one.likeness for one in index.nearness(embed(encoder, held_out.pictures))]
    return StrangerIndex(known, torch.tensor(strangers).sort().values)


@torch.inference_mode()
def embed(encoder: FaceEncoder, pictures: Tensor) -> Tensor:
    """Return the encoder's vectors (N, E), of length 1, of pictures (N, 3, S, S), uint8, on the CPU."""
    device = next(encoder.parameters()).device
    parts = [encoder.embed(encoder(to_floats(some).to(device))).cpu() for some in pictures.split(64)]
    return torch.cat(parts)
