"""Toy tasks for the engine: as small as a task can be, with switches for everything that can go wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from genai_demo.engine.models.checkpoint import read_checkpoint
from genai_demo.engine.training.config import Progress, Rate
from genai_demo.engine.training.run import RunFolder
from genai_demo.engine.training.schedule import cosine, linear
from genai_demo.engine.training.task import Batch, Phase, Task

Weights = dict[str, Tensor]
Hook = Callable[[int], None]
TaskT = TypeVar("TaskT", bound=Task)


def _noise(seed: int, rank: int, step: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed((seed * 100 + rank) * 100_000 + step))


def nothing(step: int) -> None:
    """Stand in for a hook."""


@dataclass(frozen=True)
class ToyTraining:
    learning_rate: Rate = 0.05
    seed: int = 0


@dataclass
class Toy(Task):
    """Learns a fixed linear map with a small network."""

    family: str = "toy"
    ema_network: str = "model"
    selection_metric: str = "error"
    dropout: float = 0.0
    learning_rate: float = 0.05
    seed: int = 0
    before_step: Hook = nothing
    """called with each step before its first loss is computed"""
    broken: Callable[[int], float | None] = lambda step: None
    """what the loss is multiplied by at a step, None for nothing"""
    broken_gradient: Callable[[int], bool] = lambda step: False
    """whether the gradient of a step is not a number although its loss is"""
    largest: int | None = None
    """micro-batches above this many examples do not fit into memory"""
    networks: dict[str, nn.Module] = field(init=False)
    phases: Sequence[Phase] = field(init=False)
    sizes: list[int] = field(init=False, default_factory=list)
    """examples of every micro-batch whose loss was computed"""
    gradients: list[Weights] = field(init=False, default_factory=list)
    """gradients as each optimiser step met them"""
    rates: list[float] = field(init=False, default_factory=list)
    losses: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        torch.manual_seed(self.seed)
        self._training = ToyTraining(self.learning_rate)
        network = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Dropout(self.dropout), nn.Linear(8, 2))
        self.networks = {"model": network}
        optimizer = torch.optim.AdamW(network.parameters(), lr=self.learning_rate)
        optimizer.register_step_pre_hook(lambda *_: self._note())
        self.phases = [Phase("model", "model", optimizer, self._loss, linear(1.0, 0.1))]
        hooked(self, lambda step: self.before_step(step))

    def _note(self) -> None:
        network = self.networks["model"]
        self.gradients.append(
            {name: weight.grad.clone() for name, weight in network.named_parameters() if weight.grad is not None}
        )
        self.rates.append(self.phases[0].optimizer.param_groups[0]["lr"])

    def _loss(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        if self.largest is not None and len(batch["x"]) > self.largest:
            raise torch.OutOfMemoryError("no room")
        self.sizes.append(len(batch["x"]))
        loss = (self.networks["model"](batch["x"]) - batch["y"]).square().mean()
        factor = self.broken(progress.step)
        if factor is not None:
            loss = loss * factor
        if self.broken_gradient(progress.step):
            loss = loss + (loss.detach() - loss).abs().sqrt()  # adds 0, whose gradient is not a number
        return {"loss": loss, "size": batch["x"].abs().mean()}

    def batch(self, step: int, size: int, rank: int) -> Batch:
        x = _noise(self.seed, rank, step, size, 4)
        return {"x": x, "y": x @ _noise(1, 0, 0, 4, 2)}

    def validate(self, network: nn.Module) -> dict[str, float]:
        x = _noise(2, 0, 0, 16, 4)
        with torch.no_grad():
            return {"error": float((network(x) - x @ _noise(1, 0, 0, 4, 2)).square().mean())}

    def sample(self, network: nn.Module) -> dict[str, bytes]:
        return {"sample.txt": b"a sample"}

    def describe(self) -> dict[str, Any]:
        return {"width": 8, "shape": (4, 2)}

    def data(self) -> dict[str, Any]:
        return {"seed": self.seed}


class Uneven(Toy):
    """Its loss is a mean over some examples only, as that of a language model is over tokens."""

    def _loss(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        counted = batch["x"][:, 0] > 0
        error = (self.networks["model"](batch["x"]) - batch["y"]).square().mean(1)  # (B,)
        return {"loss": (error * counted).sum() / counted.sum().clamp(min=1), "weight": counted.sum()}


class Duel(Toy):
    """Two networks against each other, as in a GAN: a generator of numbers and a discriminator."""

    def __post_init__(self) -> None:
        torch.manual_seed(self.seed)
        self._training = ToyTraining(self.learning_rate)
        generator = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(self.dropout), nn.Linear(8, 2))
        discriminator = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))
        self.networks = {"generator": generator, "discriminator": discriminator}
        self.ema_network = "generator"
        self.phases = [
            Phase(
                "d",
                "discriminator",
                torch.optim.Adam(discriminator.parameters(), lr=0.01, betas=(0.0, 0.99)),
                self._discriminator_loss,
                cosine(1.0, 0.2),
            ),
            Phase(
                "g",
                "generator",
                torch.optim.Adam(generator.parameters(), lr=0.02, betas=(0.0, 0.99)),
                self._generator_loss,
                linear(1.0, 0.2),
            ),
        ]
        hooked(self, lambda step: self.before_step(step))

    def _discriminator_loss(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        discriminator, made = self.networks["discriminator"], self.networks["generator"](batch["x"])
        margin = discriminator(batch["y"]) - discriminator(made)
        return {"loss": nn.functional.softplus(-margin).mean()}

    def _generator_loss(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        made = self.networks["generator"](batch["x"])
        return {"loss": nn.functional.softplus(-self.networks["discriminator"](made)).mean()}

    def validate(self, network: nn.Module) -> dict[str, float]:
        return {}


class Clock:
    """A clock that moves only when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def perf_counter(self) -> float:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += seconds


def stop_at(run: RunFolder, *steps: int) -> Hook:
    """Return a hook that asks `run` to stop, by its stop file, at each of `steps`."""

    def hook(step: int) -> None:
        if step in steps:
            run.stop_file.touch()

    return hook


def hooked(task: TaskT, hook: Hook) -> TaskT:
    """Return `task`, which calls `hook` with each step before its first loss is computed."""
    first, *others = task.phases
    taken = -1

    def loss(batch: Batch, progress: Progress) -> dict[str, Tensor]:
        nonlocal taken
        if progress.step != taken:
            taken = progress.step
            hook(taken)
        return first.loss(batch, progress)

    task.phases = [replace(first, loss=loss), *others]
    return task


def ema_of(run: RunFolder) -> Weights:
    """Return the weights of a run's newest snapshot."""
    folder = run.last_snapshot()
    assert folder is not None
    return read_checkpoint(folder).weights()


def same(first: Weights, second: Weights) -> bool:
    """Return whether two sets of weights are equal, bit for bit."""
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)
