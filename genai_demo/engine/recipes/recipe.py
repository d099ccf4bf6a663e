"""A recipe is a file, recipes/NAME.toml, with every stage that made the checkpoint NAME.

    modality = "..."            as on the command line
    notes = ["...", ...]        what whoever runs it has to know
    [files]                     all that is read: "name" = "SHA-256"
    [[stages]]                  one after the other; the last one is an export and has the name of the checkpoint
    name = "first"              its folder
    [stages.train]              options of `train MODALITY`; `start` names an earlier stage
    [stages.learnt]             hashes of what was read of them, as the checkpoint tells
    [[stages]]
    name = "NAME"
    [stages.export]             options of `export MODALITY`; `run` names one earlier stage, or several to average

An option's value is what would follow it on the command line: a number, a string, several of these as a list, or
name = number as a table. A string that stands in `files` is that file, wherever it lies.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genai_demo.errors import UserError

RECIPES = Path(__file__).resolve().parents[3] / "recipes"
"""those of the checkpoints that ship"""
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_HASH = re.compile(r"[0-9a-f]{64}")
_STAGE = {"name", "train", "export", "learnt"}


@dataclass(frozen=True)
class Stage:
    """One command of a recipe."""

    name: str
    """of its folder"""
    command: str
    """"train" or "export\""""
    options: Mapping[str, Any]
    """by their names on the command line, such as {"batch-size": 64}"""
    learnt: Mapping[str, str]
    """hashes of what was read for the checkpoint that ships, by what it was for"""

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the earlier stages that it goes on from."""
        named = self.options.get("start" if self.command == "train" else "run", ())
        return (named,) if isinstance(named, str) else tuple(named)


@dataclass(frozen=True)
class Recipe:
    """All that made a checkpoint."""

    file: Path
    modality: str
    notes: tuple[str, ...]
    files: Mapping[str, str]
    """SHA-256 of each file by its name"""
    stages: tuple[Stage, ...]

    @property
    def name(self) -> str:
        """The checkpoint's."""
        return self.file.stem


def read_recipe(file: Path) -> Recipe:
    """Return the recipe that a file holds.

    Raises:
        UserError: it cannot be read, or is no recipe; the sentence says what is wrong with it.
    """
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError("engine.no_file", file=file) from error
    except ValueError as error:  # of the encoding, or of the notation
        raise _wrong(file, str(error)) from error
    _check_keys(file, values, {"modality", "notes", "files", "stages"}, "")
    files, listed = values.get("files"), values.get("stages")
    if not isinstance(values.get("modality"), str):
        raise _wrong(file, "modality")
    if not isinstance(files, dict) or not all(_HASH.fullmatch(str(value)) for value in files.values()):
        raise _wrong(file, "files")
    if not isinstance(listed, list) or not listed or not all(isinstance(one, dict) for one in listed):
        raise _wrong(file, "stages")
    stages: list[Stage] = []
    for one in listed:
        stages.append(_stage(file, one, [stage.name for stage in stages]))
    if stages[-1].command != "export" or stages[-1].name != file.stem:
        raise _wrong(file, f"{stages[-1].name}: export, {file.stem}")
    return Recipe(file, values["modality"], _words(values.get("notes", [])), files, tuple(stages))


def _stage(file: Path, values: dict[str, Any], earlier: Sequence[str]) -> Stage:
    name = values.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in earlier:
        raise _wrong(file, f"name: {name}")
    _check_keys(file, values, _STAGE, name)
    commands = [command for command in ("train", "export") if isinstance(values.get(command), dict)]
    learnt = values.get("learnt", {})
    if len(commands) != 1 or not isinstance(learnt, dict):
        raise _wrong(file, f"{name}: train, export, learnt")
    options, own = values[commands[0]], {"train": {"run", "resume"}, "export": {"to"}}[commands[0]]
    if forbidden := own & options.keys():
        raise _wrong(file, f"{name}: {', '.join(sorted(forbidden))}")
    stage = Stage(name, commands[0], options, learnt)
    if unknown := set(stage.sources) - set(earlier):
        raise _wrong(file, f"{name}: {', '.join(sorted(unknown))}")
    if stage.command == "export" and not stage.sources:
        raise _wrong(file, f"{name}: run")
    return stage


def _words(values: Any) -> tuple[str, ...]:
    return tuple(map(str, values)) if isinstance(values, list) else (str(values),)


def _check_keys(file: Path, values: Mapping[str, Any], known: set[str], place: str) -> None:
    if unknown := sorted(values.keys() - known):
        raise _wrong(file, f"{place}: {', '.join(unknown)}" if place else ", ".join(unknown))


def _wrong(file: Path, reason: str) -> UserError:
    return UserError("engine.bad_recipe", file=file, reason=reason)


def find_files(recipe: Recipe, folder: Path | None) -> dict[str, Path]:
    """Return where each file of a recipe lies, by its name.

    Args:
        recipe: whose files are wanted.
        folder: where they are looked for; None is the recipe's own.

    Raises:
        UserError: some are missing, or one is another than the recipe names.
    """
    folder = recipe.file.parent if folder is None else folder
    found = {name: folder / name for name in recipe.files}
    if missing := [name for name, path in found.items() if not path.is_file()]:
        raise UserError("engine.recipe_files", folder=folder, files=", ".join(missing))
    for name, path in found.items():
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        if digest != recipe.files[name]:
            raise UserError("engine.recipe_other_file", file=path, found=digest[:12], wanted=recipe.files[name][:12])
    return found


def option_words(stage: Stage, files: Mapping[str, Path], folder: Path) -> list[str]:
    """Return the options of a stage as the words of a command line.

    Args:
        stage: of a recipe.
        files: where the files of the recipe lie, by their names.
        folder: with the folders of the stages.
    """
    words: list[str] = []
    for name, value in stage.options.items():
        if isinstance(value, dict):
            values = [f"{key}={_number(one)}" for key, one in value.items()]
        elif name in ("start", "run"):
            values = [str(folder / source) for source in stage.sources]
        else:
            values = [str(files.get(str(one), one)) for one in (value if isinstance(value, list) else [value])]
        words += [f"--{name}", *values]
    return words


def _number(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
