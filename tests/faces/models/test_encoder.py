"""What the encoder learns from labels, and what it reads."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from genai_demo.faces.models import conditioning
from genai_demo.faces.models.encoder import DEBUG, EncoderConfig, FaceEncoder, label_losses

CONFIG = EncoderConfig(**DEBUG)  # type: ignore[arg-type]
NAN = torch.nan


def test_unknown_labels_teach_nothing() -> None:
    read = torch.randn(3, 3, requires_grad=True)
    known = conditioning.encode(torch.tensor([30.0, NAN, NAN]), torch.tensor([1.0, 0.0, NAN]), torch.full((3,), NAN))
    losses = label_losses(read, known)
    torch.stack(list(losses.values())).sum().backward()
    assert read.grad is not None
    taught = read.grad != 0
    assert taught.tolist() == [[True, True, False], [False, True, False], [False, False, False]]
    assert losses["smile"].item() == 0
    expected = F.binary_cross_entropy_with_logits(read[:2, 1], torch.tensor([1.0, 0.0]))
    assert losses["gender"].item() == pytest.approx(expected.item(), rel=1e-5)


def test_what_it_reads_is_within_bounds_and_the_same_each_time() -> None:
    torch.manual_seed(0)
    encoder, pictures = FaceEncoder(CONFIG).eval(), torch.randn(5, 3, 16, 16)
    judged = encoder.judge(pictures)
    assert judged.ages.shape == judged.women.shape == judged.smiles.shape == (5,)
    assert bool(((judged.women >= 0) & (judged.women <= 1)).all())
    assert torch.equal(judged.ages, encoder.judge(pictures).ages)
    with torch.no_grad():
        assert torch.allclose(encoder.embed(encoder(pictures)).norm(dim=1), torch.ones(5), atol=1e-5)
