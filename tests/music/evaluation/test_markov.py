"""The Markov model writes whole pieces, and knows what it has counted."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from genai_demo.music.evaluation.markov import PREAMBLE, Markov
from genai_demo.music.requests import ComposeRequest
from genai_demo.music.theory.piece import Key
from genai_demo.music.tokens import events
from tests.helpers.music import bars_of, scale

KNOWN = [scale(6, Key(0, "major")) for _ in range(3)]


@pytest.mark.parametrize("metre", ["4/4", "3/4", "6/8"])
def test_what_is_asked_for_is_what_is_written(metre: str) -> None:
    request = ComposeRequest(bars=5, key="C_major", metre=metre, tempo=103, seed=4)
    piece = Markov(KNOWN).compose(request)
    beats, _, unit = metre.partition("/")
    assert piece.bars == bars_of([(int(beats), int(unit))] * 5)
    assert piece.key == Key(0, "major") and piece.tempo == 103.0
    assert piece.notes and not piece.faults()


def test_a_piece_depends_on_its_seed_alone() -> None:
    model = Markov(KNOWN)
    pieces = [model.compose(ComposeRequest(bars=4, key="C_major", seed=seed)) for seed in (1, 1, 2)]
    assert pieces[0] == pieces[1] != pieces[2]


def test_given_bars_stay() -> None:
    given = scale(4, Key(0, "major"), 100.0)
    piece = Markov(KNOWN).go_on(given, ComposeRequest(bars=2, key="C_major", seed=1))
    assert len(piece.bars) == 6 and not piece.faults()
    kept = [(note.start, note.pitch) for note in piece.notes if note.start < given.end]
    assert kept == [(note.start, note.pitch) for note in given.notes]


def test_bits_count_all_but_the_first_tokens() -> None:
    model = Markov(KNOWN)
    tokens = events.encode(KNOWN[0])
    bits, count = model.bits([tokens, tokens])
    assert count == 2 * (len(tokens) - PREAMBLE)
    alone = [
        -math.log2(model._model.following(tokens[:place])[tokens[place]]) for place in range(PREAMBLE, len(tokens))
    ]
    assert bits == pytest.approx(2 * sum(alone))
    other = KNOWN[0].notes
    moved = replace(KNOWN[0], notes=tuple(replace(note, pitch=note.pitch + 1) for note in other))
    assert bits < model.bits([events.encode(moved)] * 2)[0]
