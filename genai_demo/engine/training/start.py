"""How a run starts: in this process by a command, or in a process of its own by a function; imports no torch."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genai_demo.engine.runs.record import Record, note_command, words_of, write_record
from genai_demo.engine.training.config import TrainConfig
from genai_demo.engine.training.options import write_json_option
from genai_demo.engine.training.run import RunFolder
from genai_demo.engine.training.status import check_launcher, is_first_process

if TYPE_CHECKING:
    from genai_demo.engine.training.task import Task

_PACKAGE = Path(__file__).resolve().parents[3]


def train_command(options: argparse.Namespace, config: TrainConfig, make_task: Callable[[], Task]) -> None:
    """Train what the command line asks for, and print where it ended.

    Args:
        options: those of `add_run_options`, and "typed", the words of the command, where somebody typed it.
        config: budget, batch size and what else the engine has to know.
        make_task: reads data and makes networks; called once the run's folder is claimed.

    Raises:
        UserError: the data or the folder cannot be used, or the run failed.
    """
    check_launcher()
    from genai_demo.engine.training.loop import train

    run = RunFolder(options.run)

    def make_noted_task() -> Task:
        typed = getattr(options, "typed", None)
        if typed and is_first_process():
            with run.writing():
                note_command(run.path, typed)
        return make_task()

    progress = train(make_noted_task, config, run, options.resume, options.track)
    with suppress(OSError):  # the terminal may be gone
        print(
            f"{options.run}: {progress.step} steps, {progress.examples} examples, {progress.seconds / 60:.1f} minutes",
            file=sys.stderr if options.json == "-" else sys.stdout,
            flush=True,
        )
    told = {name: value for name, value in run.read_status().items() if name in ("state", "items")}
    write_json_option(options.json, {"run": str(options.run), **asdict(progress), **told})


@dataclass(frozen=True)
class StartedRun:
    """A run in a process of its own, which goes on when this process ends."""

    run: RunFolder
    process: subprocess.Popen[bytes]
    command: str
    """what to type in a shell to start the same"""


def start_run(modality: str, options: Mapping[str, Any]) -> StartedRun:
    """Start a run in a process of its own, with the command of the command line, and return at once.

    What the process prints goes to log.txt in the run's folder.

    Args:
        modality: what `train` is to train.
        options: of `train`, by their names with underscores, such as {"run": "runs/mine", "batch_size": 32}; True
            stands for an option without a value, a sequence for one with several, None for one that is left out.

    Raises:
        UserError: the folder holds a run already, another process is at work in it, or there is nothing to resume.
    """
    run, words = RunFolder(Path(options["run"])), words_of(modality, options)
    process = launch(run, words)
    record = Record(words=tuple(words))
    with run.writing():
        write_record(run.path, record)
    return StartedRun(run, process, record.command)


def launch(
    run: RunFolder, words: Sequence[str], environment: Mapping[str, str] | None = None, place: str | None = None
) -> subprocess.Popen[bytes]:
    """Start the process of a run, and return at once; what it prints goes to log.txt in the run's folder.

    Args:
        run: its folder.
        words: of its command; the first, python, is the one that runs here.
        environment: variables that differ from those of this process.
        place: folder from which the command is meant; None for that of this process.

    Raises:
        UserError: the folder holds a run already, another process is at work in it, or there is nothing to resume.
    """
    run.check("--resume" in words)
    kept = run.stood() if "--resume" in words else {}
    paths = [str(_PACKAGE), *filter(None, [os.environ.get("PYTHONPATH")])]
    with run.writing():
        run.path.mkdir(parents=True, exist_ok=True)
        log = (run.path / "log.txt").open("ab")
        with log:
            process = subprocess.Popen(
                [sys.executable, *words[1:]],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=place,
                env={**os.environ, **(environment or {}), "PYTHONPATH": os.pathsep.join(paths)},
                start_new_session=True,  # Ctrl-C here is not meant for it
            )
    run.write_status("preparing", **kept, pid=process.pid)
    return process
