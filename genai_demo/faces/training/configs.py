"""How the models are trained, beyond what the engine needs to know; imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from genai_demo.engine.fields import Later, Live, Seed, Share, Within
from genai_demo.engine.training.config import Rate, Trainable, TrainRequest, Weight
from genai_demo.faces.training.textbook import configs as textbook


@dataclass(frozen=True)
class GanTraining:
    """How the GAN is trained, beyond what the engine needs to know."""

    learning_rate: Rate = 5e-4
    """peak learning rate"""
    final_rate: Share = 0.1
    """share of the learning rate that is left at the end"""
    generator_share: Weight = 0.3
    """the generator's learning rate as a share of the discriminator's, lest that fall behind (Heusel et al. 2017)"""
    gamma: Annotated[Weight, Live] = 0.2
    """weight of the gradient penalties at the start"""
    final_gamma: Annotated[Weight, Live] = 0.05
    """weight of the gradient penalties at the end"""
    penalty_every: Annotated[int, Within(1, 1000), Live] = 4
    """steps from one penalised step to the next; its penalty counts as often"""
    augmentation: Annotated[Share, Live] = 0.3
    """probability of each augmentation from half of the budget on; it rises to it from 0"""
    first_augmentation: Annotated[Share, Live] = 0.0
    """probability of each augmentation at the start"""
    adaptive: Annotated[float, Within(0.5, 0.99, 0.0), Later] = 0.0
    """share of pairs of a real and a made face that the discriminator may tell right; while it tells more, augmentation
    grows, in the place of the fixed probabilities. 0 keeps to these"""
    warm_up: Share = 0.1
    """share of the budget over which the generator's learning rate rises if its discriminator starts from nothing"""
    label_weight: Annotated[Weight, Live] = 0.5
    """weight of how badly labels are read: by the discriminator off real faces, and off generated ones"""
    age_weight: Annotated[Weight, Live] = 2.5
    """how often the age counts among the labels; it is the hardest to read, so the generator would neglect it"""
    seed: Seed = 0


@dataclass(frozen=True)
class VaeTraining:
    """How the VAE is trained, beyond what the engine needs to know."""

    learning_rate: Rate = 1e-3
    """peak learning rate"""
    final_rate: Share = 0.02
    """share of the learning rate that is left at the end"""
    warm_up: Share = 0.02
    """share of the budget over which the learning rate rises"""
    weight_decay: Weight = 0.01
    free: Annotated[Weight, Live] = 0.1
    """nats that each number of a code may tell at no cost"""
    seed: Seed = 0


@dataclass(frozen=True)
class EncoderTraining:
    """How the encoder is trained, beyond what the engine needs to know."""

    learning_rate: Rate = 1e-3
    """peak learning rate"""
    final_rate: Share = 0.02
    """share of the learning rate that is left at the end"""
    warm_up: Share = 0.05
    """share of the budget over which the learning rate rises"""
    weight_decay: Weight = 0.05
    temperature: Annotated[float, Within(0.001, 100.0), Live] = 0.1
    """of the contrastive loss"""
    contrast: Annotated[Weight, Live] = 0.25
    """weight of the contrastive loss beside those of the labels"""
    seed: Seed = 0


@dataclass(frozen=True)
class FinetuningTraining:
    """How a VAE's decoder is fine-tuned, beyond what the engine needs to know."""

    learning_rate: Rate = 3e-4
    """peak learning rate"""
    final_rate: Share = 0.1
    """share of the learning rate that is left at the end"""
    generator_share: Weight = 0.3
    """the decoder's learning rate as a share of the discriminator's, lest that fall behind (Heusel et al. 2017)"""
    gamma: Annotated[Weight, Live] = 0.2
    """weight of the gradient penalties at the start"""
    final_gamma: Annotated[Weight, Live] = 0.05
    """weight of the gradient penalties at the end"""
    penalty_every: Annotated[int, Within(1, 1000), Live] = 4
    """steps from one penalised step to the next; its penalty counts as often"""
    augmentation: Annotated[Share, Live] = 0.2
    """probability of each augmentation that the discriminator sees"""
    pull: Annotated[Weight, Live] = 0.5
    """how strongly the discriminator pulls at a painted picture, as a multiple of the pull towards the real one"""
    seed: Seed = 0


PAPER: dict[str, Any] = {"batch_size": 128, "clip_norm": 1e9, "ema_half_life": 0.0}
"""fields of the engine's configuration that make the training that of the paper: no clipping, no average of weights,
which the running means of batch normalisation would not fit"""


@dataclass(frozen=True)
class DcganTraining:
    """How the baseline is trained, beyond what the engine needs to know."""

    learning_rate: Rate = 2e-4
    """peak learning rate"""
    flip: bool = True
    """mirror every other picture"""
    seed: Seed = 0


def engine_fields(family: str, start: Path | None = None) -> dict[str, Any]:
    """Return the fields of the engine's configuration that `family` needs otherwise than the engine's defaults."""
    if family == "dcgan":
        return PAPER
    if family in textbook.FAMILIES:
        return textbook.ENGINE
    penalised = family == "gan" or start is not None
    # A penalised step's gradient is several times longer than the others', and Adam evens that out.
    return {"batch_size": 32, "clip_norm": 1000.0 if penalised else 1.0}


