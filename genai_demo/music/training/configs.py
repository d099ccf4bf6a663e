"""How the models are trained, beyond what the engine needs to know; imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from genai_demo.engine.fields import Live, Seed, Share, Within
from genai_demo.engine.training.config import Rate, Trainable, TrainRequest, Weight


@dataclass(frozen=True)
class ComposerTraining:
    """How the composer is trained, beyond what the engine needs to know."""

    learning_rate: Rate = 3e-3
    """peak learning rate"""
    final_rate: Share = 0.02
    """share of the learning rate that is left at the end"""
    weight_decay: Weight = 0.1
    warm_up: Share = 0.02
    """share of the budget over which the learning rate rises"""
    seed: Seed = 0


@dataclass(frozen=True)
class MaskedTraining:
    """How the masked model is trained, beyond what the engine needs to know."""

    learning_rate: Rate = 2.5e-3
    """peak learning rate"""
    final_rate: Share = 0.03
    """share of the learning rate that is left at the end"""
    weight_decay: Weight = 0.05
    warm_up: Share = 0.03
    """share of the budget over which the learning rate rises"""
    condition_dropout: Share = 0.25
    """share of windows for which key, density and style, each by itself, are hidden"""
    metre_dropout: Share = 0.05
    """share of windows whose metre is hidden"""
    measured: Annotated[int, Within(1, 100_000)] = 64
    """most validation windows that are measured on"""
    seed: Seed = 0


@dataclass(frozen=True)
class GanTraining:
    """How the GAN is trained, beyond what the engine needs to know."""

    learning_rate: Rate = 5e-4
    """peak learning rate"""
    final_rate: Share = 0.1
    """share of the learning rate that is left at the end"""
    generator_share: Weight = 0.5
    """the generator's learning rate as a share of the discriminator's"""
    gamma: Annotated[Weight, Live] = 0.5
    """weight of the gradient penalties at the start"""
    final_gamma: Annotated[Weight, Live] = 0.1
    """weight of the gradient penalties at the end"""
    penalty_every: Annotated[int, Within(1, 1000), Live] = 4
    """steps from one penalised step to the next; its penalty counts as often"""
    slope: Annotated[Weight, Live] = 1.0
    """slope of the binary neurons over the first two thirds of the budget"""
    final_slope: Annotated[Weight, Live] = 3.0
    """their slope at the end"""
    seed: Seed = 0


@dataclass(frozen=True)
class EncoderTraining:
    """How the encoder is trained, beyond what the engine needs to know."""

    learning_rate: Rate = 2e-3
    """peak learning rate"""
    final_rate: Share = 0.02
    """share of the learning rate that is left at the end"""
    warm_up: Share = 0.05
    """share of the budget over which the learning rate rises"""
    weight_decay: Weight = 0.05
    temperature: Annotated[float, Within(0.001, 100.0), Live] = 0.1
    """of the contrastive loss"""
    seed: Seed = 0


def engine_fields(family: str) -> dict[str, Any]:
    """Return the fields of the engine's configuration that `family` needs otherwise than the engine's defaults."""
    fields: dict[str, dict[str, Any]] = {
        "composer": {"batch_size": 16},
        "encoder": {"batch_size": 256},
        # A penalised step's gradient is several times longer than the others', and Adam evens that out. Cells are on or
        # off: the mean of the weights of a long time has more or fewer of them on than any of those weights.
        "gan": {"batch_size": 16, "clip_norm": 1000.0, "ema_half_life": 500},
        "masked": {"batch_size": 64},
    }
    return fields[family]


@dataclass(frozen=True, kw_only=True)
class MusicTrainRequest(TrainRequest):
    """What a run is asked to learn of music; its family is one of `TRAININGS`."""

    data: tuple[str, ...]
    """music: folders or ZIPs of MIDI files, hub ids, or sample (or sample:500), composed here; a part of each is
    held out to measure on"""
    where: str = ""
    """rows of the labels, such as 'licence=Public Domain|CC BY 4.0'"""


TRAININGS = {
    "composer": ComposerTraining,
    "encoder": EncoderTraining,
    "gan": GanTraining,
    "masked": MaskedTraining,
}
"""how each model is trained"""

_SAMPLE = {"sample": {"data": "sample"}}
TRAINABLE = {
    "composer": Trainable(
        ComposerTraining,
        {
            "first_look": {
                "minutes": 1.0,
                "batch_size": 8,
                "size": {"width": 96, "layers": 2, "heads": 4, "dropout": 0.0, "context": 256},
            },
            "lecture": {
                "minutes": 10.0,
                "batch_size": 8,
                "size": {"width": 120, "layers": 3, "heads": 6, "context": 384},
            },
            "as_shipped": {"minutes": 260.0, "batch_size": 64, "size": {"width": 144, "layers": 5, "context": 512}},
        },
        data=_SAMPLE,
        shipped="piano-composer",
    ),
    "gan": Trainable(
        GanTraining,
        {
            "first_look": {
                "minutes": 1.5,
                "batch_size": 8,
                "size": {"width": 64, "layers": 2, "grid": 32, "critic_widths": (16, 32, 48), "critic_stream": 48},
            },
            "lecture": {
                "minutes": 10.0,
                "batch_size": 8,
                "size": {"width": 64, "layers": 2, "grid": 32, "critic_widths": (16, 32, 48), "critic_stream": 48},
            },
            "as_shipped": {"minutes": 150.0, "batch_size": 32},
        },
        data=_SAMPLE,
        shipped="piano-gan",
    ),
    "masked": Trainable(
        MaskedTraining,
        {
            "first_look": {
                "minutes": 1.0,
                "batch_size": 16,
                "measured": 16,
                "size": {"width": 64, "layers": 2, "read_out": 128},
            },
            "lecture": {
                "minutes": 10.0,
                "batch_size": 16,
                "measured": 32,
                "size": {"width": 96, "layers": 3, "read_out": 256},
            },
            "as_shipped": {"minutes": 240.0, "batch_size": 128},
        },
        data=_SAMPLE,
        shipped="piano-masked",
    ),
    "encoder": Trainable(
        EncoderTraining,
        {
            "first_look": {"minutes": 1.0, "batch_size": 64, "size": {"widths": (16, 32, 48)}},
            "lecture": {"minutes": 4.0, "batch_size": 128},
            "as_shipped": {"minutes": 4.0, "batch_size": 128, "learning_rate": 1e-3},
        },
        data=_SAMPLE,
        goes_on=False,
    ),
}
"""what the page offers to train"""
