"""A generator whose faces lie too close together, or too far apart, is brought back."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from genai_demo.faces.models.gan import DEBUG, GanConfig, Generator
from genai_demo.faces.models.metadata import tabulate
from genai_demo.faces.requests import FaceRequest
from genai_demo.faces.sampling.painting import GanPainter
from genai_demo.faces.training.noise_scale import SCALES, calibrate_noise_scale


@pytest.mark.parametrize("off", [0.95, 1.0, 1.1])
def test_noise_is_scaled_to_what_real_faces_need(off: float) -> None:
    """What counts as real are faces of the same generator at its true scale, from other noise."""
    torch.manual_seed(3)
    network = Generator(GanConfig(**DEBUG)).eval().requires_grad_(False)  # type: ignore[arg-type]
    for weight in network.painter.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    table = tabulate(np.array([[30.0, 0.0, 1.0], [50.0, 1.0, 0.0]]))
    painter = GanPainter(network, table)
    real = painter.paint([painter.code(FaceRequest(seed=5, index=index, variety=1.0)) for index in range(400)])
    true = network.read_latent.weight.clone()
    network.read_latent.weight.copy_(true / off)
    scale = calibrate_noise_scale(network, table, real)
    assert scale in SCALES
    assert scale == pytest.approx(off, abs=0.051)
    assert torch.equal(network.read_latent.weight, true / off * scale)
