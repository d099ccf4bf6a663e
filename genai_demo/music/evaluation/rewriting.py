"""Bars of held-out pieces, written anew: what a model puts into holes of real music, beside what stood there."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from genai_demo.music.data.reading import Music
from genai_demo.music.evaluation.excerpts import put_in
from genai_demo.music.evaluation.markov import Markov
from genai_demo.music.evaluation.metrics import Sets
from genai_demo.music.requests import ComposeRequest, RewriteRequest
from genai_demo.music.sampling import generation
from genai_demo.music.theory.piece import LEFT, RIGHT, Piece
from genai_demo.music.theory.statistics import excerpt
from genai_demo.music.tokens.piece_string import write_piece_string

REWRITTEN = (4, 8)
"""bars that are written anew, from the first one up to the last one, counted from 0"""


@dataclass(frozen=True)
class Reference:
    """What a model that writes is measured beside."""

    training: Music
    """what it has learnt from"""
    held_out: Music
    real: list[Piece]
    """openings of held-out pieces"""
    floors: list[list[Piece]]
    """draws of openings that it has learnt from, in the metres of `real`"""
    markov: Markov
    """the baseline"""


@dataclass(frozen=True)
class Rewritten:
    """Pieces some of whose bars were written anew."""

    bars: Sets
    """those bars alone"""
    whole: Sets
    """the pieces with them"""
    seconds: float
    """per piece"""


def rewrite(model: str, family: str, reference: Reference, count: int, seed: int, hand: str = "both") -> Rewritten:
    """Have bars of pieces written anew, and by the Markov model, which sees the bars before them alone.

    Args:
        model: name or folder of the checkpoint.
        family: its family, one of `requests.REWRITERS`.
        reference: held-out openings, each rewritten several times where they are few, and the baseline. Of one hand
            this keeps the notes of the other one that stood there.
        count: pieces.
        seed: of the first one.
        hand: what of the bars is written, one of `requests.HAND_CHOICES`.
    """
    first, last = REWRITTEN
    given = [reference.real[number % len(reference.real)] for number in range(count)]
    requests = [
        RewriteRequest(write_piece_string(piece), first + 1, last, hand, seed=seed + number, model=family)
        for number, piece in enumerate(given)
    ]
    begun = time.perf_counter()
    updates = [list(generation.run(request, model))[-1] for request in requests]
    seconds = (time.perf_counter() - begun) / count
    written = [update.compositions[0].piece for update in updates]

    def cut(pieces: Sequence[Piece]) -> list[Piece]:
        return [excerpt(piece, first, last - first) for piece in pieces]

    following = [ComposeRequest(bars=last - first, seed=seed + number) for number in range(count)]
    starts = [excerpt(piece, 0, first) for piece in given]
    gone_on = [reference.markov.go_on(start, request) for start, request in zip(starts, following, strict=True)]
    baseline = [_with_other_hand(*parts, hand) for parts in zip(cut(gone_on), cut(given), strict=True)]
    whole = [put_in(piece, part, first) for piece, part in zip(given, baseline, strict=True)]
    floors = [cut(draw) for draw in reference.floors]
    return Rewritten(
        Sets(cut(written), cut(reference.real), baseline, floors),
        Sets(written, reference.real, whole, reference.floors),
        seconds,
    )


def _with_other_hand(written: Piece, real: Piece, hand: str) -> Piece:
    """Return bars of the Markov model with the hand that was to stay as it was."""
    if hand == "both":
        return written
    kept = RIGHT if hand == "left" else LEFT
    stays = [note for note in real.notes if note.hand == kept]
    struck = {(note.start, note.pitch) for note in stays}
    own = [note for note in written.notes if note.hand != kept and (note.start, note.pitch) not in struck]
    return Piece(tuple(sorted([*stays, *own])), real.bars, real.key, real.tempo)
