"""What can be chosen before a run starts, and the command that a choice is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import MISSING
from pathlib import Path
from typing import Any, get_args, get_origin

from genai_demo.engine.fields import Field, OneOf, Within, fields_of
from genai_demo.engine.generation.checks import check_number, check_one_of
from genai_demo.engine.modality import Modality
from genai_demo.engine.models.checkpoint import CONFIG
from genai_demo.engine.runs.limits import gpus
from genai_demo.engine.runs.record import read_record
from genai_demo.engine.runs.registry import Run, find
from genai_demo.engine.training.config import Trainable, TrainConfig
from genai_demo.errors import UserError
from genai_demo.settings import settings
from genai_demo.ui.training.uploads import path_of

SIZE = "size."
"""what the names of the network's sizes begin with among those of all settings"""
_ENGINE = ("minutes", "batch_size", "pieces", "seed", "precision", "snapshots", "patience")
GPU_BATCHES = 4
"""times as large batches of presets are where runs train on a GPU; what ships was trained with those it names"""
_ELSEWHERE = ("seed", "family")
"""fields of a training that the engine's stand for"""
_LIVE = {"state_minutes": 0.5, "tick_seconds": 1}
"""what lets a run be watched while it goes on, and lose no more than half a minute"""
_OF_DATA = ("data", "validation", "hold_out", "background", "labels", "where")
"""options that say what a run learns from and is measured on"""
MINUTES = (0.01, 100_000.0)
"""budgets that can be asked for; what may be had, `limits` says"""
SHIPPED, EARLIER = "shipped", "run:"
HUB = "hub:"
"""what data begin with that lie on the Hugging Face Hub, before their id"""
_HUB_ID = re.compile(r"\w[\w.-]{0,95}/[\w.-]{1,96}", re.ASCII)


def trainable(modality: Modality, family: str) -> Trainable:
    """Return a family of a modality.

    Raises:
        UserError: there is none of that name.
    """
    if family not in modality.trainable:
        allowed = ", ".join(modality.trainable)
        raise UserError("engine.not_one_of", name="model", value=str(family)[:80], allowed=allowed)
    return modality.trainable[family]


def settings_of(modality: Modality, family: str, start: bool) -> dict[str, tuple[str, Field]]:
    """Return the settings of a family by name, each with its group: "engine", "training", "mistakes" or "network".

    Args:
        modality: of the family.
        family: one of those that can be trained.
        start: whether it starts from weights that are there, whose sizes are theirs.
    """
    known = trainable(modality, family)
    engine = {field.name: field for field in fields_of(TrainConfig)}
    found = {name: ("engine", engine[name]) for name in _ENGINE}
    kind = known.refining if start and known.refining else known.training
    found |= {
        field.name: ("mistakes" if field.mistake else "training", field)
        for field in fields_of(kind)
        if field.name not in (*_ELSEWHERE, *known.without)
    }
    if modality.sizes and not start:
        followed = known.sizes_of_data
        sizes = [field for field in fields_of(modality.sizes(family)) if field.name not in followed]
        sizes = [field for field in sizes if field.default is not MISSING]
        found |= {SIZE + field.name: ("network", field) for field in sizes}
    return found


def preset(known: Trainable, name: str, start: bool) -> dict[str, Any]:
    """Return the values of a preset by the names of the settings.

    Args:
        known: the family.
        name: of the preset.
        start: whether it starts from weights that are there, whose sizes are theirs.

    Raises:
        UserError: there is none of that name.
    """
    check_one_of("preset", name, tuple(known.presets))
    values = {key: value for key, value in known.presets[name].items() if key != "size"}
    if enlarged(known, name):
        values["batch_size"] *= GPU_BATCHES
    sizes = {} if start else known.presets[name].get("size", {})
    return values | {SIZE + key: value for key, value in sizes.items()}


def enlarged(known: Trainable, name: str) -> bool:
    """Return whether a preset takes larger batches here: a GPU computes many examples in about the time of a few."""
    return name != "as_shipped" and "batch_size" in known.presets[name] and gpus() > 0


