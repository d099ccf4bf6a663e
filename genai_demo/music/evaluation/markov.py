"""The baseline that a composer has to beat: what token follows the last four, as counted in the training pieces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from genai_demo.engine.data.parallel import in_processes
from genai_demo.engine.evaluation.ngrams import KneserNey
from genai_demo.engine.generation.seeds import stream_seed
from genai_demo.music.requests import ComposeRequest
from genai_demo.music.sampling.decoding import Plan, Sampling, TokenSequence
from genai_demo.music.theory.piece import Bar, Piece
from genai_demo.music.tokens import events
from genai_demo.music.tokens.piece_string import KEY_BY_NAME

ORDER = 4
"""tokens that the next one depends on"""
PREAMBLE = 3
"""tokens for key, tempo and metre at the start of a piece: they are given, not predicted"""


class Markov:
    """A Markov model of the tokens of `events`, smoothed by interpolation with shorter histories, see `KneserNey`.

    Args:
        pieces: what is counted, at least one, each in its own key.
    """

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._model = KneserNey(list(in_processes(events.encode, pieces)), events.SIZE, ORDER + 1)

    def bits(self, pieces: Sequence[list[int]]) -> tuple[float, int]:
        """Return the bits that all tokens cost after their piece's first `PREAMBLE`, and how many they are.

        Args:
            pieces: tokens of each, from `events.encode`.
        """
        costs = -np.log2(self._model.probabilities(list(pieces)))
        firsts = np.cumsum([0, *map(len, pieces)])[:-1]
        given = (firsts[:, None] + np.arange(PREAMBLE)).ravel()
        return float(costs.sum() - costs[given].sum()), len(costs) - len(given)

    def compose(self, request: ComposeRequest) -> Piece:
        """Return a piece as the composer is asked for one; of key, tempo, metre and bars no more is known than it says.

        Density, register and style mean nothing to it.

        Args:
            request: with a key, checked.
        """
        beats, _, unit = request.metre.partition("/")
        blank = Piece((), (Bar(0, int(beats), int(unit)),), KEY_BY_NAME[request.key], float(request.tempo))
        return replace(self._written(blank, PREAMBLE, request, request.bars), tempo=float(request.tempo))

    def go_on(self, given: Piece, request: ComposeRequest) -> Piece:
        """Return given music and the bars that follow it.

        Args:
            given: in one metre.
            request: says how many bars and how to draw, no more.
        """
        return replace(self._written(given, None, request, request.bars), tempo=given.tempo)

    def _written(self, given: Piece, tokens: int | None, request: ComposeRequest, bars: int) -> Piece:
        line = TokenSequence(Plan(tuple(events.encode(given)[:-1][:tokens]), bars), stream_seed(request.seed, 0))
        sampling = Sampling(request.temperature, request.top_p)
        while not line.finished:
            logits = np.log(self._model.following(line.tokens))
            line.push(line.draw(logits, sampling))
        return line.piece()
