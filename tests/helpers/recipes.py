"""The recipes of the checkpoints that ship, with made-up data and networks so small that each takes seconds."""

from __future__ import annotations

import csv
import gzip
import hashlib
import importlib
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from genai_demo.engine.recipes.recipe import Recipe, Stage
from genai_demo.music.midi.writing import to_midi
from genai_demo.text.data.articles import Article
from tests.helpers import news
from tests.helpers.faces import write_toys
from tests.helpers.music import tune

SCALE = 1e-9
"""of the budgets: one step is left of each"""


def toy(recipe: Recipe, folder: Path) -> Recipe:
    """Write made-up files of the names that a recipe reads, and return the recipe with them and with tiny networks."""
    for name in recipe.files:
        _write(recipe.modality, folder / name)
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in recipe.files}
    stages = tuple(_small(recipe.modality, stage) for stage in recipe.stages)
    return replace(recipe, file=folder / recipe.file.name, files=files, stages=stages)


def _small(modality: str, stage: Stage) -> Stage:
    if stage.command == "export":
        return stage
    family = stage.options["model"]
    networks = importlib.import_module(f"genai_demo.{modality}.models.networks")
    sizes = {"buckets": 256, "width": 4} if family == "topics" else networks.debug_sizes(family)
    less: dict[str, Any] = {"batch-size": 4, "size": {key: _listed(value) for key, value in sizes.items()}}
    less |= {"vocabulary": news.VOCABULARY, "window": 16}
    options = {name: less.get(name, value) for name, value in stage.options.items()}
    return replace(stage, options=options)


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _write(modality: str, file: Path) -> None:
    if modality == "text":
        _write_articles(file)
    elif file.suffix == ".csv":
        return  # beside the archive whose labels they are
    elif modality == "faces":
        toys = write_toys(file.parent, count=16)
        toys.rename(file)
        toys.with_suffix(".csv").rename(file.parent / "utkface_adult.csv")
    else:
        _write_music(file)


def _write_articles(file: Path) -> None:
    texts: list[Article] = news.articles()
    if "thucnews" in file.name:
        texts = news.chinese()[1::2] if "valid" in file.name else news.chinese()[::2]
    elif "valid" in file.name:
        texts = news.held_out()
    elif "train_part" not in file.name and "all" not in file.name:
        texts = news.background()
    rows = ({"text": one.text, "label": "" if one.topic == "any" else one.topic} for one in texts)
    lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
    file.write_bytes(gzip.compress(lines, mtime=0) if file.suffix == ".gz" else lines)


def _write_music(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as archive, file.with_suffix(".csv").open("w", encoding="utf-8") as stream:
        table = csv.writer(stream)
        table.writerow(["file", "split"])
        for number in range(4):
            archive.writestr(f"{number}.mid", to_midi(tune(number, bars=10)))
            table.writerow([f"{number}.mid", "validation" if number == 3 else "train"])
