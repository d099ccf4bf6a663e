"""The forward pass of every network that ships can be exported as a graph, and computes the same there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.export import Dim, export

from genai_demo.faces.models import conditioning
from genai_demo.faces.models import networks as faces
from genai_demo.faces.models.vae import Decoder, Encoder, Vae
from genai_demo.text.models import networks as text
from genai_demo.text.models import topics
from genai_demo.text.tokens.special_tokens import CONTROLS, PAD

BATCH, LENGTH, OTHER_LENGTH = 2, 7, 11
VOCABULARY = 40


@dataclass(frozen=True)
class Case:
    """A network at a tiny size, and what it is given."""

    make: Callable[[], nn.Module]
    inputs: Callable[[int], tuple[Tensor, ...]]
    """returns what the network is given, of some length where it has one"""
    dynamic: tuple[Any, ...] | None = None
    """axes of each input that may vary in length from call to call"""


def ids(length: int) -> tuple[Tensor, ...]:
    rows = torch.randint(CONTROLS, VOCABULARY, (BATCH, length))
    rows[0, -2:] = PAD
    return (rows,)


def faces_network(family: str) -> nn.Module:
    return faces.make_network(family, faces.debug_sizes(family))


def part_of_vae(part: Callable[[Vae], nn.Module]) -> nn.Module:
    vae = faces_network("vae")
    assert isinstance(vae, Vae)
    return part(vae)


def text_network(family: str) -> nn.Module:
    return text.make_network(family, {**text.debug_sizes(family), "vocabulary": VOCABULARY})


def pictures(_: int) -> tuple[Tensor, ...]:
    return (torch.rand(BATCH, 3, 16, 16) * 2 - 1,)


def topics_network() -> nn.Module:
    return topics.TopicsModel(topics.TopicsConfig(**topics.DEBUG))


ANY_LENGTH = {1: Dim.DYNAMIC}
"""rows (B, T) of any number of tokens"""
CASES = {
    # torch unrolls a recurrent layer over as many tokens as it is shown: a port takes the second graph token by token.
    "text gru, opening": Case(lambda: text_network("gru"), lambda _: ids(LENGTH)),
    "text gru, next token": Case(lambda: text_network("gru"), lambda _: (ids(3)[0][:, :1], torch.randn(2, BATCH, 24))),
    "text masked": Case(lambda: text_network("masked"), ids, (ANY_LENGTH,)),
    "text topics": Case(topics_network, ids, (ANY_LENGTH,)),
    "faces gan": Case(
        lambda: faces_network("gan"), lambda _: (torch.randn(BATCH, 8), torch.randn(BATCH, conditioning.SIZE))
    ),
    "faces vae, encoder": Case(lambda: part_of_vae(Encoder), pictures),
    "faces vae, decoder": Case(lambda: part_of_vae(Decoder), lambda _: (torch.randn(BATCH, 8),)),
    "faces encoder": Case(lambda: faces_network("encoder"), pictures),
}


def flat(value: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return value if isinstance(value, tuple) else (value,)


@pytest.mark.parametrize("name", CASES)
def test_exported_graphs_compute_the_same(name: str) -> None:
    case = CASES[name]
    torch.manual_seed(0)
    network = case.make().eval().requires_grad_(False)
    for weight in network.parameters():
        weight += 0.2 * torch.randn_like(weight)  # fresh networks end in layers of zeros
    graph = export(network, case.inputs(LENGTH), dynamic_shapes=case.dynamic).module()
    for length in (LENGTH, OTHER_LENGTH):
        given = case.inputs(length)
        for expected, found in zip(flat(network(*given)), flat(graph(*given)), strict=True):
            assert expected.std() > 0
            assert torch.allclose(expected, found, atol=1e-5)
