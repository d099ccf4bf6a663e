"""All that resuming needs as named tensors and numbers, so that it can be kept without pickle.

It lies in the run's folder, with checksums, see `run.py`.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.optim import Optimizer

from genai_demo.engine.files import write_json, write_text
from genai_demo.engine.training.ema import EMA
from genai_demo.engine.training.run import RunFolder, read_json_file
from genai_demo.engine.training.task import Task
from genai_demo.errors import UserError

_CHECKSUMS = "checksums.json"
_NETWORK = "network."


def write_state(run: RunFolder, step: int, tensors: dict[str, Tensor], numbers: dict[str, Any]) -> None:
    """Write a state; until it is whole the former one stays the one to resume from.

    Raises:
        UserError: the folder cannot be written to.
    """
    root, former = run.path / "state", run.state_folder()
    folder = root / f"{step:08d}"
    if folder == former:
        folder = root / f"{step:08d}-again"
    if folder.exists():
        shutil.rmtree(folder)
    try:
        with run.writing():
            folder.mkdir(parents=True)
            save_file(
                {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()},
                folder / "tensors.safetensors",
            )
            write_json(folder / "numbers.json", numbers)
            write_json(folder / _CHECKSUMS, _checksums(folder))
            write_text(root / "current", folder.name + "\n")
    except UserError:
        # What is half written takes the room that the status needs to say so.
        with suppress(OSError):
            shutil.rmtree(folder)
        raise
    for other in root.iterdir():
        if other.is_dir() and other != folder:
            shutil.rmtree(other)


def read_state(run: RunFolder) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the tensors and numbers of the newest whole state.

    Raises:
        UserError: there is none, or it is damaged.
    """
    folder = run.state_folder()
    if folder is None:
        raise UserError("engine.nothing_to_resume", run=run.path)
    try:
        known = folder / _CHECKSUMS  # older states have none
        if known.is_file() and json.loads(known.read_text(encoding="utf-8")) != _checksums(folder):
            raise ValueError("checksum")
        numbers = read_json_file(folder / "numbers.json", run.path)
        return load_file(folder / "tensors.safetensors"), numbers
    except (SafetensorError, OSError, ValueError) as error:
        raise damaged_state(run, str(error)) from error


def damaged_state(run: RunFolder, reason: str) -> UserError:
    """Return the sentence about a state that cannot be resumed from."""
    best = run.best_snapshot() or "-"
    return UserError("engine.damaged_state", run=run.path, state=run.state_folder(), reason=reason, snapshot=best)


def _checksums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of a state by its name."""
    found = {}
    for file in sorted(folder.iterdir()):
        if file.name != _CHECKSUMS:
            with file.open("rb") as stream:
                found[file.name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return found


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
    for key, tensor in read_state(run)[0].items():
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
