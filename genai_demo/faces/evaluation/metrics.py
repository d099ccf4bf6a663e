"""The score card: every figure of a face generator beside its floor, real faces against real faces.

Both sides of a floor are real: as many training faces as there are samples, drawn at random, take the samples' place,
and both are measured against the same held-out faces. A generator that is as good as real faces reaches the floor,
whatever the number of pictures does to a figure. So does one that hands out its training data: no distance between
distributions sees that, which is why the card asks for copies as well.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from genai_demo.engine.evaluation.distances import frechet_distance, kernel_distance, unit_scale
from genai_demo.engine.evaluation.figure import Figure, Figures
from genai_demo.errors import UserError
from genai_demo.faces.evaluation.memorization import Memorization, memorization_ratio
from genai_demo.faces.evaluation.neighbours import LOW, coverage, density, diversity
from genai_demo.faces.evaluation.sliced_wasserstein import SCALES, sliced_wasserstein
from genai_demo.faces.evaluation.two_sample import two_sample_accuracy
from genai_demo.faces.models.random_features import Features, RandomFeatures, as_floats, as_shown, extract, thumbnails

SIZE = 64
"""height and width of a face in pixels"""
LEAST = 32
"""fewest faces of each kind"""
_UNITS = {
    "random_frechet": "distance",
    **dict.fromkeys(("random_kernel", "kernel"), "squared MMD"),
    **{f"sliced_wasserstein_{scale}": "distance" for scale in SCALES},
    **dict.fromkeys(("two_sample_accuracy", "coverage", "copies_pixels", "copies_features"), "share"),
}
"""of figures that are no ratios"""


@dataclass(frozen=True)
class ScoreCard:
    """All figures of a set of generated faces."""

    n: int
    """generated faces, and real ones on either side of every floor"""
    train: int
    """training faces that floors are drawn from and copies are looked for in"""
    held_out: int
    """real faces that nothing was trained on, which copies are told by"""
    extractors: tuple[str, ...]
    """ids of the random features, over which their figures are averaged"""
    trained_features: bool
    """coverage, density, diversity and copies are measured in trained features; otherwise in random ones"""
    figures: Figures
    """by name, as in `figures.MEANINGS`"""


def score_card(
    samples: Tensor, train: Tensor, held_out: Tensor, features: Features | None = None, seeds: int = 5
) -> ScoreCard:
    """Measure generated faces.

    All pictures are compared as they are shown, rounded to 8 bits. The number of faces on every side of every
    comparison is that of the smallest of the three sets; copies are looked for in all training faces.

    Args:
        samples: (N, 3, 64, 64), uint8 or floats in -1 to 1.
        train: (M, 3, 64, 64) likewise, all that the generator has learnt from.
        held_out: (K, 3, 64, 64) likewise, from the same source as `train`.
        features: of a trained network, for kernel distance, coverage, density, diversity and copies; None measures
            these, but for the second kernel distance, in random features.
        seeds: random extractors, and draws of training faces for the floors, at least 1.

    Raises:
        UserError: the pictures are too few, of another size, or not numbers.
    """
    for pictures in (samples, train, held_out):
        if pictures.shape[1:] != (3, SIZE, SIZE) or len(pictures) < LEAST:
            found = " x ".join(map(str, pictures.shape))
            raise UserError("faces.bad_set", found=found, least=LEAST, allowed=f"3 x {SIZE} x {SIZE}")
        if pictures.is_floating_point() and not bool(pictures.isfinite().all()):
            raise UserError("faces.not_finite")
    samples, train, held_out = as_shown(samples.cpu()), as_shown(train.cpu()), as_shown(held_out.cpu())
    count = min(len(samples), len(held_out), len(train))
    samples = samples[:count]
    generator = torch.Generator().manual_seed(0)
    # Files come in an order of their own, by age for instance.
    held_out = held_out[torch.randperm(len(held_out), generator=generator)]
    draws = [torch.randperm(len(train), generator=generator)[:count] for _ in range(seeds)]
    extractors = [RandomFeatures(seed) for seed in range(seeds)]
    real = held_out[:count]
    drawn = [train[draw] for draw in draws]
    figures = _random_distances(samples, drawn, real, extractors) | _patch_distances(samples, drawn[:3], real)
    figures["two_sample_accuracy"] = _figure(
        two_sample_accuracy(real, samples),
        [two_sample_accuracy(real, draw, seed, restarts=1) for seed, draw in enumerate(drawn[:2])],
    )
    for space, extractor in (("pixels", thumbnails), ("features", features or extractors[0])):
        sides = (train, samples, samples.flip(3), held_out, held_out.flip(3))
        vectors = unit_scale(*(extract(extractor, side) for side in sides))
        figures |= _neighbours(space, vectors, draws)
        if space == "features":
            trained = features is not None
            figures |= _compared(vectors[1], vectors[0], vectors[3][:count], draws, trained)
    ids = tuple(extractor.id for extractor in extractors)
    figures = {name: replace(figure, unit=_UNITS.get(name, "ratio"), n=count) for name, figure in figures.items()}
    return ScoreCard(count, len(train), len(held_out), ids, features is not None, figures)


def _figure(value: float, floors: Sequence[float]) -> Figure:
    spread = statistics.stdev(floors) if len(floors) > 1 else None
    return Figure(value, "", 0, statistics.fmean(floors), spread=spread)


def _random_distances(samples: Tensor, draws: list[Tensor], real: Tensor, extractors: list[RandomFeatures]) -> Figures:
    """Return distances averaged over extractors, each with its own draw of training faces for the floor."""
    found: dict[str, list[tuple[float, float]]] = {"random_frechet": [], "random_kernel": []}
    for extractor, draw in zip(extractors, draws, strict=True):
        sides = (extract(extractor, pictures) for pictures in (real, samples, draw))
        reference, fake, floor = unit_scale(*sides)
        found["random_frechet"].append((frechet_distance(reference, fake), frechet_distance(reference, floor)))
        found["random_kernel"].append((_kernel_distance(reference, fake), _kernel_distance(reference, floor)))
    return {
        name: _figure(statistics.fmean(value for value, _ in pairs), [floor for _, floor in pairs])
        for name, pairs in found.items()
    }


def _kernel_distance(real: Tensor, fake: Tensor) -> float:
    return 100 * kernel_distance(real, fake)


def _patch_distances(samples: Tensor, draws: list[Tensor], real: Tensor) -> Figures:
    values, *floors = (sliced_wasserstein(as_floats(real), as_floats(side)) for side in (samples, *draws))
    return {
        f"sliced_wasserstein_{scale}": _figure(values[scale], [floor[scale] for floor in floors]) for scale in values
    }


def _neighbours(space: str, vectors: tuple[Tensor, ...], draws: list[Tensor]) -> Figures:
    train, samples, samples_flipped, held_out, held_out_flipped = vectors
    floors = [diversity(train[draw], held_out) for draw in draws]
    # A model that learns from mirrored faces copies mirrored ones.
    found = memorization_ratio(
        torch.stack([samples, samples_flipped], 1), train, torch.stack([held_out, held_out_flipped], 1)
    )
    return {f"diversity_{space}": _figure(diversity(samples, held_out), floors), **_copies(space, found)}


def _copies(space: str, found: Memorization) -> Figures:
    return {
        f"memorisation_{space}": Figure(found.median, "", 0, found.real_median, spread=found.real_median_spread),
        f"memorisation_{space}_low": Figure(found.low, "", 0, found.real_low, spread=found.real_low_spread),
        f"copies_{space}": Figure(found.copies, "", 0, LOW),
    }


def _compared(samples: Tensor, train: Tensor, real: Tensor, draws: list[Tensor], trained: bool) -> Figures:
    measures: dict[str, Callable[[Tensor, Tensor], float]] = {"coverage": coverage, "density": density}
    if trained:
        measures["kernel"] = _kernel_distance
    return {
        name: _figure(measure(real, samples), [measure(real, train[draw]) for draw in draws])
        for name, measure in measures.items()
    }
