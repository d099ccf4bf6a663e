"""Which files go to a Space: what the repository holds and the page needs."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

from genai_demo.engine.models.weights import LARGEST_FILE
from genai_demo.errors import UserError

_STAY = ("tests/", "benchmarks/", "findings/", ".ci/", ".git/", ".venv/")
"""folders that serve those who work on the program"""
_NOT_OURS = ("__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".gradio", "wandb")
_MADE_HERE = ("runs/", "data/", "out/", "outputs/")


def space_files(root: Path) -> list[str]:
    """Return the files that a Space is made of, by their paths in the repository, sorted.

    Of a clone these are those that git knows: what somebody left lying there does not go out by accident. Of a copy
    without git it is all but what the program, and those who work on it, write.
    """
    done = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z", "--cached"], capture_output=True, text=True, check=False
    )
    known = done.stdout.split("\0") if done.returncode == 0 and (root / ".git").exists() else list(_walk(root))
    return sorted(name for name in known if name and not name.startswith(_STAY) and (root / name).is_file())


def _walk(root: Path) -> Iterator[str]:
    for file in root.rglob("*"):
        name = file.relative_to(root).as_posix()
        if file.is_file() and not name.startswith(_MADE_HERE) and not set(file.parts) & set(_NOT_OURS):
            yield name


def file_problems(root: Path, names: list[str]) -> Iterator[UserError]:
    """Yield a sentence about each file that is too large for a host that keeps files in git."""
    for name in names:
        size = (root / name).stat().st_size
        if size > LARGEST_FILE:
            yield UserError("hosting.large_file", file=name, size=f"{size:,}", most=f"{LARGEST_FILE:,}")
