"""What mattered for a word: gradients equal finite differences, attention is the network's own."""

from __future__ import annotations

import csv
import math
from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from genai_demo.__main__ import main
from genai_demo.errors import UserError
from genai_demo.text.explaining.influence import (
    attention_of,
    gradient_times_input,
    influence_in,
    likeness,
)
from genai_demo.text.explaining.tokens import explain
from genai_demo.text.models.gru import GruConfig, GruModel
from genai_demo.text.models.masked import MaskedConfig, MaskedModel
from genai_demo.text.requests import FillRequest, GenerateRequest
from genai_demo.text.sampling import generation
from genai_demo.text.tokens.special_tokens import MASK

READ = [3, 20, 31, 9, 40]


def gru() -> GruModel:
    torch.manual_seed(1)
    return GruModel(GruConfig(50, embedding=12, hidden=16)).eval().requires_grad_(False)


def log_probability(network: GruModel, scales: torch.Tensor, tokens: list[int]) -> float:
    """Return the log-probability of tokens after `READ`, whose vectors are made larger or smaller."""
    network = network.double()
    ids = torch.tensor([[*READ, *tokens[:-1]]])
    vectors, _ = network.read(network.embedding(ids) * scales[:, None])
    told = network.logits(vectors[0, -len(tokens) :]).log_softmax(1)
    return float(sum(told[index, token] for index, token in enumerate(tokens))) / math.log(2)


@pytest.mark.parametrize("tokens", [[7], [7, 22, 13]], ids=["a token", "a word of three"])
def test_gradient_times_input_is_the_finite_difference_of_each_words_strength(tokens: list[int]) -> None:
    values = gradient_times_input(gru(), READ, tokens)
    assert len(values) == len(READ) and max(map(abs, values)) > 1e-3
    small = 1e-5
    for place, value in enumerate(values):
        scales = torch.ones(len(READ) + len(tokens) - 1, dtype=torch.float64)
        scales[place] += small
        above = log_probability(gru(), scales, tokens)
        scales[place] -= 2 * small
        below = log_probability(gru(), scales, tokens)
        assert value == pytest.approx((above - below) / (2 * small), abs=1e-4)


def test_what_cannot_matter_does_not() -> None:
    network = gru()
    network.embedding.weight[31] = 0.0
    assert gradient_times_input(network, READ, [7])[2] == 0, "a word without a vector says nothing"


def test_attention_is_what_the_network_mixes_by() -> None:
    torch.manual_seed(2)
    network = MaskedModel(MaskedConfig(50, width=16, layers=2, heads=2)).eval().requires_grad_(False)
    row = [3, 20, MASK, 9, MASK, 1]
    one = attention_of(network, row, 2)
    assert sum(one) == pytest.approx(1) and min(one) >= 0 and len(one) == len(row)
    weights: list[torch.Tensor] = []
    network(torch.tensor([row]), weights)
    by_hand = sum(layer[0, head, 2] for layer in weights for head in range(2)) / 4
    assert one == pytest.approx(by_hand.tolist(), abs=1e-6)
    assert attention_of(network, row, 2, 3)[0] == pytest.approx(
        sum(attention_of(network, row, place)[0] for place in (2, 3, 4)) / 3, abs=1e-6
    )


def test_a_planted_place_is_attended_to() -> None:
    """All heads of a network are made to look for one token: the map points at it."""
    torch.manual_seed(3)
    network = MaskedModel(MaskedConfig(50, width=8, layers=1, heads=1)).eval().requires_grad_(False)
    (block,) = network.blocks
    network.embedding.weight[:] = torch.randn(50, 8) * 0.05
    network.embedding.weight[MASK] = torch.eye(8)[0]
    network.embedding.weight[9] = torch.eye(8)[1]
    weight = torch.zeros(24, 8)
    weight[2, 0] = 10.0  # the query of a blank
    weight[8 + 2, 1] = 10.0  # and the key of the token
    block.query_key_value.weight[:] = weight  # type: ignore[union-attr, index]
    values = attention_of(network, [3, 20, 9, MASK, 30], 3)
    assert max(range(5), key=values.__getitem__) == 2


def test_likeness_is_one_for_the_same_and_none_for_a_constant() -> None:
    assert likeness([1.0, -3.0, 2.0], [-1.0, 3.0, 2.0]) == pytest.approx(1)
    assert likeness([1.0, 2.0, 3.0], [3.0, 2.0, 1.0]) == pytest.approx(-1)
    assert likeness([1.0], [1.0]) == 0


@pytest.mark.usefixtures("tiny")
def test_of_a_text_that_was_made_it_is_what_the_network_had_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    requests = GenerateRequest(length=16, seed=3, opening="The team"), FillRequest("The ___ won.", seed=4, steps=2)
    for request in requests:
        *_, made = generation.run(request)
        receipt = made.receipts[0]
        entry = explain(receipt)[-1]
        found = influence_in(receipt, entry.place)
        if isinstance(request, GenerateRequest):
            assert found.method == "gradient" and len(found.values) == entry.place == len(found.tokens)
            assert "".join(found.tokens).startswith("The team")
        else:
            assert found.method == "attention" and sum(found.values) == pytest.approx(1)
        assert -1 <= found.likeness <= 1
        with pytest.raises(UserError) as refusal:
            influence_in(receipt, 900)
        assert refusal.value.key == "text.place_not_written"
        file = tmp_path / f"{found.method}.json"
        file.write_text(receipt.to_json(), encoding="utf-8")
        table = tmp_path / f"{found.method}.csv"
        arguments = ["explain", "text", "--receipt", str(file), "--place", str(entry.place), "--csv", str(table)]
        assert main(arguments) == 0
        assert found.method in capsys.readouterr().out
        with table.open(encoding="utf-8", newline="") as lines:
            assert len(list(csv.reader(lines))) == len(asdict(found)["values"]) + 1
