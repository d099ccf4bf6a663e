"""What an evaluation finds, and how it is shown; imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One measured number, and what it is to be compared with."""

    value: float
    unit: str
    """bits, share (0 to 1), distance, seconds or count"""
    n: int
    """how many were measured; `MEANINGS` says of what"""
    real: float | None = None
    """the same figure of real held-out music: the floor; None where it was not, or cannot be, measured"""
    baseline: float | None = None
    """what a simple model reaches; `MEANINGS` says which"""


@dataclass(frozen=True)
class Meaning:
    """What a figure is."""

    title: str
    better: str
    """"low", "high", or "as real": as near as may be to real music"""
    counted: str = "pieces"
    """what `n` counts"""
    baseline: str = "Markov"
    """what the baseline is: of the models that write, the Markov model of order 4, asked for the same pieces"""


_HOLES = {
    "whole": "any of all notes hidden",
    "stretch": "a stretch hidden",
    "right": "the right hand hidden",
    "left": "the left hand hidden",
    "range": "a range of keys hidden",
    "inner": "inner notes hidden",
}

MEANINGS = {
    "bits_per_event": Meaning("bits per event of held-out pieces", "low", "events"),
    **{
        f"bits_{hole}": Meaning(f"bits per hidden note, {title}", "low", "windows", "mere frequencies")
        for hole, title in _HOLES.items()
    },
    "same_piece": Meaning("nearest window is of the same piece", "high", "windows", "random encoder"),
    "same_piece_by_chance": Meaning("the same by chance", "as real", "windows", ""),
    "out_of_tune": Meaning("keys a semitone off are heard", "high", "windows", "random encoder"),
    "encoder_distance": Meaning("Fréchet distance of trained features", "low", "windows"),
    "random_distance": Meaning("Fréchet distance of random features", "low", "windows"),
    "lengths": Meaning("note lengths: total variation distance", "low", "notes"),
    "qualified": Meaning("notes of a sixteenth or longer", "as real"),
    "note_density": Meaning("notes per quarter note", "as real"),
    "polyphony": Meaning("keys held at once", "as real"),
    "pitch_classes": Meaning("pitch classes per bar", "as real"),
    "empty_bars": Meaning("empty bars", "as real"),
    "in_key": Meaning("notes in the scale that fits best", "as real"),
    "rhythm_8": Meaning("likeness of rhythm within 8 bars", "as real"),
    "rhythm_16": Meaning("likeness of rhythm within 16 bars", "as real"),
    "harmony_8": Meaning("likeness of harmony within 8 bars", "as real"),
    "harmony_16": Meaning("likeness of harmony within 16 bars", "as real"),
    "returning": Meaning("later bars like an earlier one", "as real"),
    "key_heard": Meaning("asked key is the one heard", "high"),
    "density_met": Meaning("asked density met", "high", baseline="chance"),
    "register_met": Meaning("asked register met", "high", baseline="chance"),
    "copied_bars": Meaning("4 bars that stand in the training data", "low", "stretches"),
    "longest_copy": Meaning("longest copied run of notes: median", "low"),
    "longest_copy_of_all": Meaning("longest copied run of notes: longest", "low"),
    "seconds": Meaning("seconds per piece", "low"),
    "anew_distance": Meaning("Fréchet distance of 4 bars written anew in real pieces", "low", "windows"),
    "anew_seconds": Meaning("seconds for them", "low"),
    "left_distance": Meaning("Fréchet distance of 4 bars with a new left hand", "low", "windows"),
    "left_seconds": Meaning("seconds for them", "low"),
}
"""every figure an evaluation may hold, in the order in which they are shown"""

HEADER = ("figure", "value", "real music", "baseline", "better", "measured on")


def rows(report: dict[str, Any]) -> list[tuple[str, ...]]:
    """Return the figures of a report as rows of words, one column for each of `HEADER`."""
    found: list[tuple[str, ...]] = []
    for name, meaning in MEANINGS.items():
        if name in report["figures"]:
            figure = Figure(**report["figures"][name])
            baseline = _shown(figure.baseline, figure.unit)
            found.append(
                (
                    meaning.title,
                    _shown(figure.value, figure.unit),
                    _shown(figure.real, figure.unit),
                    f"{baseline} ({meaning.baseline})" if figure.baseline is not None and meaning.baseline else "-",
                    meaning.better if meaning.baseline else "-",
                    f"{figure.n:,} {meaning.counted}",
                )
            )
    return found


def _shown(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    if unit == "share":
        return f"{100 * value:.1f} %"
    return f"{value:.3f}" if unit in ("bits", "distance") else f"{value:.2f}"


def plain_table(report: dict[str, Any]) -> str:
    """Return the figures in columns, for a terminal."""
    lines = [HEADER, *rows(report)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def markdown_table(report: dict[str, Any]) -> str:
    """Return the figures as a Markdown table."""
    lines = [HEADER, tuple("---" for _ in HEADER), *rows(report)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
