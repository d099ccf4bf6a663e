"""Makes a checkpoint to ship out of a training run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from genai_demo.engine.models.checkpoint import CONFIG, Checkpoint, read_checkpoint, save_checkpoint
from genai_demo.engine.models.lineage import best_checkpoint
from genai_demo.engine.models.timeline import made_samples, write_timeline
from genai_demo.engine.models.weights import is_weights
from genai_demo.engine.runs.record import read_record
from genai_demo.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor


def export_checkpoint(
    source: Path, target: Path, files: dict[str, Path] | None = None, others: Sequence[Path] = ()
) -> Checkpoint:
    """Write a run's best snapshot, or a checkpoint, to `target` in half precision, and return what was written.

    Beside that of a run lies its timeline: samples of a dozen moments.

    With `others` it is the mean of all their weights: runs that start from the same weights and differ in their
    settings end around a point that is better than most of them (Wortsman et al. 2022, "Model soups", section 2).

    Args:
        source: folder of a run or of a checkpoint.
        target: folder to write; a checkpoint of the same family that is there already is replaced, its card kept.
        files: further files to take along, by their name in the checkpoint; one of the snapshot's gives way.
        others: folders of runs or checkpoints whose last stage started where that of `source` did.

    Raises:
        UserError: a folder holds no whole checkpoint, `target` holds one of another family, or `others` do not fit.
    """
    folder = best_checkpoint(source)
    checkpoint = read_checkpoint(folder)
    if (target / CONFIG).exists():
        former = read_checkpoint(target)
        if former.family != checkpoint.family:
            raise UserError("engine.export_over", folder=target, found=former.family, wanted=checkpoint.family)
    names = json.loads((folder / CONFIG).read_text(encoding="utf-8"))["files"]
    further = [read_checkpoint(best_checkpoint(other)) for other in others]
    trained = checkpoint.trained
    if further:
        trained = trained | {"averaged_with": [{"model": one.model, "trained": one.trained} for one in further]}
    exported = save_checkpoint(
        target,
        _mean(checkpoint, further),
        checkpoint.family,
        checkpoint.model,
        trained,
        {name: folder / name for name in names if not is_weights(name)} | (files or {}),
        half=True,
        parted=True,
    )
    if made_samples(source):
        write_timeline(source, target, own=True, data=read_record(source).data)
    return exported


def _mean(first: Checkpoint, others: Sequence[Checkpoint]) -> dict[str, Tensor]:
    """Return the mean of the weights of checkpoints that started from the same one."""
    weights = first.weights()
    start = _start(first)
    for other in others:
        further = other.weights()
        same = {name: tensor.shape for name, tensor in further.items()} == {
            name: tensor.shape for name, tensor in weights.items()
        }
        if other.family != first.family or start is None or _start(other) != start or not same:
            raise UserError("engine.other_start", folder=other.folder, first=first.folder)
        weights = {name: tensor + further[name] for name, tensor in weights.items()}
    return {name: tensor / (1 + len(others)) for name, tensor in weights.items()} if others else weights


def _start(checkpoint: Checkpoint) -> str | None:
    """Return the id of the checkpoint that the last stage started from; None where it started from nothing."""
    start = checkpoint.trained.get("data", {}).get("started_from") or {}
    return start.get("checkpoint")
