"""How much presets deliver their genres: `python -m benchmarks.genres [--seeds N] [--data ZIP ...] [--json FILE]`.

Writes a piece for each preset of the page and each seed, and counts those that have the mark of their genre in enough
of their bars and end on their tonic (`genai_demo.music.theory.genres`); the same with the genre left open, which is
what the settings do by themselves; and, where data is given, the same share of real pieces by their titles, and of real
pieces in the same metres that are called otherwise.
"""

from __future__ import annotations

import argparse
import re
import statistics
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from benchmarks.reporting import show
from genai_demo.music.data.reading import Music, read_together
from genai_demo.music.requests import ComposeRequest
from genai_demo.music.theory.genres import GENRE_METRES, delivers, ends_on_tonic, genre_share
from genai_demo.music.theory.piece import Piece
from genai_demo.music.theory.texture import ANY

TITLES = {
    "nocturne": "nocturn|notturno",
    "waltz": "waltz|walc|valse|walzer",
    "mazurka": "mazur|mazour",
    "march": "march|marsch|marcia",
    "minuet": "minuet|menuet",
    "polonaise": "polonai|polonez|polacca",
    "etude": "[eé]tude|stud(y|ie)",
    "lullaby": "lullab|berceuse|wiegen|kołysanka|cradle|ninna",
}
"""words in the titles of real pieces"""


def figures(pieces: Iterable[Piece], genre: str) -> dict[str, float]:
    """Return how much some pieces are of a genre: the mean share of bars, and the shares of pieces that count."""
    found = list(pieces)
    if not found:
        return {"pieces": 0}
    return {
        "pieces": len(found),
        "bars_with_its_mark_percent": 100 * statistics.fmean(genre_share(piece, genre) for piece in found),
        "end_on_tonic_percent": 100 * statistics.fmean(ends_on_tonic(piece) for piece in found),
        "deliver_percent": 100 * statistics.fmean(delivers(piece, genre) for piece in found),
    }


def written(request: ComposeRequest, genre: str, seeds: int) -> dict[str, float]:
    """Return the figures of pieces that are written with each seed, and the median seconds of one."""
    from genai_demo.music.sampling.generation import run

    pieces, seconds = [], []
    for seed in range(seeds):
        started = time.perf_counter()
        pieces.append(list(run(replace(request, seed=seed)))[-1].compositions[0].piece)
        seconds.append(time.perf_counter() - started)
    return figures(pieces, genre) | {"seconds": statistics.median(seconds)}


def real(music: Music, genre: str) -> dict[str, dict[str, float]]:
    """Return the figures of real pieces that are called what a genre is, and of others in its metres."""
    own: list[Piece] = []
    others: list[Piece] = []
    for piece, label in zip(music.pieces, music.labels, strict=True):
        bar = piece.bars[len(piece.bars) // 2]
        if f"{bar.beats}/{bar.unit}" in GENRE_METRES[genre]:
            (own if re.search(TITLES[genre], label.title.lower()) else others).append(piece)
    return {"real": figures(own, genre), "others": figures(others, genre)}


def main() -> None:
    """Print a table, and JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="pieces for each preset (5)")
    parser.add_argument("--data", nargs="*", default=[], metavar="ZIP", help="real music with titles")
    parser.add_argument("--json", metavar="FILE", help="- for standard output")
    options = parser.parse_args()

    from genai_demo.ui.music.compose import PRESETS

    music = read_together(options.data) if options.data else None
    report: dict[str, dict[str, Any]] = {}
    for genre, preset in PRESETS.items():
        request = ComposeRequest(**preset)
        report[genre] = written(request, genre, options.seeds)
        report[f"{genre}, genre open"] = written(replace(request, genre=ANY), genre, options.seeds)
        if music:
            report |= {f"{genre}, {name}": found for name, found in real(music, genre).items()}
    show(report, options.json)


if __name__ == "__main__":
    main()
