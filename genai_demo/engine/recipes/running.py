"""Does again what a recipe says, stage by stage; what is finished is kept, what was interrupted goes on.

The folder of a recipe's run holds one folder for each stage, a run or a checkpoint, and stages.json: what each was
told, and the id of each checkpoint that is whole.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from genai_demo.catalogue import message, terminal_language
from genai_demo.engine.files import write_json
from genai_demo.engine.modality import Commands
from genai_demo.engine.models.checkpoint import CONFIG, read_checkpoint
from genai_demo.engine.models.lineage import best_checkpoint
from genai_demo.engine.recipes.recipe import Recipe, Stage, find_files, option_words
from genai_demo.engine.training.run import RunFolder
from genai_demo.errors import UserError


def run_recipe(recipe: Recipe, commands: Commands, folder: Path, data: Path | None = None, scale: float = 1.0) -> Path:
    """Make the checkpoint of a recipe, or go on with it, and return its folder.

    Args:
        recipe: what to do.
        commands: of its modality.
        folder: where the stages are kept.
        data: folder of the files that are read; None is the recipe's own.
        scale: share of each budget that is spent, above 0 and at most 1, such as for a rehearsal.

    Raises:
        UserError: a file is missing or another one, an option is not allowed, the folder holds other stages, or a stage
            failed or was stopped; the same call goes on from there.
    """
    if not 0 < scale <= 1:
        raise UserError("engine.bad_scale", value=scale)
    files = find_files(recipe, data)
    stages = [_scaled(stage, scale) for stage in recipe.stages]
    # Before any work begins, so that the last stage's mistake is not found after the first one's hours.
    parsed = [_options(recipe, stage, commands, files, folder) for stage in stages]
    kept = _Kept(folder)
    for stage in stages:
        kept.check(stage)
    for number, (stage, options) in enumerate(zip(stages, parsed, strict=True), 1):
        place = {"number": number, "count": len(stages), "stage": stage.name}
        if kept.finished(stage):
            _say("engine.recipe_finished_stage", **place, folder=folder / stage.name)
            continue
        _say("engine.recipe_stage", **place)
        kept.begin(stage)
        if stage.command == "train":
            _train(commands, options)
            _compare(stage, folder / stage.name)
        else:
            shutil.rmtree(folder / stage.name, ignore_errors=True)  # what an interruption may have left of it
            commands.export(options)
        kept.end(stage)
    return folder / stages[-1].name


def _scaled(stage: Stage, scale: float) -> Stage:
    options = dict(stage.options)
    if scale != 1 and isinstance(minutes := options.get("minutes"), (int, float)):
        options["minutes"] = minutes * scale
    if scale != 1 and isinstance(examples := options.get("examples"), int):
        options["examples"] = max(1, round(examples * scale))
    return replace(stage, options=options)


class _Parser(argparse.ArgumentParser):
    """Raises what is wrong with the options of a stage."""

    def __init__(self, recipe: Recipe, stage: Stage) -> None:
        super().__init__(add_help=False, allow_abbrev=False)
        self._where = {"file": recipe.file, "stage": stage.name}

    def error(self, message: str) -> NoReturn:
        raise UserError("engine.recipe_option", **self._where, reason=message)


def _options(
    recipe: Recipe, stage: Stage, commands: Commands, files: Mapping[str, Path], folder: Path
) -> argparse.Namespace:
    parser, words = _Parser(recipe, stage), option_words(stage, files, folder)
    if stage.command == "train":
        commands.add_train_options(parser)
        words += ["--run", str(folder / stage.name)]
    else:
        commands.add_export_options(parser)
        words += ["--to", str(folder / stage.name)]
    options = parser.parse_args(words)
    # A run keeps the command that makes it alone, for those who look at it.
    options.typed = ["python", "-m", "genai_demo", stage.command, recipe.modality, *words]
    return options


def _train(commands: Commands, options: argparse.Namespace) -> None:
    from accelerate.state import AcceleratorState

    run = RunFolder(options.run)
    options.resume = (run.path / "config.json").is_file()
    # Accelerate keeps its state, such as the precision, for a whole process; each stage is a run of its own.
    AcceleratorState._reset_state(reset_partial_state=True)
    commands.train(options)
    if run.read_status().get("state") != "finished":
        raise UserError("engine.recipe_stopped", stage=run.path.name)


def _compare(stage: Stage, run: Path) -> None:
    """Say what a run has read otherwise than the checkpoint's own did: the files are the same, but programs change."""
    data = read_checkpoint(best_checkpoint(run)).trained["data"]
    for part, wanted in stage.learnt.items():
        found = data.get(part, {}).get("hash")
        if found != wanted:
            _say("engine.recipe_other_data", stage=stage.name, part=part, found=found, wanted=wanted)


def _say(key: str, **values: Any) -> None:
    print(message(key, terminal_language(), **values), file=sys.stderr, flush=True)


class _Kept:
    """What has been done of a recipe in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._file = folder, folder / "stages.json"
        self._stages: dict[str, dict[str, Any]] = {}
        if self._file.is_file():
            try:
                self._stages = {name: dict(told) for name, told in json.loads(self._file.read_bytes()).items()}
            except (ValueError, TypeError, AttributeError) as error:
                raise UserError("engine.run_damaged", run=folder, file=self._file.name, reason=str(error)) from error

    @staticmethod
    def _told(stage: Stage) -> dict[str, Any]:
        """Return what a stage is told, JSON-able; where its files lie does not matter."""
        return {stage.command: dict(stage.options)}

    def check(self, stage: Stage) -> None:
        """Raise `UserError` if the folder holds another stage of that name."""
        folder, before = self._folder / stage.name, dict(self._stages.get(stage.name, {}))
        before.pop("checkpoint", None)
        # A run or checkpoint without its configuration was refused before anything was made.
        if folder.exists() if not before else before != self._told(stage) and (folder / CONFIG).exists():
            raise UserError("engine.recipe_other_stage", run=self._folder, stage=stage.name)

    def begin(self, stage: Stage) -> None:
        """Write down what a stage is told."""
        self._write(stage, {})

    def end(self, stage: Stage) -> None:
        """Write down that a stage is whole; of a training its run tells that."""
        if stage.command == "export":
            self._write(stage, {"checkpoint": read_checkpoint(self._folder / stage.name).id})

    def _write(self, stage: Stage, more: dict[str, str]) -> None:
        self._stages[stage.name] = self._told(stage) | more
        with RunFolder(self._folder).writing():
            write_json(self._file, self._stages)

    def finished(self, stage: Stage) -> bool:
        """Return whether there is nothing left to do for a stage."""
        folder, known = self._folder / stage.name, self._stages.get(stage.name, {})
        if stage.command == "train":
            return RunFolder(folder).read_status().get("state") == "finished"
        return "checkpoint" in known and folder.is_dir() and read_checkpoint(folder).id == known["checkpoint"]
