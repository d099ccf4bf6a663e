"""Removes the files that visitors gave or were given, once they are old, and gives back the memory that they took."""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
from gradio.blocks import Blocks
from gradio.state_holder import SessionState, StateHolder


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
    """Let files of a page stay for seven eighths of some seconds at least, and no longer than those.

    Gradio 6.31 has a task for it, which ends for ever if a file is uploaded while it looks through the files there are.
    """
    pause = max(1, seconds // 16)

    def look() -> None:
        while True:
            time.sleep(pause)
            # What would be too old at the next look goes now; on a busy machine that comes late.
            remove_older(tuple(page.temp_file_sets), max(0, seconds - 2 * pause))
            give_back_memory()

    Thread(target=look, name="tidy", daemon=True).start()


class _LeanSession(SessionState):
    """What a visitor's last results are, without a description of every component of the page.

    Gradio 6.31 keeps one for each visitor, half a megabyte of this page, for links of a kind that this page has not.
    """

    def __init__(self, blocks: Blocks) -> None:
        nothing = SimpleNamespace(default_config=blocks.default_config, blocks={})
        super().__init__(cast(Blocks, nothing))

    def __setitem__(self, key: int, value: Any) -> None:
        super().__setitem__(key, value)
        self.config_values.clear()

    def _update_config(self, key: int) -> None:
        pass

    def _update_value_in_config(self, key: int, value: Any) -> None:
        pass


_IN_USE = timedelta(minutes=1)
"""for which a session stays after it was used, whoever else comes: what was asked for may not have been made yet"""
_MOST_SESSIONS = 1000
"""that stay even so"""


class _LeanSessions(StateHolder):
    """Sessions by their ids; those that are in use, and of others those used last, as many as there is room for.

    Gradio 6.31 lets the oldest go whenever there are too many, and its visitor's press is lost, without a word.
    """

    def __getitem__(self, session_id: str) -> SessionState:
        if session_id not in self.session_data:
            self.session_data[session_id] = _LeanSession(self.blocks)
        return super().__getitem__(session_id)

    def update(self, session_id: str) -> None:
        """Note that a session is used, and let those go for which there is no room."""
        with self.lock:
            now = self.time_last_used[session_id] = datetime.now()
            if session_id in self.session_data:
                self.session_data.move_to_end(session_id)
            while len(self.session_data) > self.capacity:
                oldest = next(iter(self.session_data))
                if len(self.session_data) <= _MOST_SESSIONS and now - self.time_last_used.get(oldest, now) < _IN_USE:
                    break
                del self.session_data[oldest]
                self.time_last_used.pop(oldest, None)


def keep_sessions_lean(page: gr.Blocks) -> None:
    """Let the sessions of a page that is served take no more memory than what is in them."""
    holder: Any = page.state_holder
    holder.__class__ = _LeanSessions
