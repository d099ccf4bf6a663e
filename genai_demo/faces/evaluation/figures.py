"""The score card of a face generator, and how it is shown; imports no torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured number beside its floor."""

    value: float
    real: float
    """the same figure of real faces, as many and measured against the same held-out ones: the floor"""
    spread: float | None
    """standard deviation of `real` among draws of real faces; None where there was one draw"""


@dataclass(frozen=True)
class Meaning:
    """What a figure is."""

    title: str
    better: str
    """"low", "high", or "real": as near as may be to the floor"""
    digits: int = 3


MEANINGS = {
    "random_frechet": Meaning("Fréchet distance, random features", "low", 2),
    "random_kernel": Meaning("kernel distance x100, random features", "low", 2),
    "kernel": Meaning("kernel distance x100, trained features", "low", 2),
    "sliced_wasserstein_64": Meaning("sliced Wasserstein x1000, details of 64 px", "low", 1),
    "sliced_wasserstein_32": Meaning("sliced Wasserstein x1000, details of 32 px", "low", 1),
    "sliced_wasserstein_16": Meaning("sliced Wasserstein x1000, 16 px", "low", 1),
    "two_sample_accuracy": Meaning("real and fake told apart by a network", "low"),
    "coverage": Meaning("coverage", "high"),
    "density": Meaning("density", "real"),
    "diversity_pixels": Meaning("diversity, thumbnails", "high"),
    "diversity_features": Meaning("diversity, features", "high"),
    "memorisation_pixels": Meaning("nearest training / held-out face, thumbnails: median", "high"),
    "memorisation_pixels_low": Meaning("nearest training / held-out face, thumbnails: lowest 1 %", "high"),
    "copies_pixels": Meaning("as near to a training face as 1 % of real ones, thumbnails", "low"),
    "memorisation_features": Meaning("nearest training / held-out face, features: median", "high"),
    "memorisation_features_low": Meaning("nearest training / held-out face, features: lowest 1 %", "high"),
    "copies_features": Meaning("as near to a training face as 1 % of real ones, features", "low"),
}
"""every figure of a score card, in the order in which they are shown"""


@dataclass(frozen=True)
class ScoreCard:
    """All figures of a set of generated faces; `dataclasses.asdict` makes it JSON-able."""

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
    figures: dict[str, Figure]
    """by name, as in `MEANINGS`"""


def table(card: ScoreCard, baseline: ScoreCard | None = None) -> str:
    """Return a score card as aligned lines for a terminal.

    Args:
        baseline: the card of a simple model, shown in a column of its own.
    """
    features = "trained features" if card.trained_features else "random features"
    head = (
        f"{card.n:,} faces; floor: {card.n:,} of {card.train:,} training faces; both against {card.n:,} of "
        f"{card.held_out:,} held-out faces; {features}; {len(card.extractors)} extractors from {card.extractors[0]}"
    )
    lines = [("figure", "value", *(("baseline",) if baseline else ()), "real", "spread", "of real", "better")]
    for name, meaning in MEANINGS.items():
        if name in card.figures:
            figure = card.figures[name]
            shown = [figure.value, figure.real, figure.spread]
            if baseline:
                shown.insert(1, baseline.figures[name].value if name in baseline.figures else None)
            words = ["-" if value is None else f"{value:.{meaning.digits}f}" for value in shown]
            # An unbiased distance may lie at or below 0, where a ratio says nothing.
            ratio = f"{figure.value / figure.real:.2f}" if figure.real > 0 and "kernel" not in name else "-"
            lines.append((meaning.title, *words, ratio, meaning.better))
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    rows = ["  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) for line in lines]
    return "\n".join([head, "", *rows])
