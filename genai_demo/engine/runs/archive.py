"""A run as a ZIP, to look at, or to go on from, elsewhere."""

from __future__ import annotations

from pathlib import Path


def export_zip(name: str, target: Path, root: Path | None = None) -> Path:
    """Write a run as a ZIP: its command, settings, history, previews, and best and newest snapshot as safetensors.

    Unpacked into another installation's folder of runs it is a run there, whose snapshots can be used, and started
    from; what only resuming needs is left out.

    Args:
        name: of the run.
        target: the file to write.
        root: folder of the runs; None for that of the settings.

    Raises:
        UserError: there is no such run, or the file cannot be written.
    """
    raise NotImplementedError
