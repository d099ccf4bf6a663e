"""What `runs` does on the command line: whoever has the folder may control every run in it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from genai_demo.catalogue import message, terminal_language
from genai_demo.engine.models.timeline import write_timeline
from genai_demo.engine.runs import control, trash
from genai_demo.engine.runs.access import presenter_key
from genai_demo.engine.runs.archive import export_zip
from genai_demo.engine.runs.registry import Run, all_runs, find, runs_folder
from genai_demo.engine.runs.supervisor import Supervisor
from genai_demo.engine.training.options import write_json_option
from genai_demo.errors import UserError
from genai_demo.settings import settings

_PLAIN = {
    "pause": "pause a run after its present step",
    "resume": "let a paused run go on, or start one again that ended early, when its turn comes",
    "stop": "end a run after its present step, or take it off the waiting list",
    "delete": "move a run that is not at work into the trash",
}


def add_runs_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `runs`."""
    parser.add_argument("--json", metavar="FILE", help="also write the list as JSON; - for standard output")
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    for name, about in _PLAIN.items():
        _add(actions, name, about)
    step = _add(actions, "step", "let a run take single steps, and pause")
    step.add_argument("--count", type=int, default=1, metavar="N", help="steps (1)")
    step.add_argument("--phase", metavar="NAME", help="take only this phase, such as discriminator")
    slow = _add(actions, "slow", "let a run wait before each step")
    slow.add_argument("seconds", type=float, metavar="SECONDS", help="0 for no waiting")
    change = _add(actions, "change", "change hyper-parameters of a run in its midst")
    change.add_argument("values", nargs="+", metavar="NAME=NUMBER", help="such as learning_rate=0.001")
    rename = _add(actions, "rename", "call a run otherwise; its folder keeps its name")
    rename.add_argument("title", metavar="TITLE", help="what to call it")
    export = _add(actions, "export", "write a run as a ZIP, with its history, previews and best snapshot")
    export.add_argument("--to", required=True, type=Path, metavar="FILE", help="the ZIP to write")
    timeline = _add(actions, "timeline", "put samples of a dozen moments of a run beside a checkpoint of its family")
    timeline.add_argument("--to", required=True, type=Path, metavar="DIR", help="folder of the checkpoint")
    undo = actions.add_parser("undo", help="put a deleted run back")
    undo.add_argument("name", metavar="TICKET", help="that delete told")


def _add(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, about: str
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=about, description=about[0].upper() + about[1:] + ".")
    parser.add_argument("name", metavar="NAME", help="of the run's folder")
    return parser


def run_command(options: argparse.Namespace) -> None:
    """Do what `runs` is told.

    Raises:
        UserError: there is no such run, or this cannot be done to it now.
    """
    if options.action is None:
        _list(options.json)
        return
    name, language = options.name, terminal_language()
    if options.action == "delete":
        ticket, hours = trash.delete(name), settings().trash_hours
        command = f"python -m genai_demo runs undo {ticket}"
        print(message("runs.moved_to_trash", language, name=name, hours=hours, command=command))
        return
    if options.action == "export":
        size = f"{export_zip(name, options.to).stat().st_size / 1e6:.1f}"
        print(message("runs.exported", language, file=options.to, size=size))
        return
    if options.action == "timeline":
        run = find(name)
        made = write_timeline(run.folder, options.to, own=False, data=run.data)
        print(message("runs.timeline", language, folder=made.folder, count=len(made.samples)))
        return
    match options.action:
        case "step":
            run = control.step(name, options.count, options.phase)
        case "slow":
            run = control.slow(name, options.seconds)
        case "change":
            run = control.change(name, dict(_change(value) for value in options.values))
        case "rename":
            run = control.rename(name, options.title)
        case "undo":
            run = trash.undo(name)
        case "resume":
            run = control.resume(name, key=presenter_key()[0])
        case _:
            run = getattr(control, options.action)(name)
    if run.state == "waiting" and options.action == "resume":
        Supervisor().advance()
        run = find(name)
        if run.state == "waiting":
            print(message("runs.waits_for_app", language, name=name))
    print(_line(run, language))


def _list(json_file: str | None) -> None:
    language, runs = terminal_language(), all_runs()
    out = sys.stderr if json_file == "-" else sys.stdout
    for run in runs:
        print(_line(run, language), file=out)
    if not runs:
        print(message("runs.none", language, folder=runs_folder()), file=out)
    write_json_option(json_file, [run.plain() for run in runs])


def _line(run: Run, language: str) -> str:
    """Return a run on one line, and why it failed on another."""
    parts = [f"{run.name}:", message(f"runs.state_{run.state}", language)]
    if run.place is not None:
        parts.append("(" + message("runs.place", language, place=run.place) + ")")
    parts.append(f"{run.fraction:.0%}")
    if run.best is not None:
        parts.append(f"{run.best.name} {run.best.value:.4g}")
    if run.title != run.name:
        parts.append(f"({run.title})")
    told = run.told(language)
    return " ".join(parts) + (f"\n  {told}" if told else "")


def _change(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name.replace("-", "_"), float(value)
    except ValueError:
        raise UserError("runs.bad_change", value=text) from None
