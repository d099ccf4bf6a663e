"""What the figures of music models are, and how a report shows them; imports no torch."""

from __future__ import annotations

from functools import partial

from genai_demo.engine.evaluation.figure import Meaning, Row, figure_rows, plain_table
from genai_demo.engine.evaluation.report import Report, figures_of, report_text

_markov = partial(Meaning, counted="pieces", baseline="Markov")
"""beside the Markov model of order 4, asked for the same pieces"""
MEANINGS = {
    "bits_per_event": _markov("bits per event of held-out pieces", "low", counted="events"),
    **{
        f"bits_{hole}": Meaning(f"bits per hidden note, {title}", "low", "windows", "mere frequencies")
        for hole, title in {
            "whole": "any of all notes hidden",
            "stretch": "a stretch hidden",
            "right": "the right hand hidden",
            "left": "the left hand hidden",
            "range": "a range of keys hidden",
            "inner": "inner notes hidden",
        }.items()
    },
    "same_piece": Meaning("nearest window is of the same piece", "high", "windows", "random encoder"),
    "same_piece_by_chance": Meaning("the same by chance", counted="windows"),
    "out_of_tune": Meaning("keys a semitone off are heard", "high", "windows", "random encoder"),
    "encoder_distance": _markov("Fréchet distance of trained features", "low", counted="windows"),
    "random_distance": _markov("Fréchet distance of random features", "low", counted="windows"),
    "lengths": _markov("note lengths: total variation distance", "low", counted="notes"),
    "qualified": _markov("notes of a sixteenth or longer", "as real"),
    "note_density": _markov("notes per quarter note", "as real"),
    "polyphony": _markov("keys held at once", "as real"),
    "pitch_classes": _markov("pitch classes per bar", "as real"),
    "empty_bars": _markov("empty bars", "as real"),
    "in_key": _markov("notes in the scale that fits best", "as real"),
    "clashes": _markov("notes outside the harmony, not led on", "as real"),
    "wide_spans": _markov("strikes with a tenth or more in a hand", "as real"),
    "leaps": _markov("leaps of a hand per bar", "as real"),
    "crossings": _markov("moments with the hands crossed", "as real"),
    "rhythm_8": _markov("likeness of rhythm within 8 bars", "as real"),
    "rhythm_16": _markov("likeness of rhythm within 16 bars", "as real"),
    "harmony_8": _markov("likeness of harmony within 8 bars", "as real"),
    "harmony_16": _markov("likeness of harmony within 16 bars", "as real"),
    "returning": _markov("later bars like an earlier one", "as real"),
    "odd_bars": _markov("bars whose texture no other has", "as real"),
    "key_heard": _markov("asked key is the one heard", "high"),
    "density_met": Meaning("asked density met", "high", "pieces", "chance"),
    "register_met": Meaning("asked register met", "high", "pieces", "chance"),
    "copied_bars": _markov("4 bars that stand in the training data", "low", counted="stretches"),
    "longest_copy": _markov("longest copied run of notes: median", "low"),
    "longest_copy_of_all": _markov("longest copied run of notes: longest", "low"),
    "seconds": _markov("seconds per piece", "low"),
    "anew_distance": _markov("Fréchet distance of 4 bars written anew in real pieces", "low", counted="windows"),
    "anew_seconds": _markov("seconds for them", "low"),
    "left_distance": _markov("Fréchet distance of 4 bars with a new left hand", "low", counted="windows"),
    "left_seconds": _markov("seconds for them", "low"),
}
"""every figure an evaluation may hold, in the order in which they are shown"""

_COLUMNS = {"value": "value", "real": "real music", "baseline": "baseline", "better": "better", "n": "measured on"}


def rows(report: Report) -> list[Row]:
    """Return a header and the figures of a report as rows of words."""
    return figure_rows(figures_of(report), MEANINGS, _COLUMNS)


def table(report: Report) -> str:
    """Return a report as lines for a terminal."""
    data = report["data"]
    where = f"{', '.join(data['paths'])}: {data['held_out']['pieces']:,} pieces held out, {data['held_out']['hash']}"
    return report_text(report, where, plain_table(rows(report)))
