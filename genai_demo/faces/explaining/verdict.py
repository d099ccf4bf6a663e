"""What the discriminator says of a face, beside what it says of real ones, and where it looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from genai_demo.engine.models.checkpoint import Checkpoint, read_checkpoint
from genai_demo.engine.training.run import RunFolder
from genai_demo.engine.training.state import read_networks
from genai_demo.faces.data.batches import to_floats
from genai_demo.faces.explaining.opening import OpenFace
from genai_demo.faces.models.judge import Judge, discriminator

NOISY, NOISE = 16, 0.2
"""noisy copies whose gradients are averaged, and their noise on the scale of pictures from -1 to 1: a tenth of it"""
_BRIGHTEST = 0.99
"""share of the pixels that the map's scale holds; a few are far beyond the others"""


@dataclass(frozen=True)
class Verdict:
    """What a discriminator says of one face."""

    score: float
    """the higher, the more real; only differences count"""
    fooled: float
    """share of held-out real faces that it takes for less real than this one, 0 to 1"""
    looks: Tensor
    """(S, S) how much a change of each pixel would change the score, 0 to 1"""
    judge: Judge


def judge_of(checkpoint: Checkpoint) -> Judge | None:
    """Return the discriminator of a GAN that paints; None where nothing has kept it.

    Raises:
        UserError: what was kept is damaged.
    """
    return _judge(checkpoint.folder, checkpoint.id) if checkpoint.family == "gan" else None


@lru_cache(maxsize=4)
def _judge(folder: Any, _id: str) -> Judge | None:
    checkpoint = read_checkpoint(folder)
    return Judge.read_from(checkpoint) or _of_a_run(checkpoint)


def _of_a_run(checkpoint: Checkpoint) -> Judge | None:
    """Return the discriminator that the run of a snapshot has kept, with the newest histogram of its verdicts."""
    run = RunFolder(checkpoint.folder.parent.parent)
    if checkpoint.folder.parent.name != "snapshots" or run.state_folder() is None:
        return None
    told = [line["verdicts"] for line in run.read_stats() if isinstance(line.get("verdicts"), dict)]
    if not told:
        return None
    spread = (_scores(told[-1]["edges"], told[-1][kind]) for kind in ("real", "made"))
    return Judge(discriminator(checkpoint.model, read_networks(run)["discriminator"]), *spread)


def _scores(edges: list[float], counts: list[int]) -> Tensor:
    """Return scores that lie evenly within the bins of a histogram, as many in each as it counts, rising."""
    bins = zip(edges, edges[1:], counts, strict=False)
    return torch.cat([low + (high - low) * (torch.arange(count) + 0.5) / max(1, count) for low, high, count in bins])


def tell_verdict(face: OpenFace) -> Verdict | None:
    """Return what the discriminator of a face's model says of it; None where the model has none.

    Raises:
        UserError: what was kept of the discriminator is damaged.
    """
    judge = judge_of(face.loaded.checkpoint)
    if judge is None:
        return None
    picture, condition = to_floats(face.picture[None]), face.condition
    score = judge_pictures(judge, picture, condition)

    def scores(pictures: Tensor) -> Tensor:
        return judge.network(pictures, condition.expand(len(pictures), -1))

    gradient = smooth_gradient(scores, picture[0], NOISY, NOISE)
    looks = gradient.norm(dim=0)  # (S, S)
    looks = (looks / looks.quantile(_BRIGHTEST).clamp_min(1e-12)).clamp(max=1)
    return Verdict(float(score), float(judge.fooled(score)), looks, judge)


@torch.inference_mode()
def judge_pictures(judge: Judge, pictures: Tensor, condition: Tensor) -> Tensor:
    """Return the scores (B,) of pictures (B, 3, S, S), -1 to 1, of one condition (1, conditioning.SIZE)."""
    return judge.network(pictures, condition.expand(len(pictures), -1)).float()


def smooth_gradient(
    scores: Callable[[Tensor], Tensor], picture: Tensor, count: int, noise: float, seed: int = 0
) -> Tensor:
    """Return the mean gradient (3, S, S) of a score at noisy copies of a picture (Smilkov et al. 2017, SmoothGrad).

    Args:
        scores: scores (B,) of pictures (B, 3, S, S), each of its own picture alone.
        picture: (3, S, S).
        count: noisy copies.
        noise: standard deviation of the normal noise; 0 gives the plain gradient.
        seed: of the noise.
    """
    random = torch.Generator().manual_seed(seed)
    copies = picture + noise * torch.randn(count, *picture.shape, generator=random)  # (B, 3, S, S)
    with torch.enable_grad():
        copies.requires_grad_(True)
        (gradient,) = torch.autograd.grad(scores(copies).sum(), copies)
    return gradient.mean(0)
