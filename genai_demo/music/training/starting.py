"""What training goes on from: the best snapshot of a run, or a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import nn

from genai_demo.engine.models.checkpoint import Checkpoint, read_checkpoint
from genai_demo.engine.training.run import RunFolder
from genai_demo.errors import UserError


def read_start(folder: Path, family: str) -> Checkpoint:
    """Return what a run was best at on held-out music, or a checkpoint.

    Args:
        folder: of either.
        family: which network is wanted.

    Raises:
        UserError: it cannot be read, or holds another network.
    """
    checkpoint = read_checkpoint(RunFolder(folder).best_snapshot() or folder)
    if checkpoint.family != family:
        raise UserError("music.other_family", folder=folder, found=checkpoint.family, wanted=family)
    return checkpoint


def go_on(network: nn.Module, checkpoint: Checkpoint) -> dict[str, Any]:
    """Give a network the weights of a checkpoint, and return what a run's description says of it.

    Raises:
        UserError: the network has other sizes.
    """
    try:
        network.load_state_dict(checkpoint.weights())
    except RuntimeError as error:
        raise UserError("music.other_sizes", folder=checkpoint.folder) from error
    started = {"checkpoint": checkpoint.id, "model": checkpoint.model, "trained": checkpoint.trained}
    return {"family": checkpoint.family, **started}
