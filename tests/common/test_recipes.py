"""The recipes of the checkpoints that ship: they say what the checkpoints say, and all of them can be followed."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import pytest

from genai_demo.engine.models.checkpoint import read_checkpoint
from genai_demo.engine.models.lineage import stages
from genai_demo.engine.recipes.agreement import disagreements
from genai_demo.engine.recipes.recipe import RECIPES, read_recipe
from genai_demo.engine.recipes.running import run_recipe
from genai_demo.modalities import modalities
from genai_demo.settings import settings
from tests.helpers.recipes import SCALE, toy

CHECKPOINTS = Path(__file__).parents[2] / "checkpoints"
NAMES = sorted(folder.name for folder in CHECKPOINTS.iterdir())


def test_every_checkpoint_has_a_recipe_and_every_recipe_a_checkpoint() -> None:
    assert sorted(file.stem for file in RECIPES.iterdir()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_says_what_its_checkpoint_and_its_card_say(name: str) -> None:
    recipe, checkpoint = read_recipe(RECIPES / f"{name}.toml"), read_checkpoint(CHECKPOINTS / name)
    assert disagreements(recipe, checkpoint) == []
    card = (CHECKPOINTS / name / "README.md").read_text(encoding="utf-8")
    figures, _, made = card.partition("## How to make it again")
    assert f"--recipe recipes/{name}.toml" in made
    hashes = {digest for stage in recipe.stages for digest in stage.learnt.values()}
    assert hashes and all(f"`{digest}`" in figures and f"`{digest}`" in made for digest in hashes)
    assert all(note in made for note in recipe.notes)


@pytest.mark.parametrize(("switch", "found"), [(False, []), (True, ["first-word-only None, recorded: True"])])
def test_a_switch_that_is_off_stands_in_no_recipe(switch: bool, found: list[str]) -> None:
    recipe, checkpoint = read_recipe(RECIPES / "headlines-gru.toml"), read_checkpoint(CHECKPOINTS / "headlines-gru")
    trained = copy.deepcopy(checkpoint.trained)
    trained["data"]["training"]["first_word_only"] = switch
    said = disagreements(recipe, replace(checkpoint, trained=trained))
    assert [one.partition(": ")[2] for one in said] == found


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_can_be_followed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENAI_DEMO_CHECKPOINTS", str(tmp_path / "none"))  # no large network judges what tiny ones make
    settings.cache_clear()
    recipe = toy(read_recipe(RECIPES / f"{name}.toml"), tmp_path)
    shipped = read_checkpoint(CHECKPOINTS / name)
    made = read_checkpoint(run_recipe(recipe, modalities()[recipe.modality].commands, tmp_path / "run", scale=SCALE))
    assert made.family == shipped.family
    assert len(made.trained.get("averaged_with", [])) == len(shipped.trained.get("averaged_with", []))
    assert ("calibrated" in made.trained) == ("calibrated" in shipped.trained)
    for stage, former in zip(stages(made), stages(shipped), strict=True):
        assert (stage.family, stage.trained["seed"]) == (former.family, former.trained["seed"])
        assert stage.trained["precision"] == former.trained["precision"]
        assert stage.trained["data"]["training"].items() >= {
            (key, value)
            for key, value in former.trained["data"]["training"].items()
            if key not in ("vocabulary", "window")
        }
