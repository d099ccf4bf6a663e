"""What every training run is told, whatever it trains."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from genai_demo.engine.fields import OneOf
from genai_demo.errors import UserError

PRECISIONS = ("auto", "fp32", "bf16", "fp16")
TRACKERS = ("tensorboard", "wandb")


@dataclass(frozen=True)
class TrainConfig:
    """Budget, batch and bookkeeping of one run. The budget is in minutes or in examples, never both."""

    minutes: float | None = None
    """wall-clock budget; time in which the run was interrupted does not count"""
    examples: int | None = None
    """budget in training examples, each process's added up"""
    batch_size: int = 64
    """examples per optimiser step and process"""
    seed: int = 0
    """of data and weights"""
    clip_norm: float = 1.0
    """gradients are scaled down to this global norm"""
    ema_half_life: float = 20_000
    """examples after which an old weight counts half in the moving average"""
    ema_ramp: float = 0.05
    """the half-life is never longer than this share of the examples seen, so that a young average is not stale"""
    precision: Annotated[str, OneOf(PRECISIONS)] = "auto"
    """what to compute in; "auto" takes what a test finds fast on this device"""
    snapshots: int = 16
    """snapshots of the averaged weights, spaced evenly in the logarithm of the budget"""
    patience: int | None = None
    """the run ends early after so many snapshots in a row that were no better; None lets it use up its budget"""
    tick_seconds: float = 10.0
    """one line of statistics per this many seconds"""
    state_minutes: float = 4.0
    """the state to resume from is written this often"""

    def __post_init__(self) -> None:
        if (self.minutes is None) == (self.examples is None):
            raise UserError("engine.one_budget")
        if self.minutes is not None and not (math.isfinite(self.minutes) and 0 < self.minutes <= 100_000):
            raise UserError("engine.bad_minutes", value=self.minutes)
        if self.examples is not None and not 0 < self.examples <= 10**12:
            raise UserError("engine.bad_examples", value=self.examples)
        if not 1 <= self.batch_size <= 65_536:
            raise UserError("engine.bad_batch", value=self.batch_size)
        if self.patience is not None and not 1 <= self.patience <= 10_000:
            raise UserError("engine.bad_patience", value=self.patience)
        if self.precision not in PRECISIONS:
            raise UserError("engine.bad_precision", value=self.precision, allowed=", ".join(PRECISIONS))


@dataclass(frozen=True, kw_only=True)
class TrainRequest:
    """What a run is asked to train; what it learns from, each modality adds."""

    family: str
    """which network"""
    run: Path
    """the run's folder"""
    start: Path | None = None
    """run or checkpoint whose weights to start from"""
    seed: int = 0
    """of data and weights"""
    changes: dict[str, Any] = field(default_factory=dict)
    """fields of the training's configuration that differ from the defaults"""
    sizes: dict[str, Any] = field(default_factory=dict)
    """fields of the network's configuration that differ from the defaults"""


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
