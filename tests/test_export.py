"""The forward pass of every network that ships can be exported as a graph, and computes the same there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.export import Dim, export

from genai_demo.engine.nn.transformer import KVCache
from genai_demo.faces.models import conditioning
from genai_demo.faces.models import networks as faces
from genai_demo.faces.models.vae import Decoder, Encoder, Vae
from genai_demo.music.models import networks as music
from genai_demo.music.models import roll_conditioning
from genai_demo.music.models.bar_conditioning import BAR_FEATURES
from genai_demo.music.models.composer import Composer, ModelInput
from genai_demo.music.models.gan import Gan
from genai_demo.music.models.masked import MaskedRoll
from genai_demo.music.models.masked_window import MaskedWindow
from genai_demo.music.tokens import events
from genai_demo.music.tokens.columns import LONGEST, NONE, NOTES_PER_STEP, POSITION_COUNT
from genai_demo.text.models import networks as text
from genai_demo.text.models import topics
from genai_demo.text.tokens.special_tokens import AG_NEWS, PAD

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
    rows = torch.randint(AG_NEWS.controls, VOCABULARY, (BATCH, length))
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


class Reading(nn.Module):
    """The composer with its cache as tensors: reads an opening, or one more token after `keys` and `values`."""

    def __init__(self) -> None:
        super().__init__()
        network = music.make_network("composer", music.debug_sizes("composer"))
        assert isinstance(network, Composer)
        self.network = network

    def forward(
        self, tokens: Tensor, times: Tensor, features: Tensor, keys: Tensor | None = None, values: Tensor | None = None
    ) -> tuple[Tensor, ...]:
        config, before = self.network.config, 0 if keys is None else keys.shape[3]
        room = before + tokens.shape[1]
        size = config.width // config.heads
        cache = KVCache(self.network.embedding.weight, config.layers, len(tokens), config.heads, room, size)
        if keys is not None and values is not None:
            cache.keys[:, :, :, :before], cache.values[:, :, :, :before] = keys, values
            cache.length = before
        logits = self.network(ModelInput(tokens, times, features), cache)
        return logits[:, -1], cache.keys, cache.values


def opening(length: int) -> tuple[Tensor, ...]:
    features = [torch.randint(count, (BATCH, length)) for count in BAR_FEATURES.values()]
    return torch.randint(events.SIZE, (BATCH, length)), torch.rand(BATCH, length).cumsum(1), torch.stack(features, -1)


def next_token(length: int) -> tuple[Tensor, ...]:
    config = Reading().network.config
    kept = torch.randn(2, config.layers, BATCH, config.heads, length, config.width // config.heads)
    return (*opening(1), *kept)


class Looking(nn.Module):
    """The masked model with what it is shown as tensors, and its first note of each hidden column."""

    def __init__(self) -> None:
        super().__init__()
        network = music.make_network("masked", music.debug_sizes("masked"))
        assert isinstance(network, MaskedRoll)
        self.network = network

    def forward(self, *window: Tensor) -> tuple[Tensor, ...]:
        seen = self.network(MaskedWindow(*window))
        none = torch.full_like(seen.hands, NONE)
        logits = self.network.key_logits(seen.vectors, seen.open, seen.hands, none)
        return seen.vectors, logits.clamp(min=-30), self.network.length_logits(seen.vectors, none)


def window(_: int) -> tuple[Tensor, ...]:
    shape = (BATCH, 2, 16)
    keys = torch.randint(NONE + 1, (*shape, NOTES_PER_STEP))
    lengths = torch.randint(1, LONGEST, keys.shape) * (keys != NONE)
    hidden, low = torch.rand(shape) < 0.3, torch.randint(40, shape)
    positions, conditions = torch.randint(POSITION_COUNT, (BATCH, 16)), torch.randint(4, (BATCH, 3))
    return keys, lengths, positions, conditions, hidden, low, low + 30


def part_of_gan(name: str) -> nn.Module:
    network = music.make_network("gan", music.debug_sizes("gan"))
    assert isinstance(network, Gan)
    return network.get_submodule(name)


def bars(_: int) -> tuple[Tensor, ...]:
    cells = (torch.rand(BATCH, 2, 2, 8 * 16, 72) < 0.1).float()
    return torch.randn(BATCH, roll_conditioning.SIZE), cells, torch.rand(BATCH, 8) < 0.5


def bars_to_write(_: int) -> tuple[Tensor, ...]:
    return torch.randn(BATCH, 5, music.debug_sizes("gan")["latent"]), *bars(0)


def bars_to_judge(_: int) -> tuple[Tensor, ...]:
    conditions, cells, known = bars(0)
    return cells, conditions, known


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
    "music composer, opening": Case(Reading, opening, (ANY_LENGTH, ANY_LENGTH, ANY_LENGTH)),
    "music composer, next token": Case(Reading, next_token, (None, None, None, {3: Dim.DYNAMIC}, {3: Dim.DYNAMIC})),
    "music masked": Case(Looking, window),
    "music gan, generator": Case(lambda: part_of_gan("generator"), bars_to_write),
    "music gan, discriminator": Case(lambda: part_of_gan("discriminator"), bars_to_judge),
    "music encoder": Case(
        lambda: music.make_network("encoder", music.debug_sizes("encoder")),
        lambda _: ((torch.rand(BATCH, 2, 2, 64, 72) < 0.1).float(),),
    ),
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
