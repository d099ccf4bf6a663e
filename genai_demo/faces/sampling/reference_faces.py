"""The memorization check: how near the closest training face is to a painted one, beside what is normal.

Only the encoder's vectors of the training faces are kept, rounded to bytes: no picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
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
_RIDGE = 1e-5
"""added to the variances, so that a direction in which no training face differs counts as any other"""


@dataclass(frozen=True)
class Nearness:
    """How near the closest training face is."""

    similarity: float
    """cosine of the encoder's vectors, -1 to 1"""
    share_nearer: float
    """share of held-out real faces, people who were not trained on, that have a training face at least as near"""


@dataclass(frozen=True)
class ReferenceFaces:
    """Vectors of training faces, and how near held-out faces, of people who were not trained on, come to them."""

    vectors: Tensor
    """(N, E) int8, of length about 127"""
    held_out: Tensor
    """(M,) similarity of held-out real faces to their nearest training face, rising"""

    def nearness(self, vectors: Tensor) -> list[Nearness]:
        """Return how near the closest training face is to each face, given vectors (B, E) of length 1."""
        similarity = (vectors.cpu().float() @ self.vectors.float().T / 127).amax(1)  # (B,)
        below = torch.searchsorted(self.held_out, similarity.contiguous())
        shares = 1 - below / max(1, len(self.held_out))
        return [Nearness(*pair) for pair in zip(similarity.tolist(), shares.tolist(), strict=True)]

    @cached_property
    def _normal(self) -> tuple[Tensor, Tensor]:
        """The mean (E,) of the training faces' vectors, and the inverse (E, E) of their covariance."""
        vectors = self.vectors.float() / 127
        covariance = torch.cov(vectors.T) + _RIDGE * torch.eye(vectors.shape[1])
        return vectors.mean(0), torch.linalg.inv(covariance)

    def oddness(self, vectors: Tensor) -> Tensor:
        """Return how far faces are from what training faces have in common, (B,): squared Mahalanobis distances.

        Args:
            vectors: (B, E) of length 1.
        """
        mean, precision = self._normal
        away = vectors.cpu().float() - mean  # (B, E)
        return (away @ precision * away).sum(1)

    def write(self, folder: Path) -> None:
        """Write `FILE` into `folder`."""
        from safetensors.torch import save_file

        save_file({"vectors": self.vectors, "strangers": self.held_out}, folder / FILE)

    @classmethod
    def read_from(cls, folder: Path) -> ReferenceFaces:
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
            tensors = load_file(file)
            return cls(tensors["vectors"], tensors["strangers"])
        except (SafetensorError, OSError, KeyError) as error:
            raise UserError("engine.damaged", file=file, reason=error) from error


def index_reference_faces(encoder: FaceEncoder, faces: Faces, held_out: Faces) -> ReferenceFaces:
    """Return the training faces as references; `held_out` ones say how near people come who are not among them."""
    known = (embed(encoder, faces.pictures) * 127).round().to(torch.int8)
    index = ReferenceFaces(known, torch.empty(0))
    similarities = [one.similarity for one in index.nearness(embed(encoder, held_out.pictures))]
    return ReferenceFaces(known, torch.tensor(similarities).sort().values)


@torch.inference_mode()
def embed(encoder: FaceEncoder, pictures: Tensor) -> Tensor:
    """Return the encoder's vectors (N, E), of length 1, of pictures (N, 3, S, S), uint8, on the CPU."""
    device = next(encoder.parameters()).device
    parts = [encoder.embed(encoder(to_floats(some).to(device))).cpu() for some in pictures.split(64)]
    return torch.cat(parts)
