"""From requests to pictures with a loaded GAN or VAE: the two ways in which labels and directions act."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from genai_demo.faces.data.batches import to_bytes
from genai_demo.faces.models import conditioning
from genai_demo.faces.models.gan import Generator
from genai_demo.faces.models.latents import LatentMixture
from genai_demo.faces.models.metadata import LabelTable
from genai_demo.faces.models.vae import Vae
from genai_demo.faces.requests import AGE, DIRECTIONS, FaceRequest
from genai_demo.faces.sampling.codes import face_generator, nudged, slerp

_BATCH = 16


@dataclass(frozen=True)
class Code:
    """All that a picture is made from."""

    latent: Tensor
    """(L,)"""
    labels: Tensor
    """(3,) age in years, woman and smile from 0 to 1; NaN where the model knows nothing of them"""


class FacePainter(Protocol):
    """A model that can paint what a `FaceRequest` asks for."""

    def fill_in(self, request: FaceRequest) -> FaceRequest:
        """Return `request` with the labels that it leaves open as its face will have them."""

    def code(self, request: FaceRequest) -> Code:
        """Return what the face of `request` is made from."""

    def paint(self, codes: Sequence[Code]) -> Tensor:
        """Return pictures (N, 3, S, S), uint8, on the CPU."""

    def ground(self, codes: Sequence[Code]) -> Tensor:
        """Return the maps (N, C, 4, 4) that the painting of codes begins with, on the network's device."""


@dataclass(frozen=True)
class GanPainter:
    """Paints with the GAN: labels are given to the network, directions are those its first layer spreads most."""

    network: Generator
    table: LabelTable

    @cached_property
    def directions(self) -> Tensor:
        """The orthonormal latent directions (DIRECTIONS, L) that change the style most (Shen and Zhou 2021, section 3).

        Latent vectors are normal, so these are also the principal components of the styles.
        """
        axes = torch.linalg.svd(self.network.read_latent.weight.cpu(), full_matrices=False).Vh[:DIRECTIONS]  # (D, L)
        # A component's sign is arbitrary: the largest number is made positive.
        return axes * axes.gather(1, axes.abs().argmax(1, keepdim=True)).sign()

    def fill_in(self, request: FaceRequest) -> FaceRequest:
        """Return `request` with open labels drawn as they come together among training faces."""
        chance = float(torch.rand((), generator=face_generator(request.seed, request.index), dtype=torch.float64))
        return self.table.draw(request, chance)

    def code(self, request: FaceRequest) -> Code:
        """Return what the face of `request` is made from."""
        request = self.fill_in(request)
        random = face_generator(request.seed, request.index)
        torch.rand((), generator=random, dtype=torch.float64)  # the labels' draw
        latent = nudged(torch.randn(self.network.config.latent, generator=random), request.nudges) * request.variety
        pushes = torch.tensor(request.directions, dtype=torch.float32)
        latent = latent + pushes @ self.directions[: len(pushes)]  # (D,) @ (D, L)
        return Code(latent, _labels(request))

    @torch.inference_mode()
    def paint(self, codes: Sequence[Code]) -> Tensor:
        """Return pictures (N, 3, S, S), uint8, on the CPU."""
        device = next(self.network.parameters()).device
        latents = torch.stack([code.latent for code in codes])  # (N, L)
        known = conditioning.encode(*torch.stack([code.labels for code in codes], 1))  # (3, N) -> (N, SIZE)
        painted = [
            to_bytes(self.network(some.to(device), what.to(device))).cpu()
            for some, what in zip(latents.split(_BATCH), known.split(_BATCH), strict=True)
        ]
        return torch.cat(painted)

    @torch.inference_mode()
    def ground(self, codes: Sequence[Code]) -> Tensor:
        """Return the maps (N, C, 4, 4) that the painting of codes begins with, on the network's device."""
        device = next(self.network.parameters()).device
        known = conditioning.encode(*torch.stack([code.labels for code in codes], 1))  # (3, N) -> (N, SIZE)
        return self.network.ground(torch.stack([code.latent for code in codes]).to(device), known.to(device))


@dataclass(frozen=True)
class VaePainter:
    """Paints with the VAE: labels and directions move the code to where training faces have them."""

    network: Vae
    latents: LatentMixture

    def fill_in(self, request: FaceRequest) -> FaceRequest:
        """Return `request` with open labels as they can be read off its code."""
        read = self.latents.predict_labels(self._drawn(request))
        bounds = torch.tensor([AGE, (0, 1), (0, 1)])  # (3, 2)
        read = read.clamp(bounds[:, 0], bounds[:, 1])
        asked = _labels(request)
        labels = torch.where(asked.isnan(), read, asked)
        # What the model knows nothing of stays open.
        age, woman, smile = torch.where(labels.isnan(), torch.tensor([0.0, -1.0, -1.0]), labels).tolist()
        return replace(request, age=age, woman=woman, smile=smile)

    def _drawn(self, request: FaceRequest) -> Tensor:
        random = face_generator(request.seed, request.index)
        return self.latents.draw(random, request.variety, lambda noise: nudged(noise, request.nudges))

    def code(self, request: FaceRequest) -> Code:
        """Return what the face of `request` is made from."""
        return self.edit(self._drawn(request), request)

    def edit(self, latent: Tensor, request: FaceRequest) -> Code:
        """Return the code (L,) `latent` moved to the labels and along the directions of `request`."""
        latent = self.latents.relabel(latent, _labels(request))
        pushes = torch.tensor(request.directions, dtype=torch.float32)
        return Code(latent + pushes @ self.latents.components[: len(pushes)], _labels(request))

    @torch.inference_mode()
    def paint(self, codes: Sequence[Code]) -> Tensor:
        """Return pictures (N, 3, S, S), uint8, on the CPU."""
        device = next(self.network.parameters()).device
        latents = torch.stack([code.latent for code in codes])  # (N, L)
        return torch.cat([to_bytes(self.network.decode(some.to(device))).cpu() for some in latents.split(_BATCH)])

    @torch.inference_mode()
    def ground(self, codes: Sequence[Code]) -> Tensor:
        """Return the maps (N, C, 4, 4) that the painting of codes begins with, on the network's device."""
        device = next(self.network.parameters()).device
        return self.network.ground(torch.stack([code.latent for code in codes]).to(device))


def between(start: Code, end: Code, share: float) -> Code:
    """Return the code at `share` (0 to 1) of the way from one face to another."""
    return Code(slerp(start.latent, end.latent, share), torch.lerp(start.labels, end.labels, share))


def _labels(request: FaceRequest) -> Tensor:
    labels = torch.tensor([request.age or torch.nan, request.woman, request.smile])  # (3,)
    return torch.where(labels < 0, torch.nan, labels)
