"""Removes the files that visitors gave or were given, once they are old."""

from __future__ import annotations

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


def keep_tidy(page: gr.Blocks, seconds: int) -> None:
    """Let files of a page stay for some seconds, and up to a sixteenth longer.

    Gradio 6.31 has a task for it, which ends for ever if a file is uploaded while it looks through the files there are.
    """

    def look() -> None:
        while True:
            time.sleep(max(1, seconds // 16))
            remove_older(tuple(page.temp_file_sets), seconds)

    Thread(target=look, name="tidy", daemon=True).start()
