"""All that resuming needs as named tensors and numbers, so that it can be kept without pickle."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from torch import Tensor
from torch.optim import Optimizer

from genai_demo.engine.training.ema import EMA
from genai_demo.engine.training.run import RunFolder
from genai_demo.engine.training.task import Task

_NETWORK = "network."


def flatten_task(task: Task, ema: EMA) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the weights of all networks and of their EMA, and the state of all optimisers."""
    tensors: dict[str, Tensor] = {}
    numbers: dict[str, Any] = {}
    for name, network in task.networks.items():
        tensors |= {f"{_NETWORK}{name}/{key}": tensor for key, tensor in network.state_dict().items()}
    tensors |= {f"average/{key}": tensor for key, tensor in ema.network.state_dict().items()}
    for phase in task.phases:
        moments, counters = flatten_optimizer(phase.optimizer, phase.name)
        tensors |= {f"optimizer/{key}": tensor for key, tensor in moments.items()}
        numbers |= counters
    return tensors, numbers


def restore_task(task: Task, ema: EMA, tensors: dict[str, Tensor], numbers: dict[str, Any]) -> None:
    """Put back what `flatten_task` took, into a freshly made task and EMA."""
    groups: dict[str, dict[str, Tensor]] = defaultdict(dict)
    for key, tensor in tensors.items():
        group, name = key.split("/", 1)
        groups[group][name] = tensor
    for name, network in task.networks.items():
        network.load_state_dict(groups[f"{_NETWORK}{name}"])
    ema.network.load_state_dict(groups["average"])
    for phase in task.phases:
        restore_optimizer(phase.optimizer, phase.name, groups["optimizer"], numbers)


def read_networks(run: RunFolder) -> dict[str, dict[str, Tensor]]:
    """Return the weights of each network of a run as they stand; snapshots hold their moving average.

    Raises:
        UserError: the run holds no state, or a damaged one.
    """
    networks: dict[str, dict[str, Tensor]] = defaultdict(dict)
    for key, tensor in run.read_state()[0].items():
        group, name = key.split("/", 1)
        if group.startswith(_NETWORK):
            networks[group.removeprefix(_NETWORK)][name] = tensor
    return networks


def flatten_optimizer(optimizer: Optimizer, prefix: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the moments and counters of `optimizer` as tensors and numbers named `prefix.INDEX.NAME`."""
    tensors: dict[str, Tensor] = {}
    numbers: dict[str, Any] = {}
    for index, entries in optimizer.state_dict()["state"].items():
        for name, value in entries.items():
            target = tensors if isinstance(value, Tensor) else numbers
            target[f"{prefix}.{index}.{name}"] = value
    return tensors, numbers


def restore_optimizer(optimizer: Optimizer, prefix: str, tensors: dict[str, Tensor], numbers: dict[str, Any]) -> None:
    """Put back what `flatten_optimizer` took, into a freshly made optimiser of the same parameters."""
    entries: dict[int, dict[str, Any]] = {}
    for key, value in {**tensors, **numbers}.items():
        if key.startswith(prefix + "."):
            index, name = key.removeprefix(prefix + ".").split(".", 1)
            entries.setdefault(int(index), {})[name] = value
    optimizer.load_state_dict({"state": entries, "param_groups": optimizer.state_dict()["param_groups"]})
