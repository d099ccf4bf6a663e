"""How much each word of a text surprises a model: the bits that it needs for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from genai_demo.text.data.words import is_chinese
from genai_demo.text.models.gru import GruModel
from genai_demo.text.models.masked import MaskedModel
from genai_demo.text.sampling.loading import LoadedModel
from genai_demo.text.tokens.special_tokens import END, MASK
from genai_demo.text.tokens.tokenizer import Tokenizer

ROUNDS = 16
"""in which the words of a text are told to the masked model, some at once"""
ORDERS = 2
"""random orders of these whose mean is taken"""
_GUESSES = 5
"""tokens that a place names as what the model expected"""
_Likely = tuple[list[int], list[float]]
"""ids of the likeliest tokens of a place, and their probabilities"""


@dataclass(frozen=True)
class Guess:
    """A token that a model expected."""

    token: str
    probability: float


@dataclass(frozen=True)
class ReadToken:
    """A token of a text, as a model read it."""

    place: int
    """in what the network reads, whose first one, 0, is the topic"""
    token: str
    """its text; bytes that are no whole character are U+FFFD"""
    bits: float
    """that it costs, minus the binary logarithm of its probability"""
    guesses: tuple[Guess, ...]
    """the likeliest tokens there, the likeliest first; of the masked model when the token's turn came"""


@dataclass(frozen=True)
class ReadWord:
    """A word of a text, with the space before it and the punctuation behind it; of a Chinese text a token."""

    text: str
    bits: float
    tokens: tuple[ReadToken, ...]


def read_tokens(loaded: LoadedModel, text: str) -> tuple[ReadToken, ...]:
    """Return the tokens of a text with the bits that a model needs for each of them.

    For the GRU these are exact: the sum is the length of the shortest code of the text, its end left out. For the
    masked model they are those of one way to send the text, in `ROUNDS` rounds of random words, the number of tokens
    being known: an upper bound of what it needs (Hoogeboom et al. 2022, autoregressive diffusion, section 3.2).

    Args:
        loaded: the model; it is told no topic.
        text: of one token or more.
    """
    tokenizer = loaded.tokenizer
    ids = tokenizer.encode(text)
    topic = tokenizer.topics.tokens["any"]
    if isinstance(loaded.network, GruModel):
        bits, guesses = _exact(loaded.network, [topic, *ids])
    else:
        bits, guesses = told_in_rounds(loaded.network, [topic, *ids, END])
    return tuple(
        ReadToken(place, tokenizer.decode([token]), bits[place - 1], _named(guesses[place - 1], tokenizer))
        for place, token in enumerate(ids, 1)
    )


def words_read(tokens: Sequence[ReadToken], text: str, tokenizer: Tokenizer) -> tuple[ReadWord, ...]:
    """Return the words of a text that was read; joined, they are the text.

    Args:
        tokens: all tokens of the text.
        text: the text.
        tokenizer: that made them.
    """
    apart = is_chinese(text)
    spelt = [tokenizer.bytes_of(index) for index in tokenizer.encode(text)]
    words: list[ReadWord] = []
    waiting: list[ReadToken] = []
    begun = b""
    for number, (token, spelling) in enumerate(zip(tokens, spelt, strict=True)):
        begun += spelling
        waiting.append(token)
        following = spelt[number + 1] if number + 1 < len(spelt) else b" "
        if not _whole(begun) or not (apart or following[:1].isspace() or begun.endswith(b"\n")):
            continue
        words.append(ReadWord(begun.decode(), math.fsum(one.bits for one in waiting), tuple(waiting)))
        begun, waiting = b"", []
    return tuple(words)


def _whole(spelling: bytes) -> bool:
    try:
        spelling.decode()
    except UnicodeDecodeError:
        return False
    return True


@torch.inference_mode()
def _exact(network: GruModel, ids: list[int]) -> tuple[list[float], list[_Likely]]:
    row = torch.tensor([ids], device=network.embedding.weight.device)  # (1, T)
    vectors, _ = network(row[:, :-1])
    told = network.logits(vectors[0]).double().log_softmax(1)  # (T - 1, V)
    bits = -told.gather(1, row[0, 1:, None])[:, 0] / math.log(2)
    return bits.tolist(), _likeliest(told)


def _likeliest(told: torch.Tensor) -> list[_Likely]:
    found = told.topk(min(_GUESSES, told.shape[1]), dim=1)
    return list(zip(found.indices.tolist(), found.values.exp().tolist(), strict=True))


def _named(guessed: _Likely, tokenizer: Tokenizer) -> tuple[Guess, ...]:
    return tuple(Guess(tokenizer.decode([index]), share) for index, share in zip(*guessed, strict=True))


@torch.inference_mode()
def told_in_rounds(
    network: MaskedModel, row: Sequence[int], rounds: int = ROUNDS, orders: int = ORDERS, seed: int = 0
) -> tuple[list[float], list[_Likely]]:
    """Return the bits of each token of a row but the first and the last, which are known from the start, and what was
    likeliest there in the first order.

    The tokens are told in `rounds` rounds in a random order, each round knowing all before it and nothing of its own;
    their bits are the mean of `orders` such orders. Every order is a code of the text, so no order needs less than the
    shortest one.

    Args:
        network: the masked model.
        row: (T,) ids; topic first, `END` last.
        rounds: from 1 to as many as there are tokens; more are cut to these.
        orders: at least 1.
        seed: of the orders.
    """
    count = len(row) - 2
    rounds = min(rounds, count)
    random = torch.Generator().manual_seed(seed)
    ids = torch.tensor(list(row))
    rows, sought = [], []
    for _ in range(orders):
        order = torch.randperm(count, generator=random)
        for part in range(rounds):
            first, end = part * count // rounds, (part + 1) * count // rounds
            known = ids.clone()
            known[1 + order[first:]] = MASK
            rows.append(known)
            asked = torch.zeros(len(row), dtype=torch.bool)
            asked[1 + order[first:end]] = True
            sought.append(asked)
    device = network.embedding.weight.device
    batch, mask = torch.stack(rows).to(device), torch.stack(sought).to(device)  # (orders * rounds, T)
    wanted = ids.to(device).expand(len(batch), -1)[mask]
    told = network.logits(network(batch)[mask]).double().log_softmax(1)  # (orders * count, V)
    places = mask.nonzero()[:, 1]
    total = torch.zeros(len(row), dtype=torch.float64, device=device)
    total.index_add_(0, places, -told.gather(1, wanted[:, None])[:, 0])
    first_order = _likeliest(told[:count][places[:count].argsort()])
    return (total[1:-1] / orders / math.log(2)).tolist(), first_order
