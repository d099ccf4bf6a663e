"""What can be asked of the dice, what they give back, and how it is made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from genai_demo.engine.generation.checks import check_one_of, check_whole
from genai_demo.engine.generation.receipts import Receipt
from genai_demo.engine.generation.service import Service
from genai_demo.engine.models.checkpoint import Checkpoint
from genai_demo.engine.models.registry import Registry, load_network

FOLDERS = {"chain": "dice-chain"}


@dataclass(frozen=True)
class RollRequest:
    model: str = "chain"
    count: int = 12
    variants: int = 1
    seed: int = 0

    def check(self) -> None:
        check_one_of("model", self.model, tuple(FOLDERS))
        check_whole("count", self.count, 1, 60)
        check_whole("variants", self.variants, 1, 4)
        check_whole("seed", self.seed, 0, 2**31 - 1)


@dataclass(frozen=True)
class Rolls:
    dice: tuple[str, ...]
    """digits from 1 to 6, one string per variant"""
    finished: bool
    receipts: tuple[Receipt, ...] = ()

    @property
    def count(self) -> int:
        return len(self.dice)


@dataclass(frozen=True)
class LoadedModel:
    checkpoint: Checkpoint
    network: Any


def _load(checkpoint: Checkpoint) -> LoadedModel:
    from tests.helpers.dice.network import make_network

    return LoadedModel(checkpoint, load_network(checkpoint, make_network))


def _produce(loaded: LoadedModel, request: RollRequest) -> Iterator[Rolls]:
    import torch

    from tests.helpers.dice.network import START

    random = torch.Generator().manual_seed(request.seed)
    dice = torch.full((request.variants, 1), START)
    for rolled in range(1, request.count + 1):
        chances = loaded.network(dice[:, -1]).softmax(-1)  # (B, 6)
        dice = torch.cat([dice, torch.multinomial(chances, 1, generator=random)], 1)
        digits = tuple("".join(str(die + 1) for die in row[1:]) for row in dice.tolist())
        yield Rolls(digits, rolled == request.count)


registry = Registry("dice", FOLDERS, {}, {"chain": _load})
service: Service[RollRequest, LoadedModel, Rolls] = Service("dice", {"roll": RollRequest}, registry, _produce)
