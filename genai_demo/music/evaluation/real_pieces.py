"""Measures real pieces, and writes the quantiles among which explanations place a piece.

    python -m genai_demo.music.evaluation.real_pieces --data piano_scores.zip

Small numbers for each measure and form are written, and the hash of the pieces that they were measured on; no piece.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from genai_demo.catalogue import terminal_language
from genai_demo.engine.data.parallel import in_processes
from genai_demo.engine.files import write_text
from genai_demo.errors import UserError
from genai_demo.music.data.reading import Music, data_hash, read_music
from genai_demo.music.evaluation.excerpts import opening
from genai_demo.music.explaining.measures import BARS, FILE, MEASURES, QUANTILES, forms_of
from genai_demo.music.theory.piece import Piece
from genai_demo.music.theory.statistics import FIGURES

FEWEST = 20
"""pieces of a form that is told of"""
_DIGITS = 4
"""significant digits of a quantile"""


def measured(piece: Piece) -> dict[str, float | None] | None:
    """Return the measures of a piece's opening; None of one that has no `BARS` bars of one metre."""
    part = opening(piece, BARS)
    return None if part is None else {name: FIGURES[name](part) for name in MEASURES}


def quantiles(music: Music) -> dict[str, Any]:
    """Return what `measures.real_pieces` reads, of some pieces and their titles."""
    by_form: dict[str, list[dict[str, float | None]]] = {}
    for label, found in zip(music.labels, in_processes(measured, music.pieces), strict=True):
        if found is not None:
            for form in forms_of(label.title):
                by_form.setdefault(form, []).append(found)
    forms = {
        form: {"pieces": len(found), "measures": {name: _spread([one[name] for one in found]) for name in MEASURES}}
        for form, found in by_form.items()
        if len(found) >= FEWEST
    }
    return {"bars": BARS, "pieces": len(music), "hash": data_hash(music), "forms": forms}


def _spread(values: Sequence[float | None]) -> list[float]:
    known = np.array([value for value in values if value is not None] or [0.0])
    return [float(f"{value:.{_DIGITS}g}") for value in np.quantile(known, np.linspace(0, 1, QUANTILES + 1))]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, metavar="PATH", help="the music, with titles in its label table")
    parser.add_argument("--split", default="train", metavar="NAME", help="which split of it (train)")
    parser.add_argument("--to", type=Path, default=FILE, metavar="FILE", help="file to write (the one that ships)")
    options = parser.parse_args(arguments)
    try:
        found = quantiles(read_music(options.data, options.split))
    except UserError as error:
        print(error.in_language(terminal_language()), file=sys.stderr)
        return 2
    write_text(options.to, json.dumps(found, indent=None, separators=(",", ":")) + "\n")
    print(f"{options.to}: {found['pieces']:,} pieces, {found['hash']}, {', '.join(found['forms'])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
