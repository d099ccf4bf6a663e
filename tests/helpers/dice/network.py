"""The network that rolls dice, and how it is trained."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genai_demo.engine.training.config import Progress
from genai_demo.engine.training.schedule import linear
from genai_demo.engine.training.task import Batch, Phase, Task, batch_generator, decayed_adamw

START = 6
"""stands before the first die"""


@dataclass(frozen=True)
class ChainConfig:
    width: int = 8


class Chain(nn.Module):
    """Guesses a die from the one before."""

    def __init__(self, config: ChainConfig) -> None:
        super().__init__()
        self.embedding = nn.Embedding(START + 1, config.width)
        self.output = nn.Linear(config.width, 6)

    def forward(self, before: Tensor) -> Tensor:
        return self.output(self.embedding(before))


def make_network(family: str, sizes: dict[str, Any]) -> Chain:
    return Chain(ChainConfig(**sizes))


def read_dice(file: Path) -> Tensor:
    """Return what was rolled, (N, T) from 0 to 5, of a file with as many digits in every line."""
    return torch.tensor([[int(digit) - 1 for digit in line] for line in file.read_text().split()])


def bits_per_die(network: nn.Module, dice: Tensor) -> float:
    before = F.pad(dice[:, :-1], (1, 0), value=START)
    with torch.no_grad():
        return float(F.cross_entropy(network(before).transpose(1, 2), dice)) / math.log(2)


@dataclass(frozen=True)
class DiceTraining:
    seed: int


class DiceTask(Task):
    family = "chain"
    ema_network = "chain"
    selection_metric = "bits_per_die"

    def __init__(self, dice: Tensor, seed: int) -> None:
        super().__init__(DiceTraining(seed), ChainConfig(), {"sequences": len(dice)})
        self._dice, self._seed = dice, seed
        torch.manual_seed(seed)
        self.networks: dict[str, nn.Module] = {"chain": Chain(ChainConfig())}
        optimizer = decayed_adamw(self.networks["chain"], 0.05, 0.01)
        self.phases = [Phase("chain", "chain", optimizer, self._loss, linear(1.0, 0.1))]

    def _loss(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        logits = self.networks["chain"](F.pad(batch["dice"][:, :-1], (1, 0), value=START))  # (B, T, 6)
        return {"loss": F.cross_entropy(logits.transpose(1, 2), batch["dice"])}

    def batch(self, step: int, size: int, rank: int) -> Batch:
        random = batch_generator(self._seed, step, rank)
        return {"dice": self._dice[torch.randint(len(self._dice), (size,), generator=random)]}

    def validate(self, network: nn.Module) -> dict[str, float]:
        return {"bits_per_die": bits_per_die(network, self._dice.to(next(network.parameters()).device))}

    def sample(self, network: nn.Module) -> dict[str, bytes]:
        return {}
