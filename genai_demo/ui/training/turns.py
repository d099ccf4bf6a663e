"""Training on a borrowed GPU, a turn at a time: on ZeroGPU nobody has one for as long as a run takes.

A turn takes up a run where its folder says it stopped, trains for some seconds, and leaves it there with its state
saved, for the next turn or for the CPU. All that passes between this process and the one with the GPU is the run's
folder, its name and a number: weights and optimisers are files there, see `engine/training/state.py`.
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Iterator

from genai_demo.engine import zero_gpu
from genai_demo.engine.runs.access import check_may_control
from genai_demo.engine.runs.limits import check_resume
from genai_demo.engine.runs.record import read_record
from genai_demo.engine.runs.registry import AT_WORK, Run, find
from genai_demo.engine.runs.waiting import leave
from genai_demo.engine.training.run import RunFolder
from genai_demo.errors import UserError
from genai_demo.modalities import modalities

SECONDS = (15, 30, 60)
"""how long a turn may train; a visitor without an account has 120 seconds a day"""
BEFORE = 15.0
"""seconds that reading the data and making the networks may take beside the training"""
_PATIENCE = 30.0
"""seconds in which a run on the CPU ends its step and saves its state"""


def asked_seconds(folder: str, seconds: float) -> float:
    """Return for how long a turn needs the GPU at most."""
    return seconds + BEFORE


@zero_gpu.on_gpu(duration=asked_seconds)
def train_for(folder: str, seconds: float) -> str:
    """Go on with a run for some seconds in this process, and return the state in which it is left.

    Args:
        folder: of the run.
        seconds: of training, counted from when its data are read; the step that is under way is ended.

    Raises:
        UserError: the run failed; the sentence says why.
    """
    run = RunFolder(find(folder).folder)
    record = read_record(run.path)
    commands = modalities()[record.modality].commands
    parser = argparse.ArgumentParser()
    commands.add_train_options(parser)
    # python -m genai_demo train MODALITY ...
    words = [*record.words[5:], *(["--resume"] if (run.path / "config.json").is_file() else [])]
    options = parser.parse_args(words)
    run.stop_file.unlink(missing_ok=True)
    over = threading.Event()
    ender = threading.Thread(target=_end, args=(run, seconds, over), daemon=True)
    ender.start()
    try:
        commands.train(options)
    finally:
        over.set()
        ender.join()
        run.stop_file.unlink(missing_ok=True)
    return str(run.read_status().get("state", ""))


def _end(run: RunFolder, seconds: float, over: threading.Event) -> None:
    """Ask a run to stop when it has trained for some seconds."""
    while not over.wait(0.1):
        if run.read_status().get("state") == "running":
            break
    if not over.wait(seconds):
        run.stop_file.touch()


def take_turn(name: str, seconds: int, token: str, key: str) -> Iterator[Run]:
    """Train a run on a borrowed GPU for some seconds; yield how it stands before and after.

    Args:
        name: of the run.
        seconds: one of `SECONDS`.
        token: of the visitor.
        key: the presenter's, if this is the presenter.

    Raises:
        UserError: there is no such run, it is somebody else's or needs no more training, or no GPU was to be had.
    """
    if seconds not in SECONDS:
        raise UserError(
            "engine.not_one_of", name="seconds", value=str(seconds)[:40], allowed=", ".join(map(str, SECONDS))
        )
    run = find(name)
    check_may_control(run, token, key)
    if run.state == "finished":
        raise UserError("runs.finished", title=run.title)
    folder = RunFolder(run.folder)
    if run.state == "waiting":
        leave(run.folder)
    elif run.state in AT_WORK:
        with folder.writing():
            folder.stop_file.touch()
        _wait_for_end(name)
    else:
        check_resume(run, key)
    yield find(name)
    _lend(name, float(seconds))
    yield find(name)


def _wait_for_end(name: str) -> None:
    end = time.monotonic() + _PATIENCE
    while (run := find(name)).state in AT_WORK:
        if time.monotonic() > end:
            raise UserError("runs.at_work", title=run.title)
        time.sleep(0.2)


def _lend(name: str, seconds: float) -> None:
    import gradio as gr

    try:
        train_for(name, seconds)
    except gr.Error as error:
        # What `spaces` says is English, and of one line: no quota left, no GPU free, or that the call failed there.
        raise UserError("training.no_turn", reason=" ".join(str(error.message).split())[:200]) from error
