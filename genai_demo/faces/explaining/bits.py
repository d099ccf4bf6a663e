"""What each number of a VAE's code tells, in bits, and what is left of a face when the weakest fall silent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from genai_demo.faces.data.batches import to_floats
from genai_demo.faces.explaining.opening import OpenFace
from genai_demo.faces.models.vae import ACTIVE, Vae, kl_divergence
from genai_demo.faces.requests import FaceRequest
from genai_demo.faces.sampling.loading import load
from genai_demo.faces.sampling.painting import Code, VaePainter

MEASURED = 128
"""faces that the encoder reads: the model's own, as different as training faces are, since no real ones ship"""
SILENT = ACTIVE / math.log(2)
"""bits below which a number tells nothing: its posterior has collapsed onto the prior"""
PUSHES = (-3.0, -1.5, 0.0, 1.5, 3.0)
"""deviations by which one number of a code is moved"""


def bits_per_number(face: OpenFace) -> Tensor:
    """Return the mean bits (L,) that each number of a VAE's code tells of a face; the first call takes a second or two.

    That is the KL divergence of what the encoder says from the standard normal distribution (Kingma and Welling 2014,
    appendix B).
    """
    checkpoint = face.loaded.checkpoint
    return _bits(checkpoint.folder, checkpoint.id)


@lru_cache(maxsize=4)
def _bits(folder: Any, _id: str) -> Tensor:
    painter = load(str(folder.resolve()), "vae").painter
    assert isinstance(painter, VaePainter)
    painted = painter.paint([painter.code(FaceRequest("vae", 0, index, 1.0)) for index in range(MEASURED)])
    return measure_bits(painter.network, painted)


@torch.inference_mode()
def measure_bits(network: Vae, pictures: Tensor) -> Tensor:
    """Return the mean bits (L,) that each number of a code tells of pictures (N, 3, S, S), uint8."""
    device = next(network.parameters()).device
    parts = [network.encode(to_floats(some).to(device)) for some in pictures.split(32)]
    mean, log_variance = (torch.cat(some).float().cpu() for some in zip(*parts, strict=True))
    return kl_divergence(mean, log_variance) / math.log(2)


def counts(numbers: int) -> tuple[int, ...]:
    """Return how many of the strongest numbers of a code are kept in the strip: none, a few, half, all."""
    return tuple(sorted({0, numbers // 32, numbers // 8, numbers // 4, numbers // 2, numbers}))


def keep_strongest(face: OpenFace, kept: Sequence[int]) -> Tensor:
    """Return the face with only its strongest numbers, the others at their mean: (N, 3, S, S), uint8.

    Args:
        face: of a VAE.
        kept: how many numbers, for each picture.
    """
    painter = face.painter
    assert isinstance(painter, VaePainter)
    order = bits_per_number(face).argsort(descending=True)
    codes = []
    for count in kept:
        latent = painter.latents.mean.clone()
        latent[order[:count]] = face.code.latent[order[:count]]
        codes.append(Code(latent, face.code.labels))
    return painter.paint(codes)


def push_number(face: OpenFace, number: int) -> Tensor:
    """Return the face with one number of its code moved by `PUSHES`: (N, 3, S, S), uint8.

    Args:
        face: of a VAE.
        number: of the code, from 0.
    """
    painter = face.painter
    assert isinstance(painter, VaePainter)
    deviation = painter.latents.covariance.diagonal()[number].sqrt()
    codes = []
    for push in PUSHES:
        latent = face.code.latent.clone()
        latent[number] += push * deviation
        codes.append(Code(latent, face.code.labels))
    return painter.paint(codes)
