"""What is measured of music that a model wrote, beside real music and that of a baseline."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from genai_demo.engine.evaluation.figure import Figure, Figures
from genai_demo.music.evaluation.features import distance, features
from genai_demo.music.evaluation.memorization import CopyCheck
from genai_demo.music.models.encoder import MusicEncoder
from genai_demo.music.theory.key_estimation import estimate_key
from genai_demo.music.theory.piece import Piece
from genai_demo.music.theory.statistics import FIGURES, length_shares, mean_figure, total_variation
from genai_demo.music.theory.texture import DENSITIES, REGISTERS, density_of, register_of

_UNITS = {"note_density": "count", "polyphony": "count", "pitch_classes": "count", "leaps": "count"}
STRUCTURE = ("rhythm_8", "rhythm_16", "harmony_8", "harmony_16", "returning", "odd_bars")
"""those of `statistics.FIGURES` that are about whole pieces; the others are about notes"""
NOTES = tuple(name for name in FIGURES if name not in STRUCTURE)


@dataclass(frozen=True)
class Sets:
    """Music that is compared, all of it of as many bars and in the same metres."""

    written: Sequence[Piece]
    """by the model"""
    real: Sequence[Piece]
    """held out"""
    baseline: Sequence[Piece]
    """by the baseline"""
    training: Sequence[Sequence[Piece]] = ()
    """draws of real pieces that were learnt from: what a perfect model would be like"""

    @property
    def sides(self) -> tuple[Sequence[Piece], ...]:
        """What a figure gives the value, the floor and the baseline for."""
        return self.written, self.real, self.baseline


def means(sets: Sets, names: Iterable[str]) -> Figures:
    """Return some of `statistics.FIGURES`, in the mean of the pieces."""
    found: Figures = {}
    for name in names:
        value, real, baseline = (mean_figure(name, side) for side in sets.sides)
        if value is not None:
            found[name] = Figure(value, _UNITS.get(name, "share"), len(sets.written), real, baseline)
    return found


def lengths(sets: Sets) -> Figures:
    """Return how far the note lengths are from those of held-out music; of real music, how far other real music is."""
    reference = length_shares(sets.real)
    value, baseline, *floors = (
        total_variation(length_shares(side), reference) for side in (sets.written, sets.baseline, *sets.training)
    )
    count = sum(len(piece.notes) for piece in sets.written)
    return {"lengths": Figure(value, "distance", count, statistics.fmean(floors) if floors else None, baseline)}


def distances(sets: Sets, encoders: dict[str, MusicEncoder]) -> Figures:
    """Return the Fréchet distance of features to those of held-out music, and that of other real music to them.

    As many pieces stand on each side: the distance is the larger, the fewer there are.

    Args:
        sets: what is compared.
        encoders: by the name of their figure, in evaluation mode.
    """
    found: Figures = {}
    count = min(len(side) for side in (sets.real, sets.written, sets.baseline, *sets.training))
    for name, encoder in encoders.items():
        reference = features(encoder, sets.real[:count])
        written = features(encoder, sets.written[:count])
        value = distance(reference, written)
        floors = [distance(reference, features(encoder, draw[:count])) for draw in sets.training]
        known = [floor for floor in floors if floor is not None]
        if value is not None:
            baseline = distance(reference, features(encoder, sets.baseline[:count]))
            floor = statistics.fmean(known) if known else None
            found[name] = Figure(value, "distance", len(written), floor, baseline)
    return found


def copies(sets: Sets, check: CopyCheck) -> Figures:
    """Return how much of the music stands in what the model has learnt from, in any key."""
    stretches = [check.copied_stretches(side) for side in sets.sides]
    share, real_share, baseline_share = (copied / count if count else None for copied, count in stretches)
    found: Figures = {}
    if share is not None:
        found["copied_bars"] = Figure(share, "share", stretches[0][1], real_share, baseline_share)
    runs = [check.longest_runs(side) for side in sets.sides]
    for name, measure in (("longest_copy", statistics.median), ("longest_copy_of_all", max)):
        value, real, baseline = (float(measure(some)) for some in runs)
        found[name] = Figure(value, "count", len(sets.written), real, baseline)
    return found


def key_heard(sets: Sets) -> Figures:
    """Return how often the key that a piece is said to have is the one that is heard, see `estimate_key`."""
    value, real, baseline = (
        statistics.fmean(estimate_key(piece.notes) == (piece.key and piece.key.sounding) for piece in side)
        for side in sets.sides
    )
    return {"key_heard": Figure(value, "share", len(sets.written), real, baseline)}


def character_met(asked: Sequence[tuple[str, str]], written: Sequence[Piece]) -> Figures:
    """Return how often a density and a register that were asked for can be read off what was written.

    Args:
        asked: density and register for each piece.
        written: the pieces.
    """
    pairs = list(zip(asked, written, strict=True))
    density = statistics.fmean(density_of(piece.notes, piece.bars) == wanted for (wanted, _), piece in pairs)
    register = statistics.fmean(register_of(piece.notes) == wanted for (_, wanted), piece in pairs)
    return {
        "density_met": Figure(density, "share", len(written), baseline=1 / len(DENSITIES)),
        "register_met": Figure(register, "share", len(written), baseline=1 / len(REGISTERS)),
    }
