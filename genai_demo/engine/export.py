"""Makes a checkpoint to ship out of a training run."""

from __future__ import annotations

import json
from pathlib import Path

from genai_demo.engine.checkpoint import CONFIG, WEIGHTS, Checkpoint, read_checkpoint, save_checkpoint
from genai_demo.engine.run import RunFolder
from genai_demo.errors import UserError


def export_checkpoint(source: Path, target: Path, files: dict[str, Path] | None = None) -> Checkpoint:
    """Write a run's newest snapshot, or a checkpoint, to `target` in half precision, and return what was written.

    Args:
        source: folder of a run or of a checkpoint.
        target: folder to write; a checkpoint of the same family that is there already is replaced, its card kept.
        files: further files to take along, by their name in the checkpoint; one of the snapshot's gives way.

    Raises:
        UserError: `source` holds no whole checkpoint, or `target` holds one of another family.
    """
    folder = RunFolder(source).last_snapshot() or source
    checkpoint = read_checkpoint(folder)
    if (target / CONFIG).exists():
        former = read_checkpoint(target)
        if former.family != checkpoint.family:
            raise UserError("engine.export_over", folder=target, found=former.family, wanted=checkpoint.family)
    names = json.loads((folder / CONFIG).read_text(encoding="utf-8"))["files"]
    return save_checkpoint(
        target,
        checkpoint.weights(),
        checkpoint.family,
        checkpoint.model,
        checkpoint.trained,
        {name: folder / name for name in names if name != WEIGHTS} | (files or {}),
        half=True,
    )
