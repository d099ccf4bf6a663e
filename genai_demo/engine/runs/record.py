"""What a run is called, who started it, when, and with which command: `run.json` in its folder."""

from __future__ import annotations

import hashlib
import json
import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from genai_demo.engine.files import write_json

FILE = "run.json"
_START = ("python", "-m", "genai_demo", "train")
_LONG_NAMES = {"run_folder": "run", "start_from": "start"}
"""options by the names that torchrun lets through"""
"""words that the command of every run begins with"""


@dataclass(frozen=True)
class Record:
    """What the folder of a run says beyond what the run itself writes."""

    words: tuple[str, ...] = ()
    """of the command, as typed; of older runs nobody knows them"""
    title: str = ""
    """what people call it; empty for the folder's name"""
    data: str = ""
    """what people call its data; empty for what the command names"""
    owner: str = ""
    """hash of the token of the visitor who started it; empty for the command line"""
    created: float = field(default_factory=time.time)
    """seconds since 1970"""
    waiting: float | None = None
    """since when it has waited for its turn, in seconds since 1970; None if it does not wait"""
    place: str = ""
    """where the process was started from: relative names of the command are meant from there"""
    ended: int | None = None
    """exit status of its last process where somebody was there to see it; below 0 the signal that ended it"""
    longest: float | None = None
    """minutes that it may train, whatever its budget; None for any number"""
    device: str = ""
    """the GPU that was chosen for it where there are several; empty for the installation's"""

    @property
    def command(self) -> str:
        """What to type in a shell to start the same."""
        return shlex.join(self.words)

    @property
    def modality(self) -> str:
        """The word after `train`."""
        return self.words[len(_START)] if len(self.words) > len(_START) else ""

    @property
    def options(self) -> dict[str, Any]:
        """The options of the command, by their names with underscores, as `start_run` takes them."""
        found: dict[str, Any] = {}
        name = ""
        for word in self.words[len(_START) + 1 :]:
            if word.startswith("--"):
                option, equals, value = word.partition("=")
                name = option.removeprefix("--").replace("-", "_")
                name = _LONG_NAMES.get(name, name)
                found[name] = [value] if equals else []
            elif name:
                found[name].append(word)
        return {key: True if not values else values[0] if len(values) == 1 else values for key, values in found.items()}


def read_record(folder: Path) -> Record:
    """Return what is recorded of a run; nothing where it was not, or is damaged."""
    file = folder / FILE
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        known = {one.name for one in fields(Record)}
        kept = {name: value for name, value in values.items() if name in known and value is not None}
        plain = {name: str(kept[name]) for name in ("title", "data", "owner", "place", "device") if name in kept}
        numbers = {name: float(kept[name]) for name in ("created", "waiting", "longest") if name in kept}
        return Record(**kept | plain | numbers | {"words": tuple(str(word) for word in kept.get("words", ()))})
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return Record(created=_first_written(folder))


def write_record(folder: Path, record: Record) -> None:
    """Write down what is recorded of a run."""
    write_json(folder / FILE, asdict(record))


def note_command(folder: Path, words: Sequence[str]) -> None:
    """Write down the command of a run that somebody typed, unless one stands there already."""
    record = read_record(folder)
    if not record.words:
        created = _first_written(folder) or time.time()
        typed = tuple(word for word in words if word != "--resume")
        write_record(folder, replace(record, words=typed, created=created, place=str(Path.cwd())))


def words_of(modality: str, options: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the words of the command that trains `modality` with `options`.

    Args:
        modality: what `train` is to train.
        options: of `train`, by their names with underscores; True stands for an option without a value, a sequence for
            one with several, None or False for one that is left out.
    """
    words = [*_START, modality]
    for name, value in options.items():
        if value is not None and value is not False:
            values: Sequence[Any] = [] if value is True else value if isinstance(value, (list, tuple)) else [value]
            words += [f"--{name.replace('_', '-')}", *map(str, values)]
    return tuple(words)


def owner_of(token: str) -> str:
    """Return what is stored of a visitor's token; nothing for none."""
    return hashlib.sha256(token.encode()).hexdigest() if token else ""


def _first_written(folder: Path) -> float:
    times = [file.stat().st_mtime for file in (folder / "config.json", folder / "status.json") if file.is_file()]
    return min(times, default=0.0)
