"""Bits are those of every token but the given ones, each counted once, foreseen from what stands before it."""

from __future__ import annotations

from math import log2

import pytest
import torch

from genai_demo.music.models.composer import DEBUG, Composer, ComposerConfig
from genai_demo.music.theory.piece import Key
from genai_demo.music.tokens import events
from genai_demo.music.training.composer_metrics import bits
from tests.helpers.music import scale

CONFIG = ComposerConfig(**DEBUG)  # type: ignore[arg-type]
PIECES = [events.encode(scale(count, Key(0, "major"))) for count in (1, 3, 7, 20)]


@pytest.mark.parametrize("given", [1, 3])
def test_a_composer_that_knows_nothing_pays_the_same_for_every_token(given: int) -> None:
    cost, count = bits(Composer(CONFIG).eval(), PIECES, given)
    assert count == sum(len(piece) - given for piece in PIECES)
    assert cost == pytest.approx(count * log2(events.SIZE), rel=1e-5)


def test_pieces_are_measured_one_by_one() -> None:
    torch.manual_seed(3)
    network = Composer(CONFIG).eval()
    torch.nn.init.normal_(network.readout.weight, std=0.3)
    together = bits(network, PIECES, 3)
    alone = [bits(network, [piece], 3) for piece in PIECES]
    assert together[0] == pytest.approx(sum(cost for cost, _ in alone), rel=1e-4)
    assert together[1] == sum(count for _, count in alone)
