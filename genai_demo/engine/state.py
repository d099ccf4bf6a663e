"""Optimiser state as named tensors and numbers, so that it can be kept without pickle."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.optim import Optimizer


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
