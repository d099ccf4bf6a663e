"""Which words mattered for a word: gradient times input for the GRU, attention for the masked model.

Neither proves what a network would have written without a word. Attention may be exchanged for another without another
answer (Jain and Wallace 2019), which does not make it say nothing (Wiegreffe and Pinter 2019); and maps of gradients
have to be compared with those of an untrained network (Adebayo et al. 2018), as `Influence.likeness` does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import torch
from torch import Tensor

from genai_demo.engine.generation.receipts import Receipt
from genai_demo.engine.nn.transformer import Block
from genai_demo.errors import UserError
from genai_demo.text.explaining.tokens import made_again
from genai_demo.text.models.gru import GruModel
from genai_demo.text.models.masked import MaskedModel
from genai_demo.text.models.networks import make_network
from genai_demo.text.sampling.loading import LoadedModel


@dataclass(frozen=True)
class Influence:
    """How much each token that a network had read mattered for one that it gave a probability."""

    place: int
    """of that token in what the network reads"""
    method: Literal["gradient", "attention"]
    tokens: tuple[str, ...]
    """what was read, by its place; "" for the topic, the end and blanks"""
    values: tuple[float, ...]
    """by the place of what was read: bits of the token's log-probability per relative change of what was read, whose
    sign says whether more of it makes the token likelier; or the share of the attention, 0 to 1"""
    likeness: float
    """of these values' sizes to those of an untrained network of the same sizes, as a correlation of ranks, -1 to 1:
    near 1 the map would show what was read, and not what was learnt"""


def influence(loaded: LoadedModel, read: Sequence[int], place: int, tokens: Sequence[int]) -> Influence:
    """Return how much what was read mattered for a word.

    Args:
        loaded: the model.
        read: what the network reads: for the GRU the ids before the word, the topic first; for the masked model a row
            in which `MASK` stands in each of its places.
        place: of the first token of the word in it.
        tokens: the ids of the word, at least one.
    """
    untrained = untrained_like(loaded)
    names = tuple(loaded.tokenizer.decode([index]) for index in read)
    if isinstance(loaded.network, GruModel):
        assert isinstance(untrained, GruModel)
        values, others = (gradient_times_input(network, read, tokens) for network in (loaded.network, untrained))
        return Influence(place, "gradient", names, values, likeness(values, others))
    assert isinstance(untrained, MaskedModel)
    values, others = (attention_of(network, read, place, len(tokens)) for network in (loaded.network, untrained))
    return Influence(place, "attention", names, values, likeness(values, others))


def influence_in(receipt: Receipt, place: int) -> Influence:
    """Return how much each token that was there mattered for the token at a place of a text.

    Raises:
        UserError: the receipt is not in order, its checkpoint is not the one that is here, or the model wrote nothing
            at that place.
    """
    made = made_again(receipt)
    if place < 1 or all(piece.place != place for piece in made.pieces):
        raise UserError("text.place_not_written", place=place)
    return influence(made.loaded, made.recorder.read[place], place, [made.recorder.traces[place].token])


def gradient_times_input(network: GruModel, read: Sequence[int], tokens: Sequence[int]) -> tuple[float, ...]:
    """Return for each token read the gradient of the next ones' log-probability, times its vector, in bits.

    Args:
        network: the GRU.
        read: (T,) ids, the topic first.
        tokens: those that follow, whose probability is looked at, at least one.
    """
    device, count = network.embedding.weight.device, len(tokens)
    ids = torch.tensor([[*read, *tokens[:-1]]], device=device)  # (1, T + count - 1)
    # The library of GPUs can go back through recurrent layers in training only.
    with torch.inference_mode(False), torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):
        with torch.no_grad():
            embedded = network.embedding(ids)  # (1, T + count - 1, E)
        embedded.requires_grad_()
        vectors, _ = network.read(embedded)
        told = network.logits(vectors[0, -count:]).float().log_softmax(1)  # (count, V)
        wanted = told[torch.arange(count), torch.tensor(list(tokens), device=device)].sum()
        (gradient,) = torch.autograd.grad(wanted, embedded)
    bits = (gradient * embedded.detach()).sum(2)[0, : len(read)] / math.log(2)  # (T,)
    return tuple(bits.double().cpu().tolist())


@torch.inference_mode()
def attention_of(network: MaskedModel, read: Sequence[int], place: int, count: int = 1) -> tuple[float, ...]:
    """Return the share of the attention of places that each token read gets, the mean of all layers and heads.

    Args:
        network: the masked model.
        read: (T,) ids, `MASK` where a token is to be filled in.
        place: the first place whose attention is looked at, from 0.
        count: places from there on.
    """
    weights: list[Tensor] = []
    network(torch.tensor([list(read)], device=network.embedding.weight.device), weights)
    mean = torch.stack([one[0, :, place : place + count].float().mean((0, 1)) for one in weights]).mean(0)  # (T,)
    return tuple(mean.double().cpu().tolist())


def likeness(values: Sequence[float], others: Sequence[float]) -> float:
    """Return the correlation of the ranks of two lists' sizes (Spearman), -1 to 1; 0 where one is the same all over."""
    ranks = [torch.tensor(one).abs().argsort(stable=True).argsort(stable=True).double() for one in (values, others)]
    if len(values) < 2:
        return 0.0
    return float(torch.corrcoef(torch.stack(ranks))[0, 1])


@lru_cache(maxsize=4)
def _made_untrained(family: str, sizes: tuple[tuple[str, object], ...], device: str) -> GruModel | MaskedModel:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = make_network(family, dict(sizes))
    if isinstance(network, MaskedModel):
        _shake(network)
    return network.to(device).eval().requires_grad_(False)


def _shake(network: MaskedModel) -> None:
    """Give the layers that start at zero, where nothing would be read, weights as the others have."""
    with torch.no_grad():
        for block in network.blocks:
            assert isinstance(block, Block)
            for layer in (block.attended, block.contract):
                layer.weight.copy_(torch.randn_like(layer.weight) * layer.weight.shape[1] ** -0.5)


def untrained_like(loaded: LoadedModel) -> GruModel | MaskedModel:
    """Return a network of the sizes of a model that has learnt nothing, always the same one."""
    checkpoint = loaded.checkpoint
    device = str(loaded.network.embedding.weight.device)
    return _made_untrained(checkpoint.family, tuple(sorted(checkpoint.model.items())), device)
