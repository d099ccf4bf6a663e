"""Bars of held-out pieces, written anew: what a model puts into holes of real music, beside what stood there."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from genai_demo.music.evaluation.excerpts import put_in
from genai_demo.music.evaluation.markov import Markov
from genai_demo.music.evaluation.metrics import Sets
from genai_demo.music.requests import ComposeRequest, RewriteRequest
from genai_demo.music.results import Update
from genai_demo.music.sampling import generation
from genai_demo.music.theory.piece import LEFT, RIGHT, Piece
from genai_demo.music.theory.statistics import excerpt
from genai_demo.music.tokens.piece_string import write_piece_string

REWRITTEN = (4, 8)
"""bars that are written anew, from the first one up to the last one, counted from 0"""


@dataclass(frozen=True)
class Anew:
    """Pieces some of whose bars were written anew."""

    bars: Sets
    """those bars alone"""
    whole: Sets
    """the pieces with them"""
    updates: Sequence[Update]
    """the last update of each request"""
    seconds: float
    """per piece"""


def written_anew(
    model: str,
    family: str,
    real: Sequence[Piece],
    training: Sequence[Sequence[Piece]],
    markov: Markov,
    count: int,
    seed: int,
    hand: str = "both",
) -> Anew:
    """Have bars of pieces written anew, and by the Markov model, which sees the bars before them alone.

    Args:
        model: name or folder of the checkpoint.
        family: its family, one of `requests.REWRITERS`.
        real: held-out pieces; where they are few each is rewritten several times.
        training: draws of real pieces that were learnt from.
        markov: the baseline. Of one hand it keeps the notes of the other one that stood there.
        count: pieces.
        seed: of the first one.
        hand: what of the bars is written, one of `requests.HAND_CHOICES`.
    """
    first, last = REWRITTEN
    given = [real[number % len(real)] for number in range(count)]
    requests = [
        RewriteRequest(write_piece_string(piece), first + 1, last, hand, seed=seed + number, model=family)
        for number, piece in enumerate(given)
    ]
    begun = time.perf_counter()
    updates = [list(generation.run(request, model))[-1] for request in requests]
    seconds = (time.perf_counter() - begun) / count
    written = [update.compositions[0].piece for update in updates]
    gone_on = [
        _with_other_hand(
            excerpt(markov.go_on(excerpt(piece, 0, first), _as_composed(request)), first, last),
            excerpt(piece, first, last - first),
            hand,
        )
        for piece, request in zip(given, requests, strict=True)
    ]

    def cut(pieces: Sequence[Piece]) -> list[Piece]:
        return [excerpt(piece, first, last - first) for piece in pieces]

    bars = Sets(cut(written), cut(real), gone_on, [cut(draw) for draw in training])
    whole = Sets(
        written, real, [put_in(piece, part, first) for piece, part in zip(given, gone_on, strict=True)], training
    )
    return Anew(bars, whole, updates, seconds)


def _as_composed(request: RewriteRequest) -> ComposeRequest:
    return ComposeRequest(bars=request.last - request.first + 1, seed=request.seed)


def _with_other_hand(written: Piece, real: Piece, hand: str) -> Piece:
    """Return bars of the Markov model with the hand that was to stay as it was."""
    if hand == "both":
        return written
    kept = RIGHT if hand == "left" else LEFT
    stays = [note for note in real.notes if note.hand == kept]
    struck = {(note.start, note.pitch) for note in stays}
    own = [note for note in written.notes if note.hand != kept and (note.start, note.pitch) not in struck]
    return Piece(tuple(sorted([*stays, *own])), real.bars, real.key, real.tempo)
