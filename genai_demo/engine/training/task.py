"""What the loop is given to train: networks, phases with their losses, data. The loop knows nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor, nn
from torch.optim import Optimizer

from genai_demo.engine.training.config import Progress
from genai_demo.engine.training.schedule import Schedule

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


class Task(Protocol):
    """All that is particular about what is trained."""

    family: str
    """network family, such as "gru\""""
    networks: dict[str, nn.Module]
    """networks by name; the loop moves them to the device"""
    ema_network: str
    """name of the network whose exponential moving average (EMA) is kept"""
    selection_metric: str
    """figure of `validate` by which snapshots are compared, the lower the better; empty if the newest is to be kept"""
    phases: Sequence[Phase]

    def batch(self, step: int, size: int, rank: int) -> Batch:
        """Return the training batch of a step: always the same for the same arguments."""

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Return figures of the EMA of `ema_network` on held-out data."""

    def sample(self, network: nn.Module) -> dict[str, bytes]:
        """Return fixed-seed previews of the EMA of `ema_network` by file name."""

    def describe(self) -> dict[str, Any]:
        """Return the configuration of `ema_network`, JSON-able."""

    def files(self) -> dict[str, Path]:
        """Return files that belong to every checkpoint, by their name in it."""

    def data(self) -> dict[str, Any]:
        """Return what the run was trained on: counts and hashes, JSON-able."""
