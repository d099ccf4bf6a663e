"""Outside programs that open our files: those of `make programs`, which CI has and a machine may lack."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SECONDS = 120
"""after which a program is given up"""


def outside(name: str) -> str:
    """Return the path of a program; where it is missing, the test is skipped, but in CI it fails."""
    path = shutil.which(name)
    if path:
        return path
    if os.environ.get("CI"):
        pytest.fail(f"{name} is missing: make programs")
    pytest.skip(f"{name} is missing: make programs")


def run(name: str, *words: str | Path, folder: Path) -> str:
    """Return what a program says, its errors included.

    Args:
        name: of the program.
        words: its arguments.
        folder: it works in.
    """
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": str(folder), "HOME": str(folder)}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [outside(name), *map(str, words)],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
        errors="replace",
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{name}: {done.stdout}"
    return done.stdout
