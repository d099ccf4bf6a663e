"""Arcs lead to planted copies: what hiding a bar costs finds the bar that was copied, by the composer that ships."""

from __future__ import annotations

import numpy as np
import torch

from genai_demo.music.explaining.bars import experiment
from genai_demo.music.models.bar_conditioning import condition_tokens
from genai_demo.music.models.composer import ModelInput
from genai_demo.music.sampling.loading import load
from genai_demo.music.theory.piece import LEFT, RIGHT, TICKS, Key, Note, Piece, resolve_overlaps
from genai_demo.music.tokens import events
from tests.helpers.music import bars_of

BARS = 7
SCALE = (0, 2, 4, 5, 7, 9, 11)


def planted(seed: int, source: int, copy: int) -> Piece:
    """Return bars of a melody at random over chords at random, one of which comes again, note for note."""
    random = np.random.default_rng(seed)
    bars: list[list[tuple[int, int, int, int]]] = []
    for _ in range(BARS):
        starts = sorted(random.choice(8, 5, replace=False).tolist())
        line = [
            (at * TICKS // 2, 60 + SCALE[int(random.integers(7))] + 12 * int(random.integers(2)), TICKS // 2, RIGHT)
            for at in starts
        ]
        root = int(random.integers(7))
        bars.append([*line, *((beat * TICKS, 36 + SCALE[root] + 7 * (beat % 2), TICKS, LEFT) for beat in (0, 2))])
    bars[copy] = bars[source]
    notes = [
        Note(bar * 4 * TICKS + start, pitch, length, hand)
        for bar, some in enumerate(bars)
        for start, pitch, length, hand in some
    ]
    return Piece(resolve_overlaps(notes), bars_of([(4, 4)] * BARS), Key(0, "major"), 100.0)


def test_hiding_the_bar_that_was_copied_costs_its_copy_most() -> None:
    network = load("composer").network
    found, chance, attended = [], [], []
    for seed, (source, copy) in enumerate(((0, 4), (1, 5), (2, 6), (1, 4), (0, 5), (3, 6))):
        told = condition_tokens(events.encode(planted(seed, source, copy)))
        features = torch.from_numpy(told.features[told.bar_of].astype(np.int64))[None]
        inputs = ModelInput(
            torch.from_numpy(told.tokens.astype(np.int64))[None], torch.from_numpy(told.times)[None], features
        )
        bits, attention = experiment(network, inputs, told.bar_of)
        # The bar just before goes with every bar: it is left out, for the copy as for chance.
        others = list(range(copy - 1))
        found.append(max(others, key=lambda bar: bits[copy, bar]) == source)
        attended.append(float(attention[copy, source] / attention[copy, others].mean()))
        chance.append(1 / len(others))
    assert np.mean(found) >= 2 * np.mean(chance), (found, attended)
