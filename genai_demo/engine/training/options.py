"""Options of `train` and `export` that are the same for every modality; imports no torch."""

from __future__ import annotations

import argparse
import codecs
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genai_demo.engine.fields import add_options, add_options_of_several, bookkeeping, given
from genai_demo.engine.files import write_text
from genai_demo.engine.generation.checks import SEED
from genai_demo.engine.training.config import TRACKERS, TrainConfig
from genai_demo.errors import UserError

_OPTIONS = {"family": "--model", "train": "--{}", "data.training": "--{}", "model": "--size {}"}
"""options that the keys of a run's configuration stand for, by what these begin with; what is learnt is `--data`"""


def add_output_options(parser: argparse.ArgumentParser, what: str) -> None:
    """Add what `generate` can be told of every kind of result, called `what`, such as "texts"."""
    parser.add_argument("--out", type=Path, metavar="DIR", default=argparse.SUPPRESS, help="folder to write to (out)")
    parser.add_argument("--count", type=int, default=1, metavar="N", help=f"how many {what} to make (1)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help=f"seed of the first of the {what} (0)")
    parser.add_argument("--json", metavar="FILE", help="also write all results as JSON; - for standard output")


def check_count(count: int) -> None:
    """Raise `UserError` unless so many results can be asked for at once."""
    if not 1 <= count <= 10_000:
        raise UserError("engine.bad_count", value=count, most=10_000)


def seeds_from(options: argparse.Namespace) -> range:
    """Return the seeds of `--count` results that start at `--seed`.

    Raises:
        UserError: too many of them, or beyond the largest seed.
    """
    check_count(options.count)
    last = options.seed + options.count - 1
    if last > SEED[1]:
        raise UserError("engine.out_of_range_whole", name="seed", value=last, low=SEED[0], high=SEED[1])
    return range(options.seed, last + 1)


def add_report_options(parser: argparse.ArgumentParser, count: int, what: str) -> None:
    """Add what `evaluate` can be told of every kind of model: how much of `what` to make, and where the report goes."""
    parser.add_argument("--count", type=int, default=count, metavar="N", help=f"{what} ({count})")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the first of them (0)")
    parser.add_argument("--json", metavar="FILE", help="also write the report as JSON; - for standard output")
    parser.add_argument("--card", action="store_true", help="write the report into the checkpoint's model card")


def add_run_options(
    parser: argparse.ArgumentParser, trainings: Mapping[str, type], batch_size: int | None, usual: str = ""
) -> None:
    """Add what every training run can be told.

    Args:
        parser: of `train MODALITY`.
        trainings: how each model is trained: dataclasses, whose fields become options.
        batch_size: examples per step if nothing else is asked for; None leaves it to the kind of model.
        usual: says in the help what the kinds of models take then.
    """
    # torchrun reads what stands behind the module's name, too, and takes --run and --start for its own.
    parser.add_argument(
        "--run",
        "--run-folder",
        required=True,
        type=Path,
        metavar="DIR",
        help="folder of the run; torchrun needs the long name",
    )
    parser.add_argument(
        "--start-from",
        dest="start",
        default=argparse.SUPPRESS,
        type=Path,
        metavar="START",
        help="--start, for torchrun",
    )
    parser.add_argument("--resume", action="store_true", help="go on with the run in that folder")
    budget = parser.add_mutually_exclusive_group(required=True)
    budget.add_argument("--minutes", type=float, metavar="M", help="budget in minutes")
    budget.add_argument("--examples", type=int, metavar="N", help="budget in training examples")
    parser.add_argument(
        "--batch-size", type=int, default=batch_size, metavar="N", help=f"examples per step ({usual or batch_size})"
    )
    add_options_of_several(parser, trainings, besides=("seed", "family"))
    parser.add_argument(
        "--size",
        nargs="*",
        default=[],
        metavar="NAME=N",
        help="fields of the network's configuration, such as hidden=640 or widths=128,64,32",
    )
    add_options(
        parser, TrainConfig, ["seed", "pieces", "precision", "snapshots", "patience", "tick_seconds", "state_minutes"]
    )
    parser.add_argument("--track", choices=TRACKERS, help="log to an experiment tracker as well")
    parser.add_argument(
        "--json", metavar="FILE", help="also write what was read, and where it ended, as JSON; - for standard output"
    )


def train_config(options: argparse.Namespace, **changes: Any) -> TrainConfig:
    """Return the run's configuration; `changes` are fields that this kind of model needs otherwise.

    Raises:
        UserError: an option is not allowed.
    """
    return TrainConfig(**changes | given(options, TrainConfig))


def request_fields(options: argparse.Namespace, trainings: Mapping[str, type]) -> dict[str, Any]:
    """Return the fields of `TrainRequest` that the options name, but for the data.

    Args:
        options: those of `add_run_options`, and "model".
        trainings: as there. What is given for another model than the one to train is for that one to refuse.

    Raises:
        UserError: a size is not of the form name=number.
    """
    changes = {name: value for training in trainings.values() for name, value in given(options, training).items()}
    changes.pop("seed", None)
    return {"family": options.model, "changes": changes, "sizes": dict(_size(entry) for entry in options.size)}


def _size(entry: str) -> tuple[str, int | float | tuple[int, ...]]:
    name, _, value = entry.partition("=")
    try:
        if "," in value:
            return name, tuple(int(part) for part in value.split(","))
        return name, int(value) if value.isdecimal() else float(value)
    except ValueError:
        raise UserError("engine.bad_size", value=entry) from None


def write_json_option(target: str | None, value: Any) -> None:
    """Do what `--json` asks: nothing for None, print for "-", otherwise write the file.

    Raises:
        UserError: the file cannot be written.
    """
    if target is None:
        return
    # Whoever reads this takes it for UTF-8: a stream of another encoding gets letters that all encodings share.
    encoding = (getattr(sys.stdout, "encoding", None) or "ascii") if target == "-" else "utf-8"
    text = json.dumps(value, ensure_ascii=codecs.lookup(encoding).name != "utf-8", indent=2)
    if any("\ud800" <= letter <= "\udfff" for letter in text):  # of a file name that is no UTF-8
        text = json.dumps(value, indent=2)
    if target == "-":
        print(text)
        return
    try:
        write_text(Path(target), text + "\n")
    except OSError as error:
        raise UserError("engine.cannot_write", file=target, reason=error.strerror) from error


def check_same(run: Path, before: dict[str, Any], now: dict[str, Any]) -> None:
    """Make sure that a run is resumed with the configuration that it began with.

    Args:
        run: its folder.
        before: what it was told when it began, as JSON.
        now: what it is told now.

    Raises:
        UserError: something has changed that changes what it learns, or what it was told cannot be read.
    """
    for name, values in now.items():
        if isinstance(values, dict) and not isinstance(before.get(name, {}), dict):
            raise UserError("engine.run_damaged", run=run, file="config.json", reason=name)
    former, present = _flat(before), _flat(json.loads(json.dumps(now)))  # so that a tuple is the list it was written as
    free = {f"train.{name}" for name in bookkeeping(TrainConfig)}
    for key in sorted(former.keys() | present.keys()):
        if key.startswith(("budget.", "items.")) or key in free or former.get(key) == present.get(key):
            continue
        if key not in former and present[key] is False:
            continue  # a switch that came later was off
        if key.startswith("data.started_from"):
            sentence = "engine.started_from" if former.get(key) is not None else "engine.started_from_nothing"
            raise UserError(sentence, run=run, option="--start", checkpoint=former.get(key))
        values = {name: _plain(some.get(key)) for name, some in (("before", former), ("now", present))}
        raise UserError("engine.other_config", run=run, option=_option(key), key=key, **values)


def _option(key: str) -> str:
    """Return the option that a key of a run's configuration stands for, as it is typed."""
    first = next((prefix for prefix in _OPTIONS if key == prefix or key.startswith(f"{prefix}.")), None)
    if first is None:
        return "--data"
    name = key.removeprefix(f"{first}.")
    return _OPTIONS[first].format(name if first == "model" else name.replace("_", "-"))


def _plain(value: Any) -> str:
    """Return a value of a run's configuration as a person would write it."""
    return "-" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested values by their dotted names, such as "train.batch_size"."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        flat |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return flat
