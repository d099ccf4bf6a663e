"""Calibrates the scale of a GAN's noise, so that its faces differ as much as the training faces do.

The generator that ships is an average of many, which answers to noise more faintly than each of them did.
"""

from __future__ import annotations

import torch
from torch import Tensor

from genai_demo.engine.evaluation.distances import frechet_distance, unit_scale
from genai_demo.faces.data.batches import shrink
from genai_demo.faces.models.gan import Generator
from genai_demo.faces.models.metadata import LabelTable
from genai_demo.faces.models.random_features import RandomFeatures, as_shown, extract
from genai_demo.faces.requests import FaceRequest
from genai_demo.faces.sampling.painting import GanPainter

SCALES = (0.9, 0.95, 1.0, 1.05, 1.1, 1.15, 1.2)
"""by which noise may be scaled"""
COUNT = 1_000
"""most faces on each side of a comparison"""
_EXTRACTORS = (1_000, 1_001, 1_002, 1_003)
"""seeds of the features that are compared in: others than those of any figure"""
_SEED = 1_000
"""of the faces that are painted: others than those of any figure"""


def calibrate_noise_scale(network: Generator, table: LabelTable, faces: Tensor) -> float:
    """Scale the noise of `network` so that its faces are as near as can be to training faces, and return by how much.

    Nearness is the Fréchet distance in random features.

    Args:
        network: changed in place: its weights for noise are scaled.
        table: labels of the training faces.
        faces: the training faces (N, 3, S, S), uint8.
    """
    chosen = torch.randperm(len(faces), generator=torch.Generator().manual_seed(_SEED))[:COUNT]
    real = as_shown(shrink(faces[chosen], network.config.resolution))
    extractors = [RandomFeatures(seed) for seed in _EXTRACTORS]
    painter = GanPainter(network, table)
    codes = [painter.code(FaceRequest(seed=_SEED, index=index, variety=1.0)) for index in range(len(real))]
    weight = network.read_latent.weight
    original = weight.detach().clone()

    def distance(scale: float) -> float:
        with torch.no_grad():
            weight.copy_(original * scale)
        painted, total = painter.paint(codes), 0.0
        for features in extractors:
            reference, fake = unit_scale(extract(features, real), extract(features, painted))
            total += frechet_distance(reference, fake)
        return total

    best = min(SCALES, key=distance)
    with torch.no_grad():
        weight.copy_(original * best)
    return best
