"""What every training run is told, whatever it trains."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeVar

from genai_demo.engine.fields import Bookkeeping, Live, OneOf, Seed, Within, check_fields, fields_of
from genai_demo.errors import UserError

Rate = Annotated[float, Within(1e-8, 100.0), Live]
"""peak learning rate"""
Weight = Annotated[float, Within(0.0, 1e6)]
"""of a part of a loss, or of anything that is scaled"""
TrainingT = TypeVar("TrainingT")

PRECISIONS = ("auto", "fp32", "bf16", "fp16")
TRACKERS = ("tensorboard", "wandb")


@dataclass(frozen=True)
class TrainConfig:
    """Budget, batch and bookkeeping of one run. The budget is in minutes or in examples, never both."""

    minutes: float | None = None
    """wall-clock budget; time in which the run was interrupted does not count"""
    examples: Annotated[int | None, Within(1, 10**12)] = None
    """budget in training examples, each process's added up"""
    batch_size: Annotated[int, Within(1, 65_536)] = 64
    """examples per optimiser step and process"""
    seed: Seed = 0
    """of data and weights"""
    clip_norm: Annotated[float, Within(1e-9, 1e12)] = 1.0
    """gradients are scaled down to this global norm"""
    ema_half_life: Annotated[float, Within(0.0, 1e12)] = 20_000
    """examples after which an old weight counts half in the moving average"""
    ema_ramp: Annotated[float, Within(0.0, 1e12)] = 0.05
    """the half-life is never longer than this share of the examples seen, so that a young average is not stale"""
    pieces: Annotated[int, Within(1, 1024), Bookkeeping] = 1
    """gradient accumulation: each batch is computed in so many pieces one after another, which takes the memory of one
    piece and gives the same step up to rounding"""
    precision: Annotated[str, OneOf(PRECISIONS)] = "auto"
    """what to compute in; "auto" takes what a test finds fast on this device"""
    snapshots: Annotated[int, Within(1, 1000), Bookkeeping] = 16
    """snapshots of the averaged weights, spaced evenly in the logarithm of the budget"""
    patience: Annotated[int | None, Within(1, 10_000), Bookkeeping] = None
    """the run ends early after so many snapshots in a row that were no better; None lets it use up its budget"""
    tick_seconds: Annotated[float, Within(0.0, 86_400.0), Bookkeeping] = 10.0
    """one line of statistics per this many seconds"""
    state_minutes: Annotated[float, Within(0.0, 10_000.0), Bookkeeping] = 4.0
    """the state to resume from is written this often"""

    def __post_init__(self) -> None:
        if (self.minutes is None) == (self.examples is None):
            raise UserError("engine.one_budget")
        if self.minutes is not None and not (math.isfinite(self.minutes) and 0 < self.minutes <= 100_000):
            raise UserError("engine.bad_minutes", value=self.minutes)
        check_fields(self)


@dataclass(frozen=True, kw_only=True)
class TrainRequest:
    """What a run is asked to train; what it learns from, each modality adds."""

    family: str
    """which network"""
    run: Path
    """the run's folder"""
    start: Path | None = None
    """run or checkpoint whose weights to start from"""
    seed: Seed = 0
    """of data and weights"""
    changes: dict[str, Any] = field(default_factory=dict)
    """fields of the training's configuration that differ from the defaults"""
    sizes: dict[str, Any] = field(default_factory=dict)
    """fields of the network's configuration that differ from the defaults"""

    def training(self, kind: type[TrainingT], **more: Any) -> TrainingT:
        """Return how to train, as a dataclass `kind` with the fields that were changed, and `more`.

        Raises:
            UserError: a field that this kind of training does not have, or a value that is not allowed; what this
                request holds itself is looked at, too.
        """
        check_fields(self)
        known = [field.name for field in fields_of(kind)]
        for name in self.changes:
            if name not in known:
                options = ", ".join(_option(one) for one in known if one not in ("seed", "family"))
                raise UserError("engine.no_such_option", option=_option(name), family=self.family, allowed=options)
        values: dict[str, Any] = {"seed": self.seed, **more, **self.changes}
        made = kind(**values)
        check_fields(made)
        return made


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


PRESETS = ("first_look", "lecture", "as_shipped")
"""what a page offers: about a minute in which learning shows on two CPU cores; ten minutes; what the models that ship
were trained with"""


@dataclass(frozen=True)
class Trainable:
    """A network family that a page offers to train, and how."""

    training: type
    """its hyper-parameters, a dataclass"""
    presets: Mapping[str, Mapping[str, Any]]
    """options of `train` by the names in `PRESETS`, with "minutes", and "size" as fields of the network by name"""
    data: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """options of `train` by the names of data sets that are here without a network"""
    fetched: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """the same of those that come through a network, offered where runs may use one"""
    uploaded: Mapping[str, Any] = field(default_factory=dict)
    """further options where it learns from a file that was given, such as a share to hold out"""
    goes_on: bool = True
    """whether it may start from weights that are there, those of `shipped` or of an earlier run of its kind"""
    shipped: str = ""
    """folder of the checkpoint that ships; empty where none does"""
    without: tuple[str, ...] = ()
    """fields of `training` that mean nothing for this family"""
    sizes_of_data: tuple[str, ...] = ()
    """fields of the network that follow from the data"""
    lesson: str = ""
    """name of the lesson that tells how it works; empty where none does"""
    refining: type | None = None
    """its hyper-parameters when it starts from weights that are there, where these are others"""


@dataclass(frozen=True)
class Progress:
    """Where a run stands, as schedules and losses see it."""

    step: int
    """optimiser steps done"""
    examples: int
    """examples seen by all processes"""
    seconds: float
    """time spent training, interruptions not counted"""
    fraction: float
    """elapsed share of the budget, 0 to 1"""
