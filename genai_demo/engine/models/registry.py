"""Where the checkpoints of a modality lie, and which are in memory; imports no torch until one is loaded."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar
from weakref import WeakValueDictionary

from genai_demo.engine.models.checkpoint import CONFIG, Checkpoint, read_checkpoint
from genai_demo.engine.models.weights import weight_files
from genai_demo.errors import UserError
from genai_demo.settings import settings

if TYPE_CHECKING:
    from torch import nn


class Ready(Protocol):
    """A checkpoint ready to use."""

    @property
    def checkpoint(self) -> Checkpoint:
        """What was loaded."""


Loaded = TypeVar("Loaded", bound=Ready)
Network = TypeVar("Network", bound="nn.Module")


class Registry(Generic[Loaded]):
    """Finds checkpoints by name, says what is wrong with them, and keeps in memory those that are used.

    What ships stays in memory. Of what else was loaded, the least recently used goes first when all of it together has
    more bytes than `settings().model_bytes`; whoever still uses it keeps it until the work is done.

    Args:
        modality: its sentences `<modality>.other_family` and `<modality>.not_its_model` refuse what does not fit.
        names: folder of the checkpoint of each model that makes something, by the model's short name.
        judges: the same for those that measure what was made.
        loaders: what makes a checkpoint ready to use, by its family; may raise `UserError`.
        kind: short name of the model that a checkpoint could stand in for; None takes its family.
    """

    def __init__(
        self,
        modality: str,
        names: Mapping[str, str],
        judges: Mapping[str, str],
        loaders: Mapping[str, Callable[[Checkpoint], Loaded]],
        kind: Callable[[Checkpoint], str] | None = None,
    ) -> None:
        self.names = names
        self.kind = kind or (lambda checkpoint: checkpoint.family)
        self._modality, self._folders, self._loaders = modality, {**names, **judges}, loaders
        self._kept: dict[tuple[Path, int], tuple[Loaded, int]] = {}  # with its bytes; the last used stands last
        self._alive: WeakValueDictionary[tuple[Path, int], Loaded] = WeakValueDictionary()
        self._lock = threading.Lock()
        self._whole: dict[Path, tuple[object, ...]] = {}  # checkpoints found to be in order, as they were then

    def folder(self, model: str) -> Path:
        """Return the folder of a model: its short name, a folder's name among the checkpoints, or a path.

        A run's folder stands for its best snapshot.
        """
        from genai_demo.engine.models.lineage import best_checkpoint

        named = settings().checkpoints / self._folders.get(model, model)
        folder = named if model in self._folders or named.is_dir() else Path(model)
        return best_checkpoint(folder)

    def problem(self, model: str) -> UserError | None:
        """Return what keeps `model` from being used, or None; loads no torch.

        Every press of a button asks for it, and reading all the weights takes much longer than what follows: those that
        were in order are looked at again when a file has changed.
        """
        folder = self.folder(model)
        seen = _files(folder)
        if seen and self._whole.get(folder) == seen:
            return None
        try:
            read_checkpoint(folder)
        except UserError as error:
            return error
        self._whole[folder] = seen
        return None

    def load(self, model: str, *kinds: str) -> Loaded:
        """Return a model ready to use; the second call for the same files is immediate.

        Args:
            model: see `folder`.
            kinds: what it may be; none of them for anything that can be loaded.

        Raises:
            UserError: a file is missing or damaged, or it is another kind of model.
        """
        folder = self.folder(model)
        config = folder / CONFIG
        key = (folder.resolve(), config.stat().st_mtime_ns if config.is_file() else 0)
        with self._lock:
            loaded = self._alive.get(key)
            if loaded is None:
                loaded = self._alive[key] = self._read(folder)
            self._keep(key, loaded)
        found = self.kind(loaded.checkpoint)
        if kinds and found not in kinds:
            raise UserError(f"{self._modality}.other_family", folder=model, found=found, wanted=", ".join(kinds))
        return loaded

    def _read(self, folder: Path) -> Loaded:
        checkpoint = read_checkpoint(folder)
        if checkpoint.family not in self._loaders:
            raise UserError(f"{self._modality}.not_its_model", folder=folder, family=checkpoint.family)
        return self._loaders[checkpoint.family](checkpoint)

    def _keep(self, key: tuple[Path, int], loaded: Loaded) -> None:
        """Note that a model was used, and let go of what was replaced on disk or is too much."""
        _, size = self._kept.pop(key, (None, None))
        for former in [other for other in self._kept if other[0] == key[0]]:
            del self._kept[former]
        if size is None:
            size = sum((key[0] / name).stat().st_size for name in weight_files(key[0]))
        self._kept[key] = loaded, size
        shipped = {(settings().checkpoints / name).resolve() for name in self._folders.values()}
        guests = {other: size for other, (_, size) in self._kept.items() if other[0] not in shipped}
        for oldest in list(guests):
            if sum(guests.values()) > settings().model_bytes and oldest != key:
                del guests[oldest], self._kept[oldest]


def _files(folder: Path) -> tuple[object, ...]:
    """Return names, sizes and times of change of the files in a folder, none where it cannot be read."""
    try:
        found = [(entry.name, entry.stat()) for entry in os.scandir(folder) if entry.is_file()]
    except OSError:
        return ()
    return tuple(sorted((name, file.st_size, file.st_mtime_ns, file.st_ctime_ns, file.st_ino) for name, file in found))


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
    except UserError:
        raise
    except (RuntimeError, TypeError, ValueError, KeyError) as error:
        raise UserError("engine.other_weights", file=checkpoint.folder / CONFIG) from error
    return network.to(choose_device()).eval().requires_grad_(False)
