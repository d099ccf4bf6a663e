"""Where the checkpoints of a package lie, and those of them that are in use; imports no torch until one is loaded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from genai_demo.engine.models.checkpoint import CONFIG, Checkpoint, read_checkpoint
from genai_demo.errors import UserError
from genai_demo.settings import settings

if TYPE_CHECKING:
    from torch import nn

Loaded = TypeVar("Loaded")
"""a checkpoint ready to use"""
Network = TypeVar("Network", bound="nn.Module")


class Shelf(Generic[Loaded]):
    """Finds checkpoints by name, says what is wrong with them, and loads each once per process.

    Args:
        names: folder of the checkpoint of each model that ships, by the model's short name.
        load: makes a folder's checkpoint ready to use; may raise `UserError`.
    """

    def __init__(self, names: Mapping[str, str], load: Callable[[Path], Loaded]) -> None:
        self._names, self._load = names, load
        self._loaded: dict[tuple[Path, int], Loaded] = {}
        self._lock = threading.Lock()

    def folder(self, model: str) -> Path:
        """Return the folder of a model: its short name, a folder's name among the checkpoints, or a path.

        A run's folder stands for its best snapshot.
        """
        from genai_demo.engine.models.lineage import best_checkpoint

        named = settings().checkpoints / self._names.get(model, model)
        folder = named if model in self._names or named.is_dir() else Path(model)
        return best_checkpoint(folder)

    def problem(self, model: str) -> UserError | None:
        """Return what keeps `model` from being used, or None; loads no torch."""
        try:
            read_checkpoint(self.folder(model))
        except UserError as error:
            return error
        return None

    def load(self, model: str) -> Loaded:
        """Return a model ready to use; the second call for the same files is immediate.

        Raises:
            UserError: a file is missing or damaged, or it is another kind of model.
        """
        folder = self.folder(model)
        config = folder / CONFIG
        key = (folder.resolve(), config.stat().st_mtime_ns if config.is_file() else 0)
        with self._lock:
            if key not in self._loaded:
                self._loaded[key] = self._load(folder)
            return self._loaded[key]


def load_network(checkpoint: Checkpoint, make: Callable[[str, dict[str, Any]], Network]) -> Network:
    """Return the network of a checkpoint, on the device that is in use and ready to be asked.

    Args:
        checkpoint: its weights are read.
        make: returns the network of a family with some sizes.

    Raises:
        UserError: the description does not fit the weights.
    """
    from genai_demo.engine.training.device import choose_device

    try:
        network = make(checkpoint.family, checkpoint.model)
        network.load_state_dict(checkpoint.weights())
    except (RuntimeError, TypeError, ValueError) as error:
        if isinstance(error, UserError):
            raise
        reason = str(error).splitlines()[0]
        raise UserError("engine.damaged", file=checkpoint.folder / CONFIG, reason=reason) from error
    return network.to(choose_device()).eval().requires_grad_(False)
