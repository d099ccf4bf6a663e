"""What the page "Train" says and offers in a language: words, and families with their settings, presets and data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from genai_demo.catalogue import message, sentences
from genai_demo.engine.fields import Field
from genai_demo.engine.modality import Modality
from genai_demo.engine.runs.limits import limits
from genai_demo.engine.runs.registry import Run
from genai_demo.engine.training.config import PRESETS, Trainable
from genai_demo.errors import UserError
from genai_demo.ui.languages import sentence
from genai_demo.ui.lessons.page import lesson_address
from genai_demo.ui.training.choosing import (
    EARLIER,
    GPU_BATCHES,
    MINUTES,
    SHIPPED,
    SIZE,
    data_of,
    described,
    enlarged,
    preset,
    settings_of,
    starts,
)

_WORDS = "training.page_"


def words(language: str) -> dict[str, str]:
    """Return what the page's script says, by key."""
    said = sentences(language)
    return {key.removeprefix(_WORDS): value for key, value in said.items() if key.startswith(_WORDS)}


def families(modality: Modality, runs: Sequence[Run], language: str) -> list[dict[str, Any]]:
    """Return what can be chosen of each family of a modality, JSON-able.

    Args:
        modality: of the tab.
        runs: all that are here, some of which can be started from.
        language: of all names and explanations.
    """
    return [_family(modality, name, known, runs, language) for name, known in modality.trainable.items()]


def hub_told(modality: str, language: str) -> str:
    """Return what a data set of the hub needs for a modality to learn from it; empty where none may be fetched."""
    return named(f"hub_{modality}", language, "") if limits().hub else ""


def _family(modality: Modality, name: str, known: Trainable, runs: Sequence[Run], language: str) -> dict[str, Any]:
    owner = f"{modality.name}_{name}"
    return {
        "name": name,
        "label": named(f"family_{owner}", language, name),
        "info": named(f"family_{owner}_info", language, ""),
        "lesson": known.lesson and lesson_address(known.lesson, language),
        "data": [
            {"name": one, "label": named(f"data_{one}", language, one), "info": named(f"data_{one}_info", language, "")}
            for one in data_of(known)
        ],
        "starts": _starts(modality, name, known, runs, language),
        "presets": [
            {
                "name": one,
                "label": named(f"preset_{one}", language, one),
                "info": _preset_info(known, one, language),
                "values": _typed(preset(known, one, False) | {"minutes": _minutes(known, one)}),
            }
            for one in PRESETS
            if one in known.presets
        ],
        "fields": _fields(modality, name, owner, False, language),
        "refining": _fields(modality, name, owner, True, language),
    }


def _preset_info(known: Trainable, name: str, language: str) -> str:
    told = named(f"preset_{name}_info", language, "", minutes=f"{_minutes(known, name):g}")
    if not enlarged(known, name):
        return told
    before = known.presets[name]["batch_size"]
    return f"{told} {message('training.preset_on_gpu', language, batch=GPU_BATCHES * before, before=before)}"


def _minutes(known: Trainable, name: str) -> float:
    return float(min(known.presets[name]["minutes"], limits().minutes))


def _typed(values: dict[str, Any]) -> dict[str, Any]:
    return {key: ",".join(map(str, one)) if isinstance(one, tuple) else one for key, one in values.items()}


def _starts(
    modality: Modality, family: str, known: Trainable, runs: Sequence[Run], language: str
) -> list[dict[str, str]]:
    found = [{"value": "", "label": message("training.start_scratch", language)}]
    if known.shipped:
        found.append({"value": SHIPPED, "label": message("training.start_shipped", language, name=known.shipped)})
    if known.goes_on:
        for run in starts(modality, family, runs):
            label = message("training.start_run", language, title=run.title)
            found.append({"value": EARLIER + run.name, "label": label})
    return found


def _fields(modality: Modality, family: str, owner: str, start: bool, language: str) -> list[dict[str, Any]]:
    found = []
    for name, (group, field) in settings_of(modality, family, start).items():
        told = described(field)
        if name == "minutes":
            told |= {"default": 1.0, "low": MINUTES[0], "high": min(MINUTES[1], limits().minutes)}
        label, info = label_of(name, field, owner, language)
        found.append({"name": name, "group": group, "label": label, "info": info, **told})
    return found


def label_of(name: str, field: Field, owner: str, language: str) -> tuple[str, str]:
    """Return the name and the explanation of a setting.

    Args:
        name: of the setting.
        field: what it is.
        owner: modality and family, "text_gru", where the setting means something of its own there.
        language: of both; what the catalogue lacks is told as on the command line.
    """
    plain = name.removeprefix(SIZE)
    modality = owner.partition("_")[0]
    keys = [f"field_{prefix}{plain}" for prefix in (f"{owner}_", f"{modality}_", "")]
    key = next((one for one in keys if f"training.{one}" in sentences("en")), keys[-1])
    return named(key, language, plain.replace("_", " ")), named(f"{key}_info", language, field.meaning)


def named(key: str, language: str, otherwise: str, **values: object) -> str:
    """Return a sentence of the page, or something else where the catalogue has none."""
    return message(f"training.{key}", language, **values) if f"training.{key}" in sentences(language) else otherwise


def refusal(error: UserError, language: str) -> str:
    """Return why something is refused, with the setting it is about named as on the page."""
    key = f"training.field_{error.values.get('name')}"
    if key in sentences(language):
        error = UserError(error.key, **error.values | {"name": message(key, language)})
    return sentence(error, language)