def options_of(modality: Modality, form: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of `train` for what a visitor, or a program, chose.

    Args:
        modality: what is trained.
        form: "family"; "data", the name of a data set that is here, or "run:NAME" for that of an earlier run, or
            "hub:OWNER/NAME" for one of the hub; or "upload", the id of a file that was given;
            "start", empty, "shipped" or "run:NAME" or "run:NAME:STEP"; and "values" by the names of the settings, which
            are the defaults where they are missing.

    Raises:
        UserError: something is not allowed.
    """
    family = str(form.get("family", ""))
    known = trainable(modality, family)
    start = _start(modality, family, known, str(form.get("start") or ""))
    given = form.get("values") or {}
    fields = settings_of(modality, family, bool(start))
    for name in given:
        if name not in fields:
            raise UserError("engine.not_one_of", name="values", value=str(name)[:80], allowed=", ".join(fields))
    values = {
        name: _read(field, given[name]) for name, (_, field) in fields.items() if given.get(name) not in (None, "")
    }
    values.setdefault("minutes", 1.0)
    check_number("minutes", values["minutes"], *MINUTES)
    for name, value in values.items():
        field = fields[name][1]
        if field.rule is not None:
            field.rule.check(field, value)
    if modality.sizes and not start:
        _check_sizes(modality.sizes(family), values)
    engine = {name: value for name, value in values.items() if name in _ENGINE}
    TrainConfig(**engine)
    changed = {name: value for name, value in values.items() if name in engine or value != fields[name][1].default}
    sizes = [f"{name.removeprefix(SIZE)}={_written(value)}" for name, value in changed.items() if name.startswith(SIZE)]
    plain = {name: value for name, value in changed.items() if not name.startswith(SIZE)}
    options = {"model": family, **_data(known, form), **({"start": start} if start else {}), **_switches(plain)}
    return options | ({"size": sizes} if sizes else {}) | _LIVE


def _switches(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as options: a switch that is off is an option of its own."""
    return {
        f"no_{name}" if value is False else name: True if value is False else value for name, value in values.items()
    }


def data_title(form: Mapping[str, Any]) -> str:
    """Return what people call the data of a choice: the name of the file; empty for a data set that is here."""
    name = str(form.get("data") or "")
    if not form.get("upload") and name.startswith(EARLIER):
        return find(name.removeprefix(EARLIER)).data
    if not form.get("upload") and name.startswith(HUB):
        return name.removeprefix(HUB).strip()
    return str(form.get("upload") or "").rpartition("/")[2]


def form_of(run: Run, modality: Modality) -> dict[str, Any]:
    """Return the choices that a run was started with, see `options_of`."""
    options = dict(read_record(run.folder).options)
    sizes = options.pop("size", [])
    pairs = [str(pair).partition("=") for pair in ([sizes] if isinstance(sizes, str) else sizes)]
    values: dict[str, Any] = {f"{SIZE}{name}": value for name, _, value in pairs}
    for name, value in options.items():
        values |= {name.removeprefix("no_"): False} if name.startswith("no_") else {name: value}
    known = settings_of(modality, run.family, "start" in options)
    kept = {name: value for name, value in values.items() if name in known}
    return {"family": run.family, "data": EARLIER + run.name, "title": run.title, "values": kept}


def _data(known: Trainable, form: Mapping[str, Any]) -> Mapping[str, Any]:
    if form.get("upload"):
        return {"data": str(path_of(str(form["upload"]))), **known.uploaded}
    name = str(form.get("data") or "")
    if name.startswith(EARLIER):
        options = read_record(find(name.removeprefix(EARLIER)).folder).options
        return {option: options[option] for option in _OF_DATA if option in options}
    if name.startswith(HUB):
        return {"data": _hub_id(name.removeprefix(HUB).strip()), **known.uploaded}
    offered = data_of(known)
    if name not in offered:
        raise UserError("training.no_data", allowed=", ".join(offered) or "-")
    return offered[name]


def _hub_id(name: str) -> str:
    """Return the id of a data set of the hub; what might be a folder of this machine is none."""
    if not settings().hub:
        raise UserError("runs.no_hub", value=name[:80])
    if not _HUB_ID.fullmatch(name) or Path(name).exists():
        raise UserError("training.bad_hub", value=name[:80])
    return name


def data_of(known: Trainable) -> Mapping[str, Mapping[str, Any]]:
    """Return the data sets that a family is offered: those that are here, and where a network may be used, others."""
    return {**known.data, **(known.fetched if settings().hub else {})}


def _start(modality: Modality, family: str, known: Trainable, wanted: str) -> str:
    """Return the option `--start` for a choice; empty to start from scratch."""
    if not wanted:
        return ""
    if not known.goes_on:
        raise UserError("training.no_start", family=family)
    if wanted == SHIPPED and known.shipped:
        return str(settings().checkpoints / known.shipped)
    name, _, step = wanted.removeprefix(EARLIER).partition(":")
    if not wanted.startswith(EARLIER):
        raise UserError("training.bad_start", value=wanted[:80])
    run = find(name)
    snapshot = run.folder / "snapshots" / f"{int(step):08d}" if step.isdecimal() and len(step) < 12 else run.folder
    if run.modality != modality.name or run.family != family or not (snapshot / CONFIG).is_file():
        raise UserError("training.bad_start", value=wanted[:80])
    return str(snapshot)


def starts(modality: Modality, family: str, runs: Iterable[Run]) -> list[Run]:
    """Return the earlier runs that a family may start from."""
    same = [run for run in runs if run.modality == modality.name and run.family == family]
    return [run for run in same if (run.folder / "snapshots" / "last").is_file()]


def _read(field: Field, value: Any) -> Any:
    """Return what was typed into a field as its kind; what is none is left for its rule to refuse."""
    if field.kind is bool:
        return value if isinstance(value, bool) else str(value).lower() in ("true", "on", "1")
    if field.kind is str or isinstance(value, bool):
        return str(value)
    try:
        if get_origin(field.kind) is tuple:
            parts = value if isinstance(value, (list, tuple)) else str(value).replace("，", ",").split(",")
            return tuple(get_args(field.kind)[0](part) for part in parts)
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return value
    return int(number) if field.kind is int and number.is_integer() else number


def _written(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _check_sizes(sizes: type, values: Mapping[str, Any]) -> None:
    """Raise `UserError` unless sizes fit one another."""
    given = {name.removeprefix(SIZE): value for name, value in values.items() if name.startswith(SIZE)}
    needed = {
        one.name: one.rule.low for one in fields_of(sizes) if one.default is MISSING and isinstance(one.rule, Within)
    }
    sizes(**needed | given)


def described(field: Field) -> dict[str, Any]:
    """Return the kind, default and limits of a setting, JSON-able."""
    rule = field.rule
    within = getattr(rule, "rule", rule)
    limits = {"low": within.low, "high": within.high} if isinstance(within, Within) else {}
    choices = {"choices": list(rule.allowed)} if isinstance(rule, OneOf) else {}
    several = get_origin(field.kind) is tuple
    kind = "several" if several else "switch" if field.kind is bool else "whole" if field.kind is int else "number"
    default = None if field.default is MISSING else _written(field.default) if several else field.default
    return {"kind": "choice" if choices else kind, "default": default, **limits, **choices}
