"""An explained face as tables: for people, and for spreadsheets; imports no torch."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genai_demo.faces.explaining.explanation import Explanation


def as_csv(told: Explanation) -> str:
    """Return a line for every number of an explanation, below the names of the columns."""
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(["what", "which", "measure", "value"])
    table.writerows(_rows(told))
    return written.getvalue()


def _rows(told: Explanation) -> Iterator[tuple[str, str, str, float]]:
    for stage in told.stages:
        for measure in ("channels", "adds", "left"):
            yield "stage", f"{stage.side}x{stage.side}", measure, getattr(stage, measure)
    for one in told.variety:
        if one["fooled"] is not None:
            yield "variety", str(one["variety"]), "fooled", one["fooled"]
    for measure, value in (told.verdict or {}).items():
        yield "verdict", "face", measure, value
    for number, share in enumerate(told.bits or ()):
        yield "latent", str(number), "bits", share
    for row, line in enumerate(told.similarity or ()):
        for column, value in enumerate(line):
            yield "similarity", f"{row},{column}", "pair" if row == column else "strangers", value


def as_table(told: Explanation) -> str:
    """Return an explanation for people, some lines of text."""
    lines = [
        f"{told.model}, checkpoint {told.checkpoint}",
        "",
        f"{'stage':<10}{'channels':>10}{'adds':>10}{'left':>10}   in levels of 255",
    ]
    for stage in told.stages:
        lines.append(f"{stage.side:>3}x{stage.side:<6}{stage.channels:>10}{stage.adds:>10.1f}{stage.left:>10.1f}")
    lines.append("")
    if told.verdict:
        share, score = told.verdict["fooled"], told.verdict["score"]
        lines.append(f"discriminator: score {score:.2f}; it finds {100 * share:.0f} % of held-out real faces less real")
    elif told.family == "gan":
        lines.append("discriminator: this checkpoint keeps none")
    if told.bits is not None:
        strongest = ", ".join(f"{value:.1f}" for value in sorted(told.bits, reverse=True)[:5])
        lines.append(f"code: {sum(told.bits):.0f} bits in {len(told.bits)} numbers, {told.silent} of them silent")
        lines.append(f"strongest numbers: {strongest} bits")
    if told.similarity is not None:
        pairs = [row[place] for place, row in enumerate(told.similarity)]
        others = [value for place, row in enumerate(told.similarity) for at, value in enumerate(row) if at != place]
        lines.append(
            f"encoder: two views of one face {sum(pairs) / len(pairs):.2f} alike, "
            f"of two faces {sum(others) / len(others):.2f}"
        )
    return "\n".join(lines)
