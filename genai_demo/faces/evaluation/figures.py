"""What the figures of face models are, and how a report shows them; imports no torch."""

from __future__ import annotations

from genai_demo.engine.evaluation.figure import Meaning, Row, figure_rows, plain_table
from genai_demo.engine.evaluation.report import Report, figures_of, report_text

MEANINGS = {
    "random_frechet": Meaning("Fréchet distance, random features", "low", digits=2),
    "random_kernel": Meaning("kernel distance x100, random features", "low", digits=2),
    "kernel": Meaning("kernel distance x100, trained features", "low", digits=2),
    "sliced_wasserstein_64": Meaning("sliced Wasserstein x1000, details of 64 px", "low", digits=1),
    "sliced_wasserstein_32": Meaning("sliced Wasserstein x1000, details of 32 px", "low", digits=1),
    "sliced_wasserstein_16": Meaning("sliced Wasserstein x1000, 16 px", "low", digits=1),
    "two_sample_accuracy": Meaning("real and fake told apart by a network", "low", digits=3),
    "coverage": Meaning("coverage", "high", digits=3),
    "density": Meaning("density", "real", digits=3),
    "diversity_pixels": Meaning("diversity, thumbnails", "high", digits=3),
    "diversity_features": Meaning("diversity, features", "high", digits=3),
    "memorisation_pixels": Meaning("nearest training / held-out face, thumbnails: median", "high", digits=3),
    "memorisation_pixels_low": Meaning("nearest training / held-out face, thumbnails: lowest 1 %", "high", digits=3),
    "copies_pixels": Meaning("as near to a training face as 1 % of real ones, thumbnails", "low", digits=3),
    "memorisation_features": Meaning("nearest training / held-out face, features: median", "high", digits=3),
    "memorisation_features_low": Meaning("nearest training / held-out face, features: lowest 1 %", "high", digits=3),
    "copies_features": Meaning("as near to a training face as 1 % of real ones, features", "low", digits=3),
}
"""every figure an evaluation may hold, in the order in which they are shown"""
_COLUMNS = {
    "value": "value",
    "baseline": "baseline",
    "real": "real",
    "spread": "spread",
    "ratio": "of real",
    "better": "better",
}


def compared(report: Report) -> str:
    """Return which faces, and how many, the figures of a report compare."""
    card = report["scores"]["model"]
    features = "trained features" if card["trained_features"] else "random features"
    return (
        f"{card['n']:,} faces; floor: {card['n']:,} of {card['train']:,} training faces; both against {card['n']:,} of "
        f"{card['held_out']:,} held-out faces; {features}; {len(card['extractors'])} extractors from "
        f"{card['extractors'][0]}"
    )


def rows(report: Report) -> list[Row]:
    """Return a header and the figures of a report as rows of words, those of a baseline only where there was one."""
    figures = figures_of(report)
    beside = any(figure.baseline is not None for figure in figures.values())
    columns = {column: name for column, name in _COLUMNS.items() if beside or column != "baseline"}
    return figure_rows(figures, MEANINGS, columns)


def label_lines(report: Report) -> list[str]:
    """Return how labels are obeyed or read, line by line; none if that was not measured."""
    titles = {"painted": "painted as asked", "real": "real faces", "guess": "always the commonest"}
    lines = [f"{'labels as the encoder reads them':<36}{'faces':>7}{'age, years off':>16}{'gender':>9}{'smile':>9}"]
    labels = report.get("labels", {})
    for name, title in titles.items():
        if name in labels:
            row = labels[name]
            shares = f"{row['gender']:>8.1%} {row['smile']:>8.1%}"
            lines.append(f"{title:<36}{row['faces']:>7,}{row['age_error']:>16.1f} {shares}")
    return lines if len(lines) > 1 else []


def table(report: Report) -> str:
    """Return a report as lines for a terminal."""
    data = report["data"]
    where = f"{data['path']}: {data['held_out']['faces']:,} faces held out, {data['held_out']['hash']}"
    measured = [compared(report), plain_table(rows(report), right=True)] if report["figures"] else []
    return report_text(report, where, *measured, "\n".join(label_lines(report)))
