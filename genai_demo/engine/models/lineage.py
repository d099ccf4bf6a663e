"""Where weights come from: what a run starts from, and the stages that led to a checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genai_demo.engine.models.checkpoint import Checkpoint, read_checkpoint
from genai_demo.engine.training.run import RunFolder
from genai_demo.errors import UserError

if TYPE_CHECKING:
    from torch import nn


def best_checkpoint(path: Path) -> Path:
    """Return the folder of a run's best snapshot; a folder that is no run is taken for a checkpoint's."""
    return RunFolder(path).best_snapshot() or path


@dataclass(frozen=True)
class Start:
    """What a run starts from."""

    checkpoint: Checkpoint

    @property
    def record(self) -> dict[str, Any]:
        """What the description of a run says of its start, JSON-able; `stages` reads it."""
        one = self.checkpoint
        return {"family": one.family, "model": one.model, "checkpoint": one.id, "trained": one.trained}

    def load_into(self, network: nn.Module) -> None:
        """Give `network` the weights.

        Raises:
            UserError: it has other sizes.
        """
        try:
            network.load_state_dict(self.checkpoint.weights())
        except RuntimeError as error:
            raise UserError("engine.other_sizes", folder=self.checkpoint.folder) from error


def open_start(path: Path, *families: str, newest: bool = False) -> Start:
    """Return what a run is to start from.

    Args:
        path: a run, of which the best snapshot is taken, or a checkpoint.
        families: those that are wanted.
        newest: take a run's newest snapshot instead.

    Raises:
        UserError: it cannot be read, or holds another network.
    """
    folder = (RunFolder(path).last_snapshot() or path) if newest else best_checkpoint(path)
    checkpoint = read_checkpoint(folder)
    if checkpoint.family not in families:
        wanted = ", ".join(families)
        raise UserError("engine.other_family", folder=path, found=checkpoint.family, wanted=wanted)
    return Start(checkpoint)


@dataclass(frozen=True)
class Stage:
    """One of the runs that led to a checkpoint, each of which started from what the one before it made."""

    family: str
    model: dict[str, Any]
    """fields of the network's configuration"""
    trained: dict[str, Any]
    """how it was trained, as in `Checkpoint`"""

    @property
    def machine(self) -> str:
        """On what, and how, it was trained."""
        return f"{self.trained['device']}, {self.trained['precision']}, torch {self.trained['torch']}"


def stages(checkpoint: Checkpoint) -> list[Stage]:
    """Return all stages of a checkpoint, the first one first."""
    found = [Stage(checkpoint.family, checkpoint.model, checkpoint.trained)]
    while start := found[0].trained.get("data", {}).get("started_from"):
        trained, after = start["trained"], found[0]
        # Older records leave out the network's sizes where they are the same.
        found.insert(0, Stage(family_before(start, after.family), start.get("model", after.model), trained))
    return found


def family_before(start: dict[str, Any], after: str) -> str:
    """Return the family of what a stage started from.

    Args:
        start: as `Start.record`; older ones leave out the family: the training tells it, or it is the same.
        after: family of the stage.
    """
    family: str = start.get("family") or start["trained"].get("data", {}).get("training", {}).get("family", after)
    return family
