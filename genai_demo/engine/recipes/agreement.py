"""Whether a recipe says what a checkpoint says of how it was made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from genai_demo.engine.models.checkpoint import Checkpoint
from genai_demo.engine.models.lineage import family_before
from genai_demo.engine.recipes.recipe import RECIPES, Recipe, Stage, read_recipe

_ENGINE = ("examples", "batch_size", "seed", "precision")


def recipe_of(checkpoint: Checkpoint, name: str) -> Recipe | None:
    """Return the recipe that made a checkpoint; None where there is none of that name that agrees with it.

    Raises:
        UserError: the recipe of that name is none.
    """
    file = RECIPES / f"{name}.toml"
    recipe = read_recipe(file) if file.is_file() else None
    return None if recipe is None or disagreements(recipe, checkpoint) else recipe


def disagreements(recipe: Recipe, checkpoint: Checkpoint) -> list[str]:
    """Return where a recipe and what a checkpoint tells of its training differ, stage by stage; none if they agree.

    All that the checkpoint tells has to stand in the recipe; what older checkpoints do not tell, the recipe may.
    """
    return list(_Comparison(recipe).of(recipe.stages[-1].name, checkpoint.family, checkpoint.model, checkpoint.trained))


class _Comparison:
    def __init__(self, recipe: Recipe) -> None:
        self._stages = {stage.name: stage for stage in recipe.stages}

    def of(self, name: str, family: str, model: Mapping[str, Any], trained: Mapping[str, Any]) -> Iterator[str]:
        """Yield how a stage, and those before it, differ from what is told of them."""
        stage = self._stages[name]
        if stage.command == "train":
            if "averaged_with" in trained or "calibrated" in trained:
                yield f"{name}: train, recorded: export"
            yield from self._trained(stage, family, model, trained)
            return
        told = trained.get("calibrated", {}).get("file")
        yield from _differ(name, "calibrate", stage.options.get("calibrate"), told)
        twins = [{"model": model, "trained": trained}, *trained.get("averaged_with", [])]
        if len(twins) != len(stage.sources):
            yield f"{name}: {len(stage.sources)} runs, recorded: {len(twins)}"
            return
        for source, twin in zip(stage.sources, twins, strict=True):
            alone = {key: value for key, value in twin["trained"].items() if key not in ("averaged_with", "calibrated")}
            yield from self.of(source, family, twin["model"], alone)

    def _trained(
        self, stage: Stage, family: str, model: Mapping[str, Any], trained: Mapping[str, Any]
    ) -> Iterator[str]:
        data = trained.get("data", {})
        yield from _differ(stage.name, "model", stage.options.get("model"), family)
        told = {name: trained[name] for name in _ENGINE if name in trained} | data.get("training", {})
        for key, value in told.items():
            if key != "family":
                option = key.replace("_", "-")
                # A switch that is off stands in no recipe.
                planned = stage.options.get(option, False if value is False else None)
                yield from _differ(stage.name, option, planned, value)
        for key, value in stage.options.get("size", {}).items():
            yield from _differ(stage.name, f"size {key}", value, model.get(key))
        # A part that nothing was read for has a hash, too.
        read = {part: about for part, about in data.items() if isinstance(about, dict) and "hash" in about}
        learnt = {
            part: about["hash"] for part, about in read.items() if any(about[key] for key in about if key != "hash")
        }
        for part in sorted({*learnt, *stage.learnt}):
            yield from _differ(stage.name, part, stage.learnt.get(part), learnt.get(part))
        start = data.get("started_from")
        if bool(start) != bool(stage.sources):
            yield f"{stage.name}: start {', '.join(stage.sources)}, recorded: {(start or {}).get('checkpoint')}"
        elif start:
            yield from self.of(
                stage.sources[0], family_before(start, family), start.get("model", model), start["trained"]
            )


def _differ(stage: str, what: str, planned: Any, recorded: Any) -> Iterator[str]:
    if planned != recorded:
        yield f"{stage}: {what} {planned}, recorded: {recorded}"
