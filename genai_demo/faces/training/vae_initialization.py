"""Initializes a GAN's generator as the decoder of a VAE, its codes normal around a mean per condition."""

from __future__ import annotations

import torch
from torch import Tensor

from genai_demo.errors import UserError
from genai_demo.faces.data.batches import shrink, to_floats
from genai_demo.faces.data.labels import Faces
from genai_demo.faces.models import conditioning
from genai_demo.faces.models.gan import GanConfig, Generator
from genai_demo.faces.models.vae import Encoder, Vae, VaeConfig
from genai_demo.faces.training.face_task import in_batches


@torch.no_grad()
def initialize_from_vae(generator: Generator, vae: Vae, faces: Faces) -> None:
    """Let `generator` paint as the decoder of `vae` does.

    The codes of faces are taken to be normally distributed around a mean that is linear in the condition. A generator
    that is at once no worse than a VAE spares the game between the networks its longest part, the way from noise to
    blurred faces.

    Args:
        generator: a new one, of the sizes of the decoder.
        vae: a trained one.
        faces: those it was trained on, with the labels that are known.

    Raises:
        UserError: the sizes differ.
    """
    if _sizes(generator.config) != _sizes(vae.config):
        raise UserError("faces.other_sizes_than_vae", sizes=_sizes(vae.config))
    encoded = in_batches(Encoder(vae), to_floats(shrink(faces.pictures, vae.config.resolution)))  # (N, 2 L)
    means, variances = encoded.chunk(2, 1)
    known = conditioning.encode(*faces.labels().T)  # (N, SIZE)
    slope, offset = _regress(known, means)
    left = means - known @ slope - offset
    values, axes = torch.linalg.eigh(torch.cov(left.T) + variances.mean(0).diag())
    root = axes * values.clamp_min(0).sqrt()  # (L, L)
    decoder = vae.from_code
    generator.painter.load_state_dict(vae.painter.state_dict())
    generator.read_latent.weight.copy_(decoder.weight @ root)
    generator.read_condition.weight.copy_(decoder.weight @ slope.T)
    generator.read_condition.bias.copy_(decoder.weight @ offset + decoder.bias)


def _regress(known: Tensor, codes: Tensor) -> tuple[Tensor, Tensor]:
    """Return the ridge regression (SIZE, L) and offset (L,) of codes (N, L) on conditions (N, SIZE)."""
    x, middle = known - known.mean(0), known.mean(0)
    penalty = 1e-3 * len(x) * torch.eye(x.shape[1])
    slope = torch.linalg.solve(x.T @ x + penalty, x.T @ (codes - codes.mean(0)))
    return slope, codes.mean(0) - middle @ slope


def _sizes(config: GanConfig | VaeConfig) -> str:
    widths, blocks = (",".join(map(str, values)) for values in (config.widths, config.blocks))
    return f"resolution={config.resolution} latent={config.latent} widths={widths} blocks={blocks}"
