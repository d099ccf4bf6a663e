"""All that can be told of one face in numbers, and as one picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from genai_demo.engine.generation.receipts import Receipt
from genai_demo.faces.data.batches import to_floats
from genai_demo.faces.explaining import bits, likeness
from genai_demo.faces.explaining.opening import OpenFace, open_face
from genai_demo.faces.explaining.stages import Stage, show_stages, tell_stages
from genai_demo.faces.explaining.variety import VARIETIES, paint_varieties
from genai_demo.faces.explaining.verdict import Verdict, judge_of, judge_pictures, tell_verdict
from genai_demo.faces.sampling.grid import grid
from genai_demo.faces.sampling.loading import problem


@dataclass(frozen=True)
class Explanation:
    """What the model of a face says of it; None for what that model cannot tell."""

    model: str
    """name or folder of its checkpoint"""
    checkpoint: str
    """the checkpoint's id"""
    family: str
    stages: tuple[Stage, ...]
    """what each stage of the decoder adds, the coarsest first"""
    variety: tuple[dict[str, float | None], ...]
    """"variety" from 0 to 1.3, and "fooled", the share of real faces that the discriminator finds less real then"""
    verdict: dict[str, float] | None
    """"score" of the discriminator, and "fooled", the share of real faces that it finds less real"""
    bits: tuple[float, ...] | None
    """that each number of the VAE's code tells"""
    silent: int | None
    """numbers of the code that tell nothing"""
    similarity: tuple[tuple[float, ...], ...] | None
    """of two views of this face and seven others, as the encoder sees them; the diagonal holds the pairs"""


def explain(receipt: Receipt) -> Explanation:
    """Make a face again and return what its model says of it.

    Raises:
        UserError: the receipt is not in order, or its checkpoint is not the one that is here.
    """
    face = open_face(receipt)
    checkpoint = face.loaded.checkpoint
    told = tell_verdict(face)
    per_number = bits.bits_per_number(face) if checkpoint.family == "vae" else None
    pairs = None if problem("encoder") else likeness.similarity_matrix(face).similarity
    return Explanation(
        receipt.model,
        checkpoint.id,
        checkpoint.family,
        tell_stages(face),
        tuple(
            {"variety": variety, "fooled": share}
            for variety, share in zip(VARIETIES, fooled_by_variety(face, paint_varieties(face)), strict=True)
        ),
        {"score": told.score, "fooled": told.fooled} if told else None,
        tuple(per_number.tolist()) if per_number is not None else None,
        int((per_number < bits.SILENT).sum()) if per_number is not None else None,
        tuple(map(tuple, pairs.tolist())) if pairs is not None else None,
    )


def fooled_by_variety(face: OpenFace, painted: Tensor) -> list[float | None]:
    """Return the share of real faces that the discriminator finds less real than each of a face's varieties.

    Args:
        face: the face.
        painted: (N, 3, S, S) uint8, as `paint_varieties` returns them.
    """
    judge = judge_of(face.loaded.checkpoint)
    if judge is None:
        return [None] * len(painted)
    shares: list[float | None] = judge.fooled(judge_pictures(judge, to_floats(painted), face.condition)).tolist()
    return shares


def highlighted(face: OpenFace, verdict: Verdict) -> Tensor:
    """Return a face (3, S, S), uint8, in grey where the discriminator does not look, and in orange where it does."""
    grey = face.picture.float().mean(0) * 0.55  # (S, S)
    looks = F.avg_pool2d(verdict.looks[None, None], 3, 1, 1, count_include_pad=False)[0, 0] ** 0.8
    orange = torch.tensor([255.0, 150.0, 30.0]).reshape(3, 1, 1)
    return (grey + looks * (orange - grey)).round().clamp(0, 255).to(torch.uint8)


def sheet(receipt: Receipt) -> Image.Image:
    """Return the pictures of an explanation: the face up to each stage, what each adds, its varieties, and where its
    discriminator looks.

    Raises:
        UserError: the receipt is not in order, or its checkpoint is not the one that is here.
    """
    face = open_face(receipt)
    up_to, adds = show_stages(face)
    rows = [up_to, adds, paint_varieties(face)]
    if verdict := tell_verdict(face):
        rows.append(torch.stack([face.picture, highlighted(face, verdict)]))
    most = max(map(len, rows))
    return grid(torch.cat([F.pad(row, (0,) * 7 + (most - len(row),), value=255) for row in rows]), most)


def as_plain(value: Any) -> Any:
    """Return an explanation's numbers rounded to what they are worth, for people and programs."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {name: as_plain(one) for name, one in value.items()}
    return [as_plain(one) for one in value] if isinstance(value, list | tuple) else value
