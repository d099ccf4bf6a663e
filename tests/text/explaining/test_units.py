"""A unit that was planted to track something is found; what an untrained network has is the floor."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from genai_demo.text.explaining.units import activations, probe_networks
from genai_demo.text.models.gru import GruConfig, GruModel
from genai_demo.text.tokens.tokenizer import Tokenizer
from tests.helpers.news import tokenizer

UNIT = 5
HIDDEN = 16
TEXTS = [
    f'The team won {number} times on Monday. "We are {number * 7} years old," said the coach. It was news.'
    for number in range(1, 25)
]


def planted(words: Tokenizer) -> GruModel:
    """Return a network one of whose units says of every token whether there is a digit in it."""
    network = GruModel(GruConfig(words.size, embedding=8, hidden=HIDDEN)).eval().requires_grad_(False)
    digits = [any(map(str.isdigit, words.decode([index]))) for index in range(words.size)]
    network.embedding.weight[:, 0] = torch.tensor([2.0 if digit else -2.0 for digit in digits])
    layer = network.layers[0]
    assert isinstance(layer, torch.nn.GRU)
    for name in ("weight_ih_l0", "weight_hh_l0"):
        for gate in range(3):
            getattr(layer, name)[gate * HIDDEN + UNIT] = 0.0
    # Nothing of what was before stays, and the new value is that of the digits.
    for name, place, value in (("bias_ih_l0", HIDDEN + UNIT, -10.0), ("weight_ih_l0", (2 * HIDDEN + UNIT, 0), 3.0)):
        getattr(layer, name)[place] = value
    return network


def test_a_planted_unit_is_found_and_nothing_like_it_in_an_untrained_network() -> None:
    torch.manual_seed(0)
    words = tokenizer()
    network, untrained = planted(words), GruModel(GruConfig(words.size, embedding=8, hidden=HIDDEN)).eval()
    found = {one.trait: one for one in probe_networks(network, untrained, words, TEXTS)}
    assert found.keys() == {"quotation", "number", "position"}
    best = found["number"].units[0]
    assert best.unit == UNIT and best.correlation > 0.99 > 0.9 > found["number"].floor
    again = {one.trait: one for one in probe_networks(untrained, untrained, words, TEXTS)}
    for one in again.values():
        assert abs(one.units[0].correlation) == one.floor, "a network is its own floor"


def test_units_are_read_alike_alone_and_together() -> None:
    torch.manual_seed(1)
    network = GruModel(GruConfig(50, embedding=8, hidden=HIDDEN)).eval()
    rows = [[3, 20, 31], [3, 9, 40, 41, 7]]
    together = activations(network, rows)
    for row, values in zip(rows, together, strict=True):
        assert values.shape == (len(row), 2 * HIDDEN)
        assert np.allclose(values, activations(network, [row])[0], atol=1e-6)
    with torch.inference_mode():
        _, state = network(torch.tensor([rows[1]]))
    assert together[1][-1] == pytest.approx(state[:, 0].flatten().double().numpy(), abs=1e-6)
