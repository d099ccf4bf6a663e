"""Removes the files that visitors gave or were given, once they are old, and gives back the memory that they took."""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Iterable
from pathlib import Path
from threading import Thread

import gradio as gr


def remove_older(file_sets: Iterable[set[str]], seconds: float) -> None:
    """Remove files, and forget them.

    Args:
        file_sets: paths of the files, by whoever made them; files may be added meanwhile.
        seconds: age up to which a file stays.
    """
    for files in file_sets:
        for file in tuple(files):
            try:
                if time.time() - Path(file).lstat().st_ctime > seconds:
                    Path(file).unlink()
                    files.discard(file)
            except FileNotFoundError:
                files.discard(file)
            except OSError:
                continue  # such as one that another program has opened: the next time, perhaps


_LIBRARY = ctypes.CDLL(None) if os.name == "posix" else None
_M_ARENA_MAX = -8
_POOLS = 2
"""of memory; glibc makes eight for each core, a thread that allocates takes any, and what is free in one stays there"""


def share_memory() -> None:
    """Let all threads allocate from few pools, where the C library has pools for threads: before threads start."""
    if _LIBRARY and hasattr(_LIBRARY, "mallopt"):
        _LIBRARY.mallopt(_M_ARENA_MAX, _POOLS)


def give_back_memory() -> None:
    """Return to the system what was freed, where the C library keeps it."""
    if _LIBRARY and hasattr(_LIBRARY, "malloc_trim"):
        _LIBRARY.malloc_trim(0)


def keep_tidy(page: gr.Blocks, seconds: int) -> None:
    """Let files of a page stay for some seconds, and up to a sixteenth longer.

    Gradio 6.31 has a task for it, which ends for ever if a file is uploaded while it looks through the files there are.
    """

    def look() -> None:
        while True:
            time.sleep(max(1, seconds // 16))
            remove_older(tuple(page.temp_file_sets), seconds)
            give_back_memory()

    Thread(target=look, name="tidy", daemon=True).start()
