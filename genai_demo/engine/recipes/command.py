"""The command line of recipes: `train --recipe FILE`; imports no torch."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from genai_demo.engine.modality import Commands
from genai_demo.engine.recipes.recipe import read_recipe
from genai_demo.engine.recipes.running import run_recipe
from genai_demo.errors import UserError
from genai_demo.settings import settings


def add_recipe_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `train` that take the place of a modality and its options."""
    parser.add_argument(
        "--recipe", type=Path, metavar="FILE", help="make the checkpoint of this recipe, or go on with it"
    )
    parser.add_argument(
        "--data-folder", type=Path, metavar="DIR", help="folder of the files that the recipe reads (its own)"
    )
    parser.add_argument(
        "--run",
        type=Path,
        metavar="DIR",
        default=argparse.SUPPRESS,
        help="folder for the stages of the recipe (runs/NAME)",
    )
    parser.add_argument(
        "--scale",
        type=float,
        default=1.0,
        metavar="SHARE",
        help="share of the budget of each stage that is spent, such as 0.001 to see whether all of it works (1)",
    )


def recipe_command(options: argparse.Namespace, commands: Mapping[str, Commands]) -> None:
    """Do what `train --recipe` asks for.

    Args:
        options: those of `add_recipe_options`.
        commands: of each modality.

    Raises:
        UserError: the recipe cannot be used, or a stage failed or was stopped.
    """
    recipe = read_recipe(options.recipe)
    if recipe.modality not in commands:
        raise UserError("engine.recipe_modality", file=recipe.file, value=recipe.modality, allowed=", ".join(commands))
    folder = getattr(options, "run", None) or settings().runs / recipe.name
    run_recipe(recipe, commands[recipe.modality], folder, options.data_folder, options.scale)