@dataclass(frozen=True, kw_only=True)
class FaceTrainRequest(TrainRequest):
    """What a run is asked to learn of faces; its family is one of `FAMILIES`."""

    data: str
    """faces: a folder or ZIP of pictures, a hub id, or sample (or sample:500), drawn here; a part of them is held
    out to measure on; for the textbook's models also digits, mnist or fashion-mnist"""
    labels: str | None = None
    """table of ages, genders and smiles (.csv); if not given, one is looked for beside the data"""
    where: str = ""
    """rows of the labels, such as kind=color_photo,source=bio_guide"""
    start: Path | None = None
    """GAN: a run to go on from, at the same or a smaller resolution, or a VAE; VAE: a run whose decoder to fine-tune"""


FAMILIES = ("gan", "vae", "encoder", "dcgan", *textbook.FAMILIES)
"""what can be trained: two that paint, the encoder that compares faces and reads labels, a baseline, and two to
teach with"""
TRAININGS = {
    "gan": GanTraining,
    "vae": VaeTraining,
    "vae with --start": FinetuningTraining,
    "encoder": EncoderTraining,
    "dcgan": DcganTraining,
    "textbook-vae": textbook.TextbookVaeTraining,
    "textbook-gan": textbook.TextbookGanTraining,
}
"""how each is trained"""

_SAMPLE = {"sample": {"data": "sample"}}
_DIGITS = {"digits": {"data": "digits"}, **_SAMPLE}
_FETCHED = {name: {"data": name} for name in ("mnist", "fashion-mnist")}
_SMALL = {"resolution": 32, "widths": (64, 48, 32, 16), "blocks": (1, 1, 1, 1)}
_MIDDLE = {"widths": (96, 80, 48, 24, 16)}
TRAINABLE = {
    "gan": Trainable(
        GanTraining,
        {
            "first_look": {
                "minutes": 1.5,
                "batch_size": 16,
                "learning_rate": 1e-3,
                "size": {**_SMALL, "latent": 64, "critic_widths": (64, 48, 32, 16), "critic_blocks": (1, 1, 1, 1)},
            },
            "lecture": {
                "minutes": 10.0,
                "batch_size": 16,
                "size": {**_SMALL, "latent": 64, "critic_widths": (64, 48, 32, 16), "critic_blocks": (1, 1, 1, 1)},
            },
            "as_shipped": {"minutes": 150.0, "batch_size": 32},
        },
        data=_SAMPLE,
        shipped="faces-gan",
        lesson="gan",
    ),
    "vae": Trainable(
        VaeTraining,
        {
            "first_look": {
                "minutes": 1.0,
                "batch_size": 32,
                "learning_rate": 2e-3,
                "size": {**_SMALL, "latent": 64, "encoder_widths": (64, 48, 32, 16), "encoder_blocks": (1, 1, 1, 1)},
            },
            "lecture": {
                "minutes": 10.0,
                "batch_size": 32,
                "size": {**_SMALL, "latent": 96, "encoder_widths": (64, 48, 32, 16), "encoder_blocks": (1, 1, 1, 1)},
            },
            "as_shipped": {"minutes": 60.0, "batch_size": 32},
        },
        data=_SAMPLE,
        shipped="faces-vae",
        lesson="vae",
        refining=FinetuningTraining,
    ),
    "encoder": Trainable(
        EncoderTraining,
        {
            "first_look": {
                "minutes": 1.0,
                "batch_size": 32,
                "size": {"resolution": 32, "widths": (64, 48, 32, 16), "blocks": (1, 1, 1, 1)},
            },
            "lecture": {
                "minutes": 10.0,
                "batch_size": 32,
                "size": {**_MIDDLE, "blocks": (1, 1, 1, 1, 1)},
            },
            "as_shipped": {"minutes": 22.0, "batch_size": 32},
        },
        data=_SAMPLE,
        goes_on=False,
        lesson="contrastive",
    ),
    "dcgan": Trainable(
        DcganTraining,
        {
            "first_look": {"minutes": 2.0, "batch_size": 32, "size": {"width": 16}},
            "lecture": {"minutes": 10.0, "batch_size": 64, "size": {"width": 24}},
            "as_shipped": {"minutes": 120.0, "batch_size": 128},
        },
        data=_SAMPLE,
        goes_on=False,
    ),
    "textbook-vae": Trainable(
        textbook.TextbookVaeTraining,
        {"first_look": {"minutes": 0.5}, "lecture": {"minutes": 3.0}},
        data=_DIGITS,
        fetched=_FETCHED,
        goes_on=False,
        lesson="textbook_vae",
        sizes_of_data=("side",),
    ),
    "textbook-gan": Trainable(
        textbook.TextbookGanTraining,
        {"first_look": {"minutes": 1.0}, "lecture": {"minutes": 5.0}},
        data=_DIGITS,
        fetched=_FETCHED,
        goes_on=False,
        lesson="textbook_gan",
        sizes_of_data=("side",),
    ),
}
"""what the page offers to train"""
