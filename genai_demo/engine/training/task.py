"""What the loop is given to train: networks, phases with their losses, data. The loop knows nothing else."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast

import torch
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer

from genai_demo.engine.fields import Field, check_values, fields_of, recorded
from genai_demo.engine.generation.seeds import step_seed, stream_seed
from genai_demo.engine.training.config import Progress
from genai_demo.engine.training.schedule import Schedule

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from genai_demo.engine.data.items import Items
    from genai_demo.engine.models.lineage import Start

Batch = dict[str, Tensor]
"""tensors by name, each with the examples along its first dimension"""
Loss = Callable[[Batch, Progress], dict[str, Tensor]]
"""returns scalars by name: the mean over the batch of "loss", which is minimised, and of what else to report; where
these are means over something else than examples, such as tokens, "weight" is how many of them the batch has"""


@dataclass(frozen=True)
class Phase:
    """One optimiser step on one network; a language model has one phase, a GAN two."""

    name: str
    network: str
    """name of the network whose weights move"""
    optimizer: Optimizer
    """its groups' learning rates when the run starts are the peak rates"""
    loss: Loss
    rate: Schedule
    """multiplies the peak learning rates"""


class Training(Protocol):
    """A dataclass that says how a task is trained, beyond what the engine needs to know."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def seed(self) -> int: ...


class Task(ABC):
    """All that is particular about what is trained.

    Args:
        training: how to train.
        config: a dataclass with the sizes of the network that is kept.
        data: what to learn from and measure on, by name: counts and hashes, JSON-able.
        start: what the weights come from, if not from chance.
    """

    family: str
    """network family, such as "gru\""""
    networks: dict[str, nn.Module]
    """networks by name; the loop moves them to the device"""
    ema_network: str
    """name of the network whose exponential moving average (EMA) is kept"""
    selection_metric: str = ""
    """figure of `validate` by which snapshots are compared, the lower the better; empty if the newest is to be kept"""
    phases: Sequence[Phase]
    items: Items | None = None
    """what was read to learn from, for whoever looks at the run"""
    _training: Training
    """how it is trained; `change` puts another one in its place"""

    def __init__(
        self, training: Training, config: DataclassInstance, data: Mapping[str, Any], start: Start | None = None
    ) -> None:
        self._training = training
        self._config = recorded(config)
        self._described: dict[str, Any] = {"training": recorded(training), **data}
        if start is not None:
            self._described["started_from"] = start.record

    @abstractmethod
    def batch(self, step: int, size: int, rank: int) -> Batch:
        """Return the training batch of a step: always the same for the same arguments.

        It is called on another thread than everything else, and may draw from generators of its own only.
        """

    @abstractmethod
    def validate(self, network: nn.Module) -> dict[str, float]:
        """Return figures of the EMA of `ema_network` on held-out data."""

    def verdicts(self, network: nn.Module) -> dict[str, Any]:
        """Return how a discriminator judges held-out and made examples, as `verdict_histograms`; nothing without one.

        It may neither draw from the chance of others nor change anything that is trained.

        Args:
            network: the EMA of `ema_network`, which makes the examples.
        """
        return {}

    @abstractmethod
    def sample(self, network: nn.Module) -> dict[str, bytes]:
        """Return fixed-seed previews of the EMA of `ema_network` by file name, see `REAL`."""

    def describe(self) -> dict[str, Any]:
        """Return the configuration of `ema_network`, JSON-able."""
        return self._config

    def files(self) -> dict[str, Path]:
        """Return files that belong to every checkpoint beside its weights and configuration, by their name in it."""
        return {}

    def live(self) -> dict[str, tuple[Field, float]]:
        """Return what may be changed between two steps, by name: the field and its value now."""
        training = self._training
        return {one.name: (one, getattr(training, one.name)) for one in fields_of(type(training)) if one.live}

    def change(self, name: str, value: float) -> None:
        """Set one of the fields that `live` names; the learning rate itself is the loop's to move.

        Raises:
            UserError: there is no such field, or its rule does not allow the value.
        """
        check_values(type(self._training), {name: value}, "runs.not_live")
        changed = replace(cast("DataclassInstance", self._training), **{name: value})
        self._training = cast("Training", changed)

    def data(self) -> dict[str, Any]:
        """Return how and on what the run was trained, JSON-able."""
        return self._described


def batch_generator(seed: int, step: int, rank: int) -> torch.Generator:
    """Return the source of chance for the batch of a step in one of several processes."""
    return torch.Generator().manual_seed(step_seed(stream_seed(seed, rank), step))


def is_vector(name: str, weight: Tensor) -> bool:
    """Return whether a weight is a bias or a scale, which `decayed_adamw` had better leave alone."""
    return weight.ndim < 2


def decayed_adamw(
    network: nn.Module,
    learning_rate: float,
    weight_decay: float,
    betas: tuple[float, float] = (0.9, 0.99),
    no_decay: Callable[[str, Tensor], bool] = lambda name, weight: False,
) -> AdamW:
    """Return AdamW for `network` (Loshchilov and Hutter 2019).

    Args:
        network: all of its weights are to move.
        learning_rate: peak learning rate.
        weight_decay: share of a weight, times the learning rate, that is lost per step.
        betas: decay of the two moments.
        no_decay: tells by a weight's name and value that it does not decay.
    """
    groups: list[dict[str, Any]] = [{"params": [], "weight_decay": decay} for decay in (weight_decay, 0.0)]
    for name, weight in network.named_parameters():
        groups[no_decay(name, weight)]["params"].append(weight)
    return AdamW([group for group in groups if group["params"]], lr=learning_rate, betas=betas, foreach=True)
