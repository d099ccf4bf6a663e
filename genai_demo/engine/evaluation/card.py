"""Model cards, from what a checkpoint and a report of its evaluation say: no number in a card is typed by hand."""

from __future__ import annotations

import math
import shlex
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from genai_demo.engine.evaluation.figure import markdown_table
from genai_demo.engine.evaluation.report import Report
from genai_demo.engine.files import write_bytes, write_text
from genai_demo.engine.models.checkpoint import Checkpoint, read_checkpoint
from genai_demo.engine.models.lineage import Stage, stages
from genai_demo.engine.recipes.agreement import recipe_of
from genai_demo.engine.recipes.recipe import Recipe
from genai_demo.errors import UserError

_RECIPE = (
    "`recipes/{name}` holds every stage with all its options, and the names and SHA-256 of the files, which are looked "
    "for in the folder `data`. Whatever was interrupted goes on with the same command."
)


class ModelCard(ABC):
    """The card of a checkpoint, README.md in its folder; a modality says what is true of its models.

    Args:
        checkpoint: what the card is about.
        name: of the checkpoint's folder.
        report: of its evaluation; its data are those of the commands that make the checkpoint again.
    """

    modality: str
    """as on the command line"""
    closing: str
    """what to know of the commands"""
    digits = 1
    """of the number of weights in millions, after the point"""
    training_options: tuple[str, ...] = ("learning_rate",)
    """fields of a training's configuration that are options on the command line"""
    learnt_sizes: tuple[str, ...] = ()
    """fields of a network's configuration that follow from its data"""

    def __init__(self, checkpoint: Checkpoint, name: str, report: Report) -> None:
        self.checkpoint, self.name, self.report = checkpoint, name, report
        self.family, self.stages = checkpoint.family, stages(checkpoint)
        self.recipe = recipe_of(checkpoint, name)

    @classmethod
    def write(cls, folder: Path, report: Report) -> Path:
        """Write the card of the checkpoint in a folder, and what lies beside it; return the card.

        Args:
            folder: the checkpoint's.
            report: what `evaluate` returned for this checkpoint.

        Raises:
            UserError: the report is of another checkpoint, or lacks what a card has to say.
        """
        checkpoint = read_checkpoint(folder)
        if report["checkpoint"] != checkpoint.id:
            raise UserError("engine.other_report", folder=folder, found=report["checkpoint"], wanted=checkpoint.id)
        card = cls(checkpoint, folder.resolve().name, report)
        for name, content in card.files().items():
            write_bytes(folder / name, content)
        file = folder / "README.md"
        write_text(file, card.text())
        return file

    def files(self) -> dict[str, bytes]:
        """Return what lies beside the card, by name."""
        return {}

    @abstractmethod
    def front(self) -> dict[str, str | list[str]]:
        """Return metadata by which a hub files the card."""

    @abstractmethod
    def what(self) -> str:
        """Return what the model is and does."""

    @abstractmethod
    def sections(self) -> Iterator[str]:
        """Yield Markdown with headings: intended use, limits, data, figures, samples."""

    @abstractmethod
    def data(self, stage: Stage) -> list[str]:
        """Return the options of `train` that name a stage's data."""

    @abstractmethod
    def measured(self) -> list[str]:
        """Return the options of `evaluate`, but for the model."""

    def exported(self) -> list[str]:
        """Return the options of `export`, but for its folders."""
        return []

    def text(self) -> str:
        """Return the card."""
        millions = sum(math.prod(tensor.shape) for tensor in self.checkpoint.weights().values()) / 1e6
        sizes = ", ".join(f"{key} {value}" for key, value in self.checkpoint.model.items())
        front = []
        for key, value in self.front().items():
            front += [f"{key}: {value}"] if isinstance(value, str) else [f"{key}:", *(f"- {one}" for one in value)]
        shell = "\n".join(
            f"python -m genai_demo {shlex.join(words)}".replace(" --", " \\\n    --") for words in self.commands()
        )
        parts = (
            "\n".join(["---", *front, "---"]),
            f"# {self.name}\n\n{self.what()}",
            f"{millions:.{self.digits}f} million weights in half precision ({sizes}). "
            f"Checkpoint `{self.checkpoint.id}`.",
            *self.sections(),
            "## How to make it again",
            *([] if self.recipe is None else _told(self.recipe)),
            f"```bash\n{shell}\n```",
            self.closing,
        )
        return "\n\n".join(parts) + "\n"

    def commands(self) -> list[list[str]]:
        """Return the words of the commands that make and evaluate the checkpoint as it was."""
        if self.recipe is None:
            return [*self._stage_by_stage(), self._evaluate(self.name)]
        run = f"runs/{self.name}"
        words = ["train", "--recipe", f"recipes/{self.recipe.file.name}", "--data-folder", "data", "--run", run]
        return [words, self._evaluate(f"{run}/{self.name}")]

    def _evaluate(self, model: str) -> list[str]:
        return ["evaluate", self.modality, "--model", model, *self.measured(), "--card"]

    def _stage_by_stage(self) -> list[list[str]]:
        """Return the words of the commands that train and export a checkpoint without a recipe."""
        *earlier, last = self.stages
        averaged = self.checkpoint.trained.get("averaged_with", [])
        twins = [last, *(Stage(self.family, one["model"], one["trained"]) for one in averaged)]
        found: list[list[str]] = []
        start, run = "", f"runs/{self.name}-1"
        for number, stage in enumerate(earlier, 2):
            found.append(self._train(stage, start, run))
            start, run = run, f"runs/{self.name}-{number}"
        runs = [run, *(f"{run}-{number}" for number in range(2, len(twins) + 1))]
        found += [self._train(stage, start, twin) for stage, twin in zip(twins, runs, strict=True)]
        return [*found, ["export", self.modality, "--run", *runs, "--to", f"checkpoints/{self.name}", *self.exported()]]

    def _train(self, stage: Stage, start: str, run: str) -> list[str]:
        words = ["train", self.modality, "--model", stage.family, *self.data(stage)]
        words += [*(["--start", start] if start else []), "--run", run]
        words += [*option_words(stage.trained, "examples", "batch_size"), *self.settings(stage)]
        return words + option_words(stage.trained, "seed", "precision")

    def settings(self, stage: Stage) -> list[str]:
        """Return the options of `train` that say how a stage learnt, and of what size its network is."""
        sizes = [f"{key}={_size(value)}" for key, value in stage.model.items() if key not in self.learnt_sizes]
        return [*option_words(stage.trained["data"]["training"], *self.training_options), "--size", *sizes]


def _told(recipe: Recipe) -> list[str]:
    """Return the paragraphs that say what stands in a recipe."""
    table = [("stage", "made by", "from", "data", "examples")]
    for stage in recipe.stages:
        read = ", ".join(f"{part} `{digest}`" for part, digest in stage.learnt.items())
        read = read or str(stage.options.get("calibrate", ""))
        examples = stage.options.get("examples")
        shown = "" if examples is None else f"{examples:,}"
        table.append((stage.name, stage.command, ", ".join(stage.sources), read, shown))
    notes = "\n".join(f"- {note}" for note in recipe.notes)
    return [_RECIPE.format(name=recipe.file.name), markdown_table(table, right={"examples"}), *filter(None, [notes])]


def option_words(values: Mapping[str, Any], *names: str) -> list[str]:
    """Return command-line options for those of `names` that have a value."""
    return [word for name in names if name in values for word in (f"--{name.replace('_', '-')}", str(values[name]))]


def _size(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
